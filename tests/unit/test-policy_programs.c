/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/policy/policy_programs.c: what cannot be run is named, and nothing else. */
#include "root_fixture.h"

#include <errno.h>
#include <string.h>

#include "monitor/policy/policy_programs.h"

static char *told(const struct root *root, const char *const *lines, size_t *ret_count)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	struct policy_file *file;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(policy_file_add(policy, "/etc/x", &file), 0);
	for (; *lines; lines++)
		assert_int_equal(policy_list_add(&file->checks, *lines), 0);
	assert_int_equal(policy_programs_missing(policy, root->fd, out, ret_count), 0);
	fclose(out);
	return text;
}

static void make_program(const struct root *root, const char *path, mode_t mode, uid_t uid)
{
	scoped_ptr char *where = root_path(root, path);

	root_write(root, path, "#!/bin/sh\n");
	assert_int_equal(chown(where, uid, 0), 0);
	assert_int_equal(chmod(where, mode), 0);
}

static void test_what_can_be_run_is_not_told(void **state)
{
	static const char *const lines[] = { "/bin/a -t x", "/bin/link", NULL };
	const struct root *root = *state;
	scoped_ptr char *text = NULL;
	size_t count = 9;

	root_mkdir(root, "/bin");
	make_program(root, "/bin/a", 0755, 0);
	root_symlink(root, "/bin/a", "/bin/link");
	text = told(root, lines, &count);
	assert_string_equal(text, "");
	assert_int_equal(count, 0);
}

static void test_what_cannot_be_run_is_told(void **state)
{
	static const char *const lines[] = { "/bin/none", "/bin/plain", "/bin/open", "/bin/theirs",
					     "/bin",      "/bin/out",   NULL };
	const struct root *root = *state;
	scoped_ptr char *text = NULL;
	size_t count;

	root_mkdir(root, "/bin");
	make_program(root, "/bin/plain", 0644, 0);
	make_program(root, "/bin/open", 0775, 0);
	make_program(root, "/bin/theirs", 0755, 65534);
	/* below the root there is no such thing */
	root_symlink(root, "/usr/bin/env", "/bin/out");
	text = told(root, lines, &count);
	assert_int_equal(count, 6);
	for (size_t i = 0; lines[i]; i++)
		assert_non_null(strstr(text, lines[i]));
	assert_non_null(strstr(text, "[File /etc/x]: Check=/bin/none: there is no such program"));
	assert_non_null(strstr(text, "Check=/bin/plain: it is no program"));
	assert_non_null(strstr(text, "Check=/bin/open: others than root can write to it"));
	assert_non_null(strstr(text, "Check=/bin/theirs: others than root can write to it"));
}

static void test_a_line_that_is_no_check_is_an_error(void **state)
{
	const struct root *root = *state;
	scoped(policy_freep) struct policy *policy = policy_new();
	struct policy_file *file;
	size_t count;

	assert_int_equal(policy_file_add(policy, "/etc/x", &file), 0);
	assert_int_equal(policy_list_add(&file->checks, "x"), 0);
	assert_int_equal(policy_programs_missing(policy, root->fd, NULL, &count), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_can_be_run_is_not_told, root_setup,
						root_teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_run_is_told, root_setup,
						root_teardown),
		cmocka_unit_test_setup_teardown(test_a_line_that_is_no_check_is_an_error,
						root_setup, root_teardown),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
