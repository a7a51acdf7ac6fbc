/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pattern and, in the lines after it, what it is held against: as a file's path, a
 * unit's or package's name, a canonical path. No name that is not one finds a section, and what
 * matches is what matches by the plain reading of reference.h.
 */
#include "reference.h"

#include "common/glob.h"
#include "common/node_path.h"
#include "common/policy.h"

enum { DEPTH = 12 };

static struct policy *policy_of(const char *pattern)
{
	struct policy *policy = policy_new();
	struct policy_service *service;
	struct policy_package *package;
	struct policy_file *file;
	struct policy_log *log;

	expect(policy);
	if (!policy_path_fault(pattern))
		expect(policy_file_add(policy, pattern, &file) == 0);
	if (!policy_unit_fault(pattern))
		expect(policy_service_add(policy, pattern, &service) == 0 &&
		       policy_log_add(policy, pattern, &log) == 0);
	if (!policy_package_fault(pattern))
		expect(policy_package_add(policy, pattern, &package) == 0);
	return policy;
}

static void match_labels(const char *pattern, const struct node_path *path)
{
	for (size_t from = 0; from <= path->depth; from++) {
		bool matches = node_pattern_match(pattern, path, from);

		expect(matches == reference_pattern(pattern, path->label, from, path->depth));
		expect(node_pattern_covers(pattern, path, from) ==
		       reference_covers(pattern, path->label, from, path->depth));
	}
}

static void match_node(const char *pattern, const char *canonical)
{
	static struct reference_labels labels;
	scoped_node_path path = { .text = NULL };
	scoped_ptr char *spelt = NULL;
	bool is_path = node_path_parse(canonical, &path) == 0;

	expect(is_path == reference_path(canonical, &labels));
	if (!is_path)
		return;
	expect(path.depth == labels.count);
	for (size_t i = 0; i < path.depth; i++)
		expect(strcmp(path.label[i], labels.text[i]) == 0);
	spelt = node_path_spell(&path, 0);
	expect(spelt && node_pattern_match(spelt, &path, 0));
	/* tables for each node above each node */
	if (path.depth <= DEPTH)
		match_labels(pattern, &path);
}

static void match(const struct policy *policy, const char *pattern, const char *text)
{
	bool whole = glob_match(pattern, text);

	expect(whole == reference_glob(pattern, strlen(pattern), text, strlen(text)));
	expect(whole == glob_match_part(pattern, strlen(pattern), text));
	expect(glob_match_path(pattern, text) == reference_glob_path(pattern, text));
	whole = whole || strcmp(pattern, text) == 0;
	expect(policy_find_file(policy, text) < 0 || (policy_path_is_plain(text) && whole));
	expect(policy_find_service(policy, text) < 0 || (policy_unit_name_valid(text) && whole));
	expect(policy_find_log(policy, text) == policy_find_service(policy, text));
	expect(policy_find_package(policy, text) < 0 || (policy_package_name_valid(text) && whole));
	match_node(pattern, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr char *text = fuzz_text(data, size);
	char *rest = text, *pattern = strsep(&rest, "\n"), *line;
	scoped(policy_freep) struct policy *policy = policy_of(pattern);

	expect(glob_fixed_length(pattern) <= strlen(pattern));
	if (!reference_takes(pattern))
		return 0;
	while ((line = strsep(&rest, "\n"))) {
		scoped_ptr char *copy = fuzz_text((const uint8_t *)line, strlen(line));

		if (reference_takes(copy))
			match(policy, pattern, copy);
	}
	return 0;
}
