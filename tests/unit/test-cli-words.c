/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/cli/shell/words.c and the candidates of src/cli/complete.c: half a line is taken apart
 * as the whole one will be, and what is put behind it is read as what it stands for. */
#include "unit.h"

#include <string.h>

#include "cli/complete.h"
#include "cli/shell/words.h"

enum { WORDS_MAX = 6 };

struct half {
	const char *line;
	const char *words[WORDS_MAX]; /* ended by NULL */
	const char *begun;
	char quote;
};

static void assert_half(const struct half *half)
{
	scoped_shell_words words = { 0 };
	int count = 0;

	shell_words_cut(half->line, &words);
	while (half->words[count])
		count++;
	if (words.count != count)
		fail_msg("'%s': %d words", half->line, words.count);
	for (int i = 0; i < count; i++)
		assert_string_equal(words.word[i], half->words[i]);
	assert_string_equal(words.begun, half->begun);
	assert_int_equal(words.quote, half->quote);
}

static void test_the_last_word_is_the_one_that_has_begun(void **state)
{
	static const struct half halves[] = {
		{ "", { NULL }, "", 0 },
		{ "  ", { NULL }, "", 0 },
		{ "ge", { NULL }, "ge", 0 },
		{ "get ", { "get", NULL }, "", 0 },
		{ "get /fi", { "get", NULL }, "/fi", 0 },
		{ "set /a 'b c' d", { "set", "/a", "b c", NULL }, "d", 0 },
		{ "get /a\\ b", { "get", NULL }, "/a b", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(halves); i++)
		assert_half(&halves[i]);
}

static void test_what_is_not_closed_yet_has_begun(void **state)
{
	static const struct half halves[] = {
		{ "get '/fi", { "get", NULL }, "/fi", '\'' },
		{ "get \"/a b", { "get", NULL }, "/a b", '"' },
		{ "get '", { "get", NULL }, "", '\'' },
		{ "get /a[b = 'c d", { "get", NULL }, "/a[b = 'c d", 0 },
		{ "'get", { NULL }, "get", '\'' },
		{ "get \\", { "get", NULL }, "\\", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(halves); i++)
		assert_half(&halves[i]);
}

static void test_more_words_than_a_verb_may_have_are_no_trouble(void **state)
{
	scoped_shell_words words = { 0 };
	char line[3 * VERB_MANY];

	(void)state;
	memset(line, 'x', sizeof(line));
	for (size_t i = 1; i < sizeof(line); i += 2)
		line[i] = ' ';
	line[sizeof(line) - 1] = '\0';
	shell_words_cut(line, &words);
	assert_int_equal(words.count, VERB_MANY);
	assert_string_equal(words.begun, "");
}

static void test_what_is_typed_is_read_as_it_was_meant(void **state)
{
	static const char *const texts[] = { "a b", "it's", "\"", "\\ x", "a\tb", "[1]", "" };
	static const char quotes[] = { '\0', '\'', '"' };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t k = 0; k < sizeof(quotes); k++) {
			const struct shell_words place = { .quote = quotes[k] };
			scoped_ptr char *typed =
				shell_words_typed(&place, texts[i], strlen(texts[i]));
			char line[64], quote[] = { quotes[k], '\0' };
			scoped_shell_words words = { 0 };

			snprintf(line, sizeof(line), "get %sx%s%s ", quote, typed, quote);
			shell_words_cut(line, &words);
			assert_int_equal(words.count, 2);
			assert_int_equal(words.word[1][0], 'x');
			assert_string_equal(words.word[1] + 1, texts[i]);
		}
}

static void add_all(struct completion *completion, const char *const *words)
{
	for (; *words; words++)
		completion_add(completion, *words);
}

static void test_candidates_begin_as_the_word_and_none_is_there_twice(void **state)
{
	static const char *const words[] = { "set", "setm", "get", "set", "se\x1b[m", NULL };
	scoped_completion completion = { .begun = "se" };

	(void)state;
	add_all(&completion, words);
	assert_int_equal(completion.count, 2);
	assert_string_equal(completion.word[0], "set");
	assert_int_equal(completion_common(&completion), 1);
}

static void test_what_they_have_in_common_ends_with_a_whole_character(void **state)
{
	/* a-umlaut and o-umlaut begin with the same byte */
	static const char *const words[] = { "x\xc3\xa4", "x\xc3\xb6", NULL };
	scoped_completion completion = { .begun = "" }, none = { .begun = "" };

	(void)state;
	add_all(&completion, words);
	assert_int_equal(completion_common(&completion), 1);
	assert_int_equal(completion_common(&none), 0);
	assert_true(completion_goes_on("/files/"));
	assert_false(completion_goes_on("/files"));
	assert_false(completion_goes_on(""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_last_word_is_the_one_that_has_begun),
		cmocka_unit_test(test_what_is_not_closed_yet_has_begun),
		cmocka_unit_test(test_more_words_than_a_verb_may_have_are_no_trouble),
		cmocka_unit_test(test_what_is_typed_is_read_as_it_was_meant),
		cmocka_unit_test(test_candidates_begin_as_the_word_and_none_is_there_twice),
		cmocka_unit_test(test_what_they_have_in_common_ends_with_a_whole_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
