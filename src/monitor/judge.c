/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The list comes from a verifier that has read hostile text and
 * may be taken over: it is typed and bounded, and whatever it says can only be
 * refused or allowed by the rules that the administrator wrote.
 */
#include "monitor/judge.h"

#include <errno.h>
#include <string.h>

#include "common/node_path.h"
#include "common/policy_rule.h"
#include "monitor/text.h"

/* The rules know the node without positions, and so does whoever is told. */
static int blame(const struct node_path *node, const struct policy_rule *rule,
		 struct judgement *ret_judgement)
{
	scoped_ptr char *name = node_path_spell(node, 0);

	if (!name)
		return -ENOMEM;
	text_copy(ret_judgement->rule, sizeof(ret_judgement->rule), rule->line, strlen(rule->line));
	text_copy(ret_judgement->node, sizeof(ret_judgement->node), name, strlen(name));
	return 1;
}

/* A value of which only the beginning is known fits no rule that names its node. */
static int check_value(const struct policy_file *file, const struct change_row *row,
		       const struct node_path *node, struct policy_rule *ret_rule)
{
	const char *value = row->has_new && !row->cut ? row->new_value : NULL;

	return policy_rule_value(file, node, value, ret_rule);
}

/* As the functions of policy_rule.h. */
static int check(const struct policy_file *file, bool removal, const struct change_row *row,
		 const struct node_path *node, struct policy_rule *ret_rule)
{
	int r;

	if (row->action == CHANGE_REMOVED)
		return removal || row->below ? policy_rule_deny(file, node, ret_rule)
					     : policy_rule_removal(file, node, ret_rule);
	if (row->action == CHANGE_ADDED) {
		r = policy_rule_addition(file, node, row->alone, ret_rule);
		return r == 0 && row->has_new ? check_value(file, row, node, ret_rule) : r;
	}
	r = policy_rule_change(file, node, ret_rule);
	return r == 0 ? check_value(file, row, node, ret_rule) : r;
}

static int judge_row(const struct policy_file *file, bool removal, const struct change_row *row,
		     struct judgement *ret_judgement)
{
	scoped_node_path node = { 0 };
	scoped_rule rule = { 0 };
	int r;

	if (row->action >= CHANGE_MAX || (removal && row->action != CHANGE_REMOVED))
		return -EBADMSG;
	r = node_path_parse(row->path, &node);
	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	r = check(file, removal, row, &node, &rule);
	return r == 1 ? blame(&node, &rule, ret_judgement) : r;
}

int judge(const struct policy_file *file, bool removal, struct report_reader *changes,
	  struct judgement *ret_judgement)
{
	struct change_row row;
	int r;

	while ((r = report_next_change_row(changes, &row)) > 0) {
		r = judge_row(file, removal, &row, ret_judgement);
		if (r != 0)
			return r;
	}
	return r;
}
