/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A verifier's list, as bytes, and the policy of the file. Before the first empty line the policy,
 * a rule a line: "Sport", "I**", "R*", "D13", "V0port"; "-" for a file that goes as a whole. Behind
 * it the list. What is said of each row is what the plain reading of the rules says.
 */
#include "reference.h"

#include <errno.h>
#include <regex.h>

#include "common/node_path.h"
#include "common/policy.h"
#include "monitor/judge.h"

/* The regular expressions are the administrator's, and no input. */
static const char *const expressions[] = { "[a-z0-9]*", "[0-9]{1,3}", "no|yes", ".*", "a[^b]?" };

struct rules {
	struct policy *policy;
	struct policy_file *file;
	bool removal;
};

static void add_rule(struct rules *rules, const char *line)
{
	static const char letters[] = "SIRD";
	const char *right = line[0] ? strchr(letters, line[0]) : NULL;

	if (strcmp(line, "-") == 0)
		rules->removal = true;
	else if (!reference_takes(line))
		return;
	else if (right && !policy_pattern_fault(line + 1))
		expect(policy_list_add(&rules->file->rights[right - letters], line + 1) == 0 ||
		       rules->file->rights[right - letters].count == POLICY_ITEMS_MAX);
	else if (line[0] == 'V' && line[1] >= '0' && line[1] <= '4' &&
		 !policy_pattern_fault(line + 2))
		expect(policy_value_add(rules->file, line + 2, expressions[line[1] - '0']) == 0 ||
		       rules->file->value_count == POLICY_ITEMS_MAX);
}

/* ---- the plain reading -------------------------------------------------------------- */

static bool named(const struct policy_list *list, char *const label[], size_t depth, bool above)
{
	for (size_t i = 0; i < list->count; i++)
		if (above ? reference_covers(list->item[i], label, 0, depth)
			  : reference_pattern(list->item[i], label, 0, depth))
			return true;
	return false;
}

/* The whole value, in which a newline is only what an expression names. */
static bool is_like(const char *expression, const char *value)
{
	char anchored[64];
	regex_t regex;
	regmatch_t match;
	bool whole;

	snprintf(anchored, sizeof(anchored), "^(%s)$", expression);
	expect(regcomp(&regex, anchored, REG_EXTENDED | REG_NEWLINE) == 0);
	whole = regexec(&regex, value, 1, &match, 0) == 0 && match.rm_so == 0 &&
		match.rm_eo == (regoff_t)strlen(value);
	regfree(&regex);
	return whole;
}

/* 0, 1 for a row that no rule allows, -EBADMSG for none. */
static int reference_row(const struct rules *rules, const struct change_row *row)
{
	const struct policy_list *rights = rules->file->rights;
	static struct reference_labels labels;
	char *label[REFERENCE_LABELS_MAX];
	bool allowed;

	if (row->action != CHANGE_VALUE && row->action != CHANGE_ADDED &&
	    row->action != CHANGE_REMOVED)
		return -EBADMSG;
	if ((rules->removal && row->action != CHANGE_REMOVED) ||
	    !reference_path(row->path, &labels))
		return -EBADMSG;
	for (size_t i = 0; i < labels.count; i++)
		label[i] = labels.text[i];
	if (named(&rights[RIGHT_DENY], label, labels.count, true))
		return 1;
	if (rules->removal)
		return 0;
	if (row->action == CHANGE_REMOVED)
		return !row->below && !named(&rights[RIGHT_REMOVE], label, labels.count, false);
	allowed = named(&rights[row->action == CHANGE_ADDED ? RIGHT_INSERT : RIGHT_SET], label,
			labels.count, false);
	if (row->action == CHANGE_ADDED && row->alone)
		allowed = allowed || named(&rights[RIGHT_SET], label, labels.count, false);
	if (!allowed)
		return 1;
	for (size_t i = 0; i < rules->file->value_count; i++) {
		const struct policy_value *value = &rules->file->values[i];

		if (row->action == CHANGE_ADDED && !row->has_new)
			break;
		if (reference_pattern(value->pattern, label, 0, labels.count) &&
		    (!row->has_new || row->cut || !is_like(value->ere, row->new_value)))
			return 1;
	}
	return 0;
}

/* The first row that is not allowed decides; -E2BIG for one that is too long for the tables. */
static int reference(const struct rules *rules, int list)
{
	scoped_reader reader = { .rows = 0 };
	struct change_row row;
	int r = report_open(list, REPORT_CHANGE, &reader), said;

	if (r < 0)
		return r;
	while ((r = report_next_change_row(&reader, &row)) > 0) {
		if (!reference_takes(row.path))
			return -E2BIG;
		said = reference_row(rules, &row);
		if (said != 0)
			return said;
	}
	return r;
}

/* ------------------------------------------------------------------------------------- */

static void compare(const struct rules *rules, int list)
{
	struct judgement judgement = { .rule = "" };
	scoped_reader reader = { .rows = 0 };
	int wanted = reference(rules, list), r = report_open(list, REPORT_CHANGE, &reader);

	if (wanted == -E2BIG)
		return;
	if (r == 0)
		r = judge(rules->file, rules->removal, &reader, &judgement);
	expect(r == wanted);
	expect(r == 1 ? judgement.node[0] && strchr(judgement.rule, '=') : !judgement.rule[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memmem(data, size, "\n\n", 2);
	size_t head = end ? (size_t)(end - data) : size, rest = end ? size - head - 2 : 0;
	scoped_ptr char *text = fuzz_text(data, head);
	struct rules rules = { .policy = policy_new() };
	char *lines = text, *line;
	scoped_fd list = memfd_of("list", end ? end + 2 : data, rest);

	expect(rules.policy && list >= 0);
	expect(policy_file_add(rules.policy, "/etc/x", &rules.file) == 0);
	while ((line = strsep(&lines, "\n")))
		add_rule(&rules, line);
	compare(&rules, list);
	policy_free(rules.policy);
	return 0;
}
