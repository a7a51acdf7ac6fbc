/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the unit tests only. */
#include "policy_fixture.h"

#include <errno.h>
#include <string.h>

int policy_setup(void **state)
{
	*state = unit_directory_make();
	return 0;
}

int policy_teardown(void **state)
{
	unit_directory_remove(*state);
	return 0;
}

void policy_write(const char *directory, const char *name, const char *text)
{
	scoped_ptr char *path = unit_path(directory, name);

	unit_file_write(path, text);
}

/* Takes `what` out of the text wherever it stands. */
static void cut_all(char *text, const char *what)
{
	size_t length = strlen(what);

	for (char *at = strstr(text, what); at; at = strstr(at, what))
		memmove(at, at + length, strlen(at + length) + 1);
}

char *policy_read_logged(const char *directory, int expected, struct policy **ret_policy)
{
	scoped_ptr char *prefix = unit_path(directory, "");
	char *logged;
	int r;

	unit_capture_begin();
	r = policy_read(directory, ret_policy);
	logged = unit_capture_end();
	cut_all(logged, "exmachina: ");
	cut_all(logged, prefix);
	if (r != expected)
		fail_msg("policy_read gives %d, and says: %s", r, logged);
	return logged;
}

void assert_policy_refused(const char *directory, const char *expected)
{
	struct policy *policy = NULL;
	scoped_ptr char *logged = policy_read_logged(directory, -EINVAL, &policy);

	assert_string_equal(logged, expected);
	assert_null(policy);
}

void assert_text_refused(const char *directory, const char *text, const char *expected)
{
	policy_write(directory, "a.conf", text);
	assert_policy_refused(directory, expected);
}

struct policy *assert_policy_taken(const char *directory)
{
	struct policy *policy = NULL;
	scoped_ptr char *logged = policy_read_logged(directory, 0, &policy);

	assert_string_equal(logged, "");
	assert_non_null(policy);
	return policy;
}

struct policy *assert_text_taken(const char *directory, const char *text)
{
	policy_write(directory, "a.conf", text);
	return assert_policy_taken(directory);
}
