/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/run/tail.c and lines.c: however much a program prints, and of what, its end is text.
 */
#include "unit.h"

#include <string.h>

#include "common/utf8.h"
#include "run/lines.h"
#include "run/tail.h"

static const char *text_of(const struct tail *tail)
{
	static char text[MESSAGE_LOG_MAX + 1];

	tail_text(tail, text);
	assert_true(utf8_valid(text, strlen(text), NULL));
	return text;
}

static const char *text_after(const char *data, size_t size)
{
	struct tail tail = { 0 };

	tail_add(&tail, data, size);
	return text_of(&tail);
}

static void test_little_output_is_kept_whole(void **state)
{
	(void)state;
	assert_string_equal(text_after("", 0), "");
	assert_string_equal(text_after("a\nb", 3), "a\nb");
}

static void test_nul_and_broken_utf8_become_question_marks(void **state)
{
	(void)state;
	assert_string_equal(text_after("a\0b", 3), "a?b");
	assert_string_equal(text_after("\xff\xc3\xa4\xc3", 4), "?\xc3\xa4?");
	assert_string_equal(text_after("\xed\xa0\x80", 3), "???");
}

static void test_much_output_is_cut_at_a_line(void **state)
{
	struct tail tail = { 0 };
	char line[32];
	const char *text;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int length = snprintf(line, sizeof(line), "line %07d\n", i);

		tail_add(&tail, line, (size_t)length);
	}
	text = text_of(&tail);
	assert_memory_equal(text, "line 00", 7);
	assert_true(strlen(text) <= MESSAGE_LOG_MAX && strlen(text) > MESSAGE_LOG_MAX - 13);
	assert_string_equal(text + strlen(text) - 13, "line 0099999\n");
}

static void test_one_endless_line_is_cut_at_a_character(void **state)
{
	struct tail tail = { 0 };

	(void)state;
	for (int i = 0; i < 20001; i++)
		tail_add(&tail, "\xe2\x82\xac", 3);
	assert_true(strlen(text_of(&tail)) > MESSAGE_LOG_MAX - 3);
	assert_null(strchr(text_of(&tail), '?'));
}

static void test_one_write_larger_than_everything(void **state)
{
	static char data[5 * MESSAGE_LOG_MAX];

	(void)state;
	memset(data, 'x', sizeof(data));
	data[sizeof(data) - 3] = '\n';
	assert_string_equal(text_after(data, sizeof(data)), "xx");
	assert_int_equal(strlen(text_after(data, MESSAGE_LOG_MAX)), MESSAGE_LOG_MAX);
	assert_int_equal(strlen(text_after(data, MESSAGE_LOG_MAX + 1)), MESSAGE_LOG_MAX);
}

/* ---- lines ---- */

struct heard {
	size_t count, length;
	char last[64];
};

static void hear(char *line, void *data)
{
	struct heard *heard = data;

	heard->count++;
	heard->length = strlen(line);
	snprintf(heard->last, sizeof(heard->last), "%.60s", line);
}

static void test_lines_come_whole_however_they_arrive(void **state)
{
	struct heard heard = { 0 };
	struct lines lines = { .tell = hear, .data = &heard };

	(void)state;
	lines_add(&lines, "fir", 3);
	assert_int_equal(heard.count, 0);
	lines_add(&lines, "st\nsec", 6);
	assert_string_equal(heard.last, "first");
	lines_add(&lines, "o\0nd\n\n", 6);
	assert_int_equal(heard.count, 3);
	lines_add(&lines, "rest", 4);
	lines_end(&lines);
	assert_string_equal(heard.last, "rest");
	lines_end(&lines);
	assert_int_equal(heard.count, 4);
}

static void test_a_line_that_is_too_long_is_told_once_and_cut(void **state)
{
	struct heard heard = { 0 };
	struct lines lines = { .tell = hear, .data = &heard };

	(void)state;
	for (int i = 0; i < 3 * JOB_LINE_MAX; i++)
		lines_add(&lines, "x", 1);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.length, JOB_LINE_MAX);
	lines_add(&lines, "\nnext\n", 6);
	assert_int_equal(heard.count, 2);
	assert_string_equal(heard.last, "next");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_little_output_is_kept_whole),
		cmocka_unit_test(test_nul_and_broken_utf8_become_question_marks),
		cmocka_unit_test(test_much_output_is_cut_at_a_line),
		cmocka_unit_test(test_one_endless_line_is_cut_at_a_character),
		cmocka_unit_test(test_one_write_larger_than_everything),
		cmocka_unit_test(test_lines_come_whole_however_they_arrive),
		cmocka_unit_test(test_a_line_that_is_too_long_is_told_once_and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
