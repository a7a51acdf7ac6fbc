/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves check_refuse() of src/run/check.c: a call is held to the policy, whoever asks. */
#include "unit.h"

#include <string.h>

#include "common/candidates.h"
#include "run/job.h"

enum { CONF, DROPINS, OTHER, READ_ONLY, ENTRIES };

static struct policy *make_policy(void)
{
	static const char *const paths[ENTRIES] = { "/etc/x.conf", "/etc/x.d/*", "/etc/y.conf",
						    "/etc/z.conf" };
	struct policy *policy = policy_new();
	struct policy_file *file = NULL;

	for (size_t i = 0; i < ENTRIES; i++) {
		assert_int_equal(policy_file_add(policy, paths[i], &file), 0);
		assert_int_equal(policy_list_add(&file->checks, "/usr/bin/one"), 0);
		assert_int_equal(policy_list_add(&file->checks, "/usr/bin/two -t"), 0);
		if (i != READ_ONLY)
			assert_int_equal(policy_list_add(&file->rights[RIGHT_SET], "**"), 0);
	}
	policy->files[DROPINS].may_create = true;
	policy->files[DROPINS].may_delete = true;
	return policy;
}

static const char *refusal(uint32_t entry, unsigned int verb, const char *line,
			   const struct candidate_file *files, size_t count)
{
	scoped(policy_freep) struct policy *policy = make_policy();
	const struct msg_run_call call = { .entry = entry, .verb = (uint8_t)verb, .names = line };
	const struct candidate_secrets none = { .count = 0 };
	scoped_fd fd = candidates_to_memfd(files, count, &none);

	assert_true(fd >= 0);
	return check_refuse(policy, &call, fd);
}

static const char *refusal_of(uint32_t entry, const char *path, bool removal)
{
	scoped_fd content = memfd_of("test", "x", 1);
	const struct candidate_file files[] = {
		{ .entry = CONF, .path = "/etc/x.conf", .content = content },
		{ .entry = entry, .path = path, .content = removal ? -1 : content },
	};

	return refusal(CONF, 0, "/usr/bin/one", files, ARRAY_SIZE(files));
}

static void test_what_the_policy_names_is_run(void **state)
{
	(void)state;
	assert_null(refusal_of(DROPINS, "/etc/x.d/a", false));
	assert_null(refusal_of(DROPINS, "/etc/x.d/a", true));
	assert_null(refusal_of(OTHER, "/etc/y.conf", false));
}

static void test_another_line_than_the_sections_own_is_refused(void **state)
{
	static const struct {
		uint32_t entry;
		unsigned int verb;
		const char *line;
	} calls[] = {
		{ ENTRIES, 0, "/usr/bin/one" }, { UINT32_MAX, 0, "/usr/bin/one" },
		{ CONF, 2, "/usr/bin/one" },    { CONF, 255, "/usr/bin/one" },
		{ CONF, 1, "/usr/bin/one" },    { CONF, 0, "/usr/bin/two -t" },
		{ CONF, 0, "/bin/sh -c x" },    { CONF, 0, "" },
	};
	scoped_fd content = memfd_of("test", "x", 1);
	const struct candidate_file file = { .entry = CONF,
					     .path = "/etc/x.conf",
					     .content = content };

	(void)state;
	assert_null(refusal(CONF, 1, "/usr/bin/two -t", &file, 1));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		assert_non_null(refusal(calls[i].entry, calls[i].verb, calls[i].line, &file, 1));
}

static void test_a_check_for_none_of_the_files_is_refused(void **state)
{
	scoped_fd content = memfd_of("test", "x", 1);
	const struct candidate_file file = { .entry = CONF,
					     .path = "/etc/x.conf",
					     .content = content };

	(void)state;
	assert_non_null(refusal(OTHER, 0, "/usr/bin/one", &file, 1));
}

static void test_files_that_are_not_the_sections_are_refused(void **state)
{
	(void)state;
	assert_non_null(refusal_of(OTHER, "/etc/x.d/a", false));
	assert_non_null(refusal_of(DROPINS, "/etc/x.d/a/b", false));
	assert_non_null(refusal_of(DROPINS, "/etc/shadow", false));
	assert_non_null(refusal_of(ENTRIES, "/etc/y.conf", false));
	assert_non_null(refusal_of(UINT32_MAX, "/etc/y.conf", false));
}

static void test_what_the_section_does_not_allow_is_refused(void **state)
{
	(void)state;
	assert_non_null(refusal_of(OTHER, "/etc/y.conf", true));
	assert_non_null(refusal_of(READ_ONLY, "/etc/z.conf", false));
}

static void test_what_is_no_list_of_files_is_refused(void **state)
{
	scoped(policy_freep) struct policy *policy = make_policy();
	const struct msg_run_call call = { .names = "/usr/bin/one" };
	scoped_fd unsealed = memfd_new("test"), nonsense = memfd_of("test", "nonsense", 8);

	(void)state;
	assert_non_null(check_refuse(policy, &call, unsealed));
	assert_non_null(check_refuse(policy, &call, nonsense));
	assert_non_null(check_refuse(policy, &call, -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_policy_names_is_run),
		cmocka_unit_test(test_another_line_than_the_sections_own_is_refused),
		cmocka_unit_test(test_a_check_for_none_of_the_files_is_refused),
		cmocka_unit_test(test_files_that_are_not_the_sections_are_refused),
		cmocka_unit_test(test_what_the_section_does_not_allow_is_refused),
		cmocka_unit_test(test_what_is_no_list_of_files_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
