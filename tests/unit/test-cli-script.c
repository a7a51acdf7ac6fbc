/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/script.c: a line is cut into the words that augtool would see, or refused. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/script.h"

enum { WORDS_MAX = 8 };

struct line {
	const char *text;
	const char *words[WORDS_MAX]; /* ended by NULL */
};

/* All words but the first are read as path expressions, or none. */
static void assert_words(const struct line *line, bool paths)
{
	const char *at = line->text, *reason = NULL;
	char *word;

	for (size_t i = 0; line->words[i]; i++) {
		if (script_word(&at, paths && i > 0, &word, &reason) != 1)
			fail_msg("%s: word %zu: %s", line->text, i, reason);
		assert_string_equal(word, line->words[i]);
		free(word);
	}
	assert_int_equal(script_word(&at, false, &word, &reason), 0);
}

static void test_blanks_separate_words(void **state)
{
	static const struct line lines[] = {
		{ "", { NULL } },
		{ " \t \n", { NULL } },
		{ "get", { "get", NULL } },
		{ "  set\t/a   1 \r\n", { "set", "/a", "1", NULL } },
		{ "a#b #c", { "a#b", "#c", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_words(&lines[i], false);
}

static void test_quotes_keep_blanks_and_join(void **state)
{
	static const struct line lines[] = {
		{ "set '/a b' \"c  d\"", { "set", "/a b", "c  d", NULL } },
		{ "a\"b c\"d e''f", { "ab cd", "ef", NULL } },
		{ "''", { "", NULL } },
		{ "\"\" x", { "", "x", NULL } },
		{ "\"it's\" 'say \"x\"'", { "it's", "say \"x\"", NULL } },
		{ "'#'", { "#", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_words(&lines[i], false);
}

static void test_escapes_are_those_of_augtool(void **state)
{
	static const struct line lines[] = {
		{ "a\\tb a\\nb a\\\\b", { "a\tb", "a\nb", "a\\b", NULL } },
		{ "a\\ b a\\'b a\\\"b", { "a b", "a'b", "a\"b", NULL } },
		{ "'a\\'b' \"a\\\"b\"", { "a'b", "a\"b", NULL } },
		/* not what ends the quote: it stays */
		{ "'a\\\"b' \"a\\'b\" 'a\\ b'", { "a\\\"b", "a\\'b", "a\\ b", NULL } },
		/* what path expressions escape */
		{ "a\\/b\\[c\\]d\\=e", { "a\\/b\\[c\\]d\\=e", NULL } },
		{ "\\(\\)\\!\\,\\|", { "\\(\\)\\!\\,\\|", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_words(&lines[i], false);
}

static void test_brackets_hold_a_path_expression_together(void **state)
{
	static const struct line lines[] = {
		{ "get /a/*[b = \"x y\"]/c", { "get", "/a/*[b = \"x y\"]/c", NULL } },
		{ "get /a[b = 'x'][c [d] ] e", { "get", "/a[b = 'x'][c [d] ]", "e", NULL } },
		{ "get '/a[b = 'x y']'", { "get", "/a[b = 'x y']", NULL } },
		{ "get \"/a b\"/*", { "get", "/a b/*", NULL } },
		/* brackets within the quotes of a predicate are text */
		{ "get /a[. = \"x]y\"]", { "get", "/a[. = \"x]y\"]", NULL } },
		{ "get /a[. = \"it's [\"] b", { "get", "/a[. = \"it's [\"]", "b", NULL } },
		{ "get /a\\[b c", { "get", "/a\\[b", "c", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_words(&lines[i], true);
}

static void test_brackets_mean_nothing_in_a_value(void **state)
{
	static const struct line lines[] = {
		{ "a[b c", { "a[b", "c", NULL } },
		{ "a]b", { "a]b", NULL } },
		{ "[a b] c", { "[a", "b]", "c", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_words(&lines[i], false);
}

static void test_what_is_malformed_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *line;
		bool is_path;
		const char *reason;
	} cases[] = {
		{ "'abc", false, "unmatched quote" },
		{ "\"abc'", false, "unmatched quote" },
		{ "a\\qb", false, "unknown escape sequence" },
		{ "a\\#b", false, "unknown escape sequence" },
		{ "a\\", false, "a backslash at the end" },
		{ "'a\\", false, "a backslash at the end" },
		{ "/a[b", true, "unmatched [" },
		{ "/a[b 'c]", true, "unmatched [" },
		{ "/a[b[c]", true, "unmatched [" },
		{ "/a]", true, "unmatched ]" },
		{ "'/a[b]", true, "unmatched quote" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *at = cases[i].line, *reason = NULL;
		char *word = NULL;

		assert_int_equal(script_word(&at, cases[i].is_path, &word, &reason), -EINVAL);
		assert_string_equal(reason, cases[i].reason);
		assert_null(word);
	}
}

static void test_comments_and_blank_lines_are_empty(void **state)
{
	(void)state;
	assert_true(script_line_is_empty(""));
	assert_true(script_line_is_empty(" \t\r\n"));
	assert_true(script_line_is_empty("# set /a 1"));
	assert_true(script_line_is_empty("   #"));
	assert_false(script_line_is_empty("save"));
	assert_false(script_line_is_empty(" '#'"));
	assert_false(script_line_is_empty("set /a # 1"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blanks_separate_words),
		cmocka_unit_test(test_quotes_keep_blanks_and_join),
		cmocka_unit_test(test_escapes_are_those_of_augtool),
		cmocka_unit_test(test_brackets_hold_a_path_expression_together),
		cmocka_unit_test(test_brackets_mean_nothing_in_a_value),
		cmocka_unit_test(test_what_is_malformed_is_refused_with_a_reason),
		cmocka_unit_test(test_comments_and_blank_lines_are_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
