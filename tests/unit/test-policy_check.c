/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/policy_check.c: a Check= is these words, or is refused. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/policy.h"

enum { WORDS = 6 };

static void assert_words(const char *line, const char *const words[static WORDS])
{
	scoped_ptr char **split = NULL;
	size_t i;

	assert_null(policy_check_fault(line));
	assert_int_equal(policy_check_split(line, &split), 0);
	for (i = 0; words[i]; i++)
		assert_string_equal(split[i], words[i]);
	assert_null(split[i]);
}

static void test_blanks_separate_words(void **state)
{
	static const char *const words[WORDS] = { "/usr/sbin/sshd", "-t", "-f", "/etc/x" };

	(void)state;
	assert_words("/usr/sbin/sshd -t -f /etc/x", words);
	assert_words(" \t/usr/sbin/sshd   -t\t-f /etc/x \t", words);
}

static void test_quotes_keep_blanks(void **state)
{
	static const char *const words[WORDS] = { "/a b", "c d", "e\"f", "g'h", "" };

	(void)state;
	assert_words("'/a b' \"c d\" 'e\"f' \"g'h\" ''", words);
	assert_words("/a' 'b c' 'd e\\\"f g\\'h \"\"", words);
}

static void test_a_backslash_keeps_what_follows(void **state)
{
	static const char *const words[WORDS] = { "/a b", "\\", "c\\d", "\"", "'" };

	(void)state;
	assert_words("/a\\ b \\\\ 'c\\d' \"\\\"\" \\'", words);
}

static void test_nothing_else_means_anything(void **state)
{
	static const char *const words[WORDS] = { "/a", "$HOME", "%n", "*;|&", "`x`" };

	(void)state;
	assert_words("/a $HOME %n *;|& `x`", words);
}

static void test_what_is_no_check_is_refused(void **state)
{
	static const char *const lines[][2] = {
		{ "", "absolute path" },
		{ "  ", "absolute path" },
		{ "sshd -t", "absolute path" },
		{ "'' /a", "absolute path" },
		{ "./a", "absolute path" },
		{ "/a/../b", "simplest form" },
		{ "/a/", "simplest form" },
		{ "//a", "simplest form" },
		{ "/", "simplest form" },
		{ "/a {}", "'{}'" },
		{ "/a '{}'", "'{}'" },
		{ "/a \"", "without an end" },
		{ "/a 'b", "without an end" },
		{ "/a \\", "without an end" },
		{ "/a \"b\\", "without an end" },
		{ "/a\n-t", "control character" },
		{ "/a \177", "control character" },
	};
	scoped_ptr char **words = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const char *fault = policy_check_fault(lines[i][0]);

		assert_non_null(fault);
		assert_non_null(strstr(fault, lines[i][1]));
		assert_int_equal(policy_check_split(lines[i][0], &words), -EINVAL);
	}
}

static void test_bounds_are_kept(void **state)
{
	char line[POLICY_CHECK_MAX + 1] = "/a";
	scoped_ptr char **words = NULL;

	(void)state;
	for (int i = 1; i < POLICY_CHECK_WORDS_MAX; i++)
		strcat(line, " x");
	assert_int_equal(policy_check_split(line, &words), 0);
	assert_non_null(words[POLICY_CHECK_WORDS_MAX - 1]);
	assert_null(words[POLICY_CHECK_WORDS_MAX]);
	strcat(line, " x");
	assert_non_null(strstr(policy_check_fault(line), "32 words"));
	memset(line, 'a', sizeof(line));
	line[0] = '/';
	line[POLICY_CHECK_MAX - 1] = '\0';
	assert_null(policy_check_fault(line));
	line[POLICY_CHECK_MAX - 1] = 'a';
	line[POLICY_CHECK_MAX] = '\0';
	assert_non_null(strstr(policy_check_fault(line), "too long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blanks_separate_words),
		cmocka_unit_test(test_quotes_keep_blanks),
		cmocka_unit_test(test_a_backslash_keeps_what_follows),
		cmocka_unit_test(test_nothing_else_means_anything),
		cmocka_unit_test(test_what_is_no_check_is_refused),
		cmocka_unit_test(test_bounds_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
