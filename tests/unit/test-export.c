/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/export_read.c and export_write.c: systemd's Journal Export Format. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/export.h"

static int parse(const char *data, size_t size, struct export_record *record)
{
	/* in a block of its own, so that the sanitizer sees what is read too far */
	scoped_ptr char *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, data, size);
	return export_parse(copy, size, record);
}

static void assert_no_record(const char *data, size_t size)
{
	struct export_record record;

	assert_int_equal(parse(data, size, &record), -EBADMSG);
}

#define NO_RECORD(text) assert_no_record(text, sizeof(text) - 1)

static void assert_value(const struct export_field *field, const char *value, size_t length)
{
	assert_non_null(field);
	assert_int_equal(field->length, length);
	assert_memory_equal(field->value, value, length);
}

static void text_is_written_as_text(void **state)
{
	scoped_export w = { .data = NULL };

	(void)state;
	export_text(&w, "MESSAGE", "a\tb = \xc3\xa4");
	export_print(&w, "PRIORITY", "%d", 5);
	export_text(&w, "EMPTY", "");
	assert_int_equal(export_end(&w), 0);
	assert_int_equal(w.length, strlen("MESSAGE=a\tb = \xc3\xa4\nPRIORITY=5\nEMPTY=\n\n"));
	assert_memory_equal(w.data, "MESSAGE=a\tb = \xc3\xa4\nPRIORITY=5\nEMPTY=\n\n", w.length);
}

static void all_else_is_written_with_its_length(void **state)
{
	static const char expected[] = "A\n\3\0\0\0\0\0\0\0x\ny\n"
				       "B\n\1\0\0\0\0\0\0\0\xff\n"
				       "C\n\2\0\0\0\0\0\0\0\xc2\x85\n"
				       "D\n\1\0\0\0\0\0\0\0\x7f\n\n";
	scoped_export w = { .data = NULL };

	(void)state;
	export_text(&w, "A", "x\ny");
	export_text(&w, "B", "\xff");
	export_text(&w, "C", "\xc2\x85");
	export_text(&w, "D", "\x7f");
	assert_int_equal(export_end(&w), 0);
	assert_int_equal(w.length, sizeof(expected) - 1);
	assert_memory_equal(w.data, expected, w.length);
}

static void what_was_written_is_read(void **state)
{
	static const char odd[] = "a\n\nB=c\n\0\n\n";
	scoped_export w = { .data = NULL };
	struct export_record record;
	uint64_t number;

	(void)state;
	export_text(&w, "NUMBER", "18446744073709551615");
	/* with an empty line in it, which ends nothing */
	export_put(&w, "ODD", odd, sizeof(odd) - 1);
	export_text(&w, "LAST", "x");
	assert_int_equal(export_end(&w), 0);
	assert_int_equal(export_parse(w.data, w.length, &record), 1);
	assert_int_equal(record.count, 3);
	assert_int_equal(record.size, w.length);
	assert_value(export_find(&record, "ODD"), odd, sizeof(odd) - 1);
	assert_true(export_is(export_find(&record, "LAST"), "x"));
	assert_false(export_is(export_find(&record, "LAST"), "xy"));
	assert_null(export_find(&record, "LAS"));
	assert_true(export_number(export_find(&record, "NUMBER"), &number));
	assert_true(number == UINT64_MAX);
}

static void numbers_are_digits_and_no_more_than_64_bits(void **state)
{
	static const char *const texts[] = {
		"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "99999999999999999999"
	};
	uint64_t number = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct export_field field = { .value = texts[i], .length = strlen(texts[i]) };

		assert_false(export_number(&field, &number));
	}
	assert_false(export_number(NULL, &number));
	assert_int_equal(number, 7);
}

static void each_beginning_of_a_record_is_unfinished(void **state)
{
	static const char data[] = "A=b\nBIN\n\3\0\0\0\0\0\0\0\n\n\n\nC=d\n\n";
	struct export_record record;

	(void)state;
	for (size_t size = 0; size < sizeof(data) - 1; size++)
		assert_int_equal(parse(data, size, &record), 0);
	assert_int_equal(parse(data, sizeof(data) - 1, &record), 1);
	/* and what stands behind it does not matter */
	assert_int_equal(parse("A=b\n\n\xff\xff", 7, &record), 1);
	assert_int_equal(record.size, 5);
}

static void names_that_the_journal_does_not_take_are_refused(void **state)
{
	(void)state;
	NO_RECORD("a=b\n\n");
	NO_RECORD("1A=b\n\n");
	NO_RECORD("=b\n\n");
	NO_RECORD("A B=c\n\n");
	NO_RECORD("A-B=c\n\n");
	NO_RECORD("\xc3\x84=c\n\n");
	NO_RECORD("A\0=c\n\n");
	/* 65 of them */
	NO_RECORD("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=b\n\n");
	NO_RECORD("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

static void text_with_control_characters_or_not_in_utf8_is_refused(void **state)
{
	(void)state;
	NO_RECORD("A=\x1b[2J\n\n");
	NO_RECORD("A=b\r\n\n");
	NO_RECORD("A=\0\n\n");
	NO_RECORD("A=\x7f\n\n");
	NO_RECORD("A=\xff\n\n");
	NO_RECORD("A=\xc2\x9b\n\n");
	NO_RECORD("A=\xc3\n\n");
}

static void a_length_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	/* one byte less than there are, and more than a record may have */
	NO_RECORD("A\n\2\0\0\0\0\0\0\0abc\n\n");
	NO_RECORD("A\n\1\0\0\0\0\0\0\x80x\n\n");
	NO_RECORD("A\n\xff\xff\xff\xff\xff\xff\xff\xffx\n\n");
	NO_RECORD("A\n\1\0\x10\0\0\0\0\0x\n\n");
}

static void an_empty_record_is_none(void **state)
{
	(void)state;
	NO_RECORD("\n");
	NO_RECORD("\nA=b\n\n");
}

static void fields_and_bytes_are_bounded_when_read(void **state)
{
	scoped_ptr char *many = calloc(EXPORT_FIELDS_MAX + 2, 4);
	scoped_ptr char *large = malloc(EXPORT_RECORD_MAX + 16);
	struct export_record record;

	(void)state;
	assert_non_null(many);
	assert_non_null(large);
	for (size_t i = 0; i <= EXPORT_FIELDS_MAX; i++)
		memcpy(many + 4 * i, "A=b\n", 4);
	memcpy(many + (size_t)4 * EXPORT_FIELDS_MAX, "\n", 1);
	assert_int_equal(parse(many, (size_t)4 * EXPORT_FIELDS_MAX + 1, &record), 1);
	memcpy(many + (size_t)4 * EXPORT_FIELDS_MAX, "A=b\n", 4);
	assert_no_record(many, (size_t)4 * EXPORT_FIELDS_MAX + 4);

	memset(large, 'x', EXPORT_RECORD_MAX + 16);
	memcpy(large, "A=", 2);
	assert_int_equal(export_parse(large, EXPORT_RECORD_MAX, &record), 0);
	assert_int_equal(export_parse(large, EXPORT_RECORD_MAX + 1, &record), -EBADMSG);
	memcpy(large + EXPORT_RECORD_MAX - 2, "\n\n", 2);
	assert_int_equal(export_parse(large, EXPORT_RECORD_MAX, &record), 1);
}

static void bytes_are_bounded_when_written(void **state)
{
	scoped_ptr char *half = unit_repeat('x', EXPORT_RECORD_MAX / 2);
	scoped_export w = { .data = NULL };

	(void)state;
	export_text(&w, "A", half);
	assert_int_equal(w.error, 0);
	export_text(&w, "B", half);
	assert_int_equal(w.error, -E2BIG);
	export_text(&w, "C", "x");
	assert_int_equal(export_end(&w), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_written_as_text),
		cmocka_unit_test(all_else_is_written_with_its_length),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(numbers_are_digits_and_no_more_than_64_bits),
		cmocka_unit_test(each_beginning_of_a_record_is_unfinished),
		cmocka_unit_test(names_that_the_journal_does_not_take_are_refused),
		cmocka_unit_test(text_with_control_characters_or_not_in_utf8_is_refused),
		cmocka_unit_test(a_length_that_does_not_fit_is_refused),
		cmocka_unit_test(an_empty_record_is_none),
		cmocka_unit_test(fields_and_bytes_are_bounded_when_read),
		cmocka_unit_test(bytes_are_bounded_when_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
