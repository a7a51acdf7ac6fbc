/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/common/report.c for every kind of the list: what was written is
 * read, and nothing that was not. The rows are generated from the list.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/report.h"

enum { TEXTS_MAX = 16 };

/* Texts of one row at a time. */
static char *texts[TEXTS_MAX];

static void release(void)
{
	for (size_t i = 0; i < TEXTS_MAX; i++) {
		free(texts[i]);
		texts[i] = NULL;
	}
}

#define FILL_U8(field) row.field = UINT8_MAX;
#define FILL_U32(field) row.field = UINT32_MAX;
#define FILL_U64(field) row.field = UINT64_MAX;
#define FILL_I32(field) row.field = INT32_MIN;
#define FILL_STR(field, max) row.field = texts[text++] = unit_repeat('x', max);
#define SAME_INT(field) assert_true(got.field == row.field);
#define SAME_STR(field, max) assert_string_equal(got.field, row.field);

/* add_NAME: a row at its extremes; same_NAME: is the next one that? rest_NAME: all that are left */
#define X(NAME, name) \
	static int add_##name(struct report *report) \
	{ \
		struct name row = { 0 }; \
		size_t text = 0; \
		int r; \
\
		FIELDS_##name(FILL_U8, FILL_U32, FILL_U64, FILL_I32, FILL_STR) r = \
			report_add_##name(report, &row); \
		release(); \
		return r; \
	} \
	static void same_##name(struct report_reader *reader) \
	{ \
		struct name row = { 0 }, got; \
		size_t text = 0; \
\
		FIELDS_##name(FILL_U8, FILL_U32, FILL_U64, FILL_I32, FILL_STR) \
			assert_int_equal(report_next_##name(reader, &got), 1); \
		FIELDS_##name(SAME_INT, SAME_INT, SAME_INT, SAME_INT, SAME_STR) release(); \
	} \
	static int rest_##name(struct report_reader *reader) \
	{ \
		struct name row; \
		int r; \
\
		while ((r = report_next_##name(reader, &row)) > 0) \
			; \
		return r; \
	}
REPORTS(X)
#undef X

static const struct {
	enum report_kind kind;
	int (*add)(struct report *report);
	void (*same)(struct report_reader *reader);
	int (*read_rest)(struct report_reader *reader);
} kinds[] = {
#define X(NAME, name) { REPORT_##NAME, add_##name, same_##name, rest_##name },
	REPORTS(X)
#undef X
};

/* The bytes of a report with two rows. */
static struct mapping bytes_of(size_t kind)
{
	scoped_report report = report_begin(kinds[kind].kind);
	scoped_fd fd = -1;
	struct mapping mapping;

	assert_int_equal(kinds[kind].add(&report), 0);
	assert_int_equal(kinds[kind].add(&report), 0);
	fd = report_seal(&report, "the end");
	assert_true(fd >= 0);
	assert_int_equal(memfd_map(fd, REPORT_SIZE_MAX, &mapping), 0);
	return mapping;
}

/* What reading those bytes to their end gives. */
static int read_bytes(size_t kind, const void *data, size_t size)
{
	scoped_fd fd = memfd_of("unit", data, size);
	scoped_reader reader = { 0 };
	int r = report_open(fd, kinds[kind].kind, &reader);

	if (r == 0)
		r = kinds[kind].read_rest(&reader);
	/* what was wrong once stays wrong */
	if (r < 0 && reader.mapping.size > 0)
		assert_int_equal(kinds[kind].read_rest(&reader), r);
	return r;
}

/* ---- what works ---------------------------------------------------------------- */

static void test_every_kind_survives_at_its_extremes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		scoped_mapping whole = bytes_of(i);
		scoped_fd fd = memfd_of("unit", whole.data, whole.size);
		scoped_reader reader = { 0 };

		assert_int_equal(report_open(fd, kinds[i].kind, &reader), 0);
		assert_int_equal(reader.rows, 2);
		kinds[i].same(&reader);
		kinds[i].same(&reader);
		assert_null(reader.trailer);
		assert_int_equal(kinds[i].read_rest(&reader), 0);
		assert_string_equal(reader.trailer, "the end");
		/* the end stays the end */
		assert_int_equal(kinds[i].read_rest(&reader), 0);
	}
}

static void test_a_report_without_rows_has_its_trailer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		scoped_report report = report_begin(kinds[i].kind);
		scoped_fd fd = report_seal(&report, NULL);
		scoped_reader reader = { 0 };

		assert_int_equal(report_open(fd, kinds[i].kind, &reader), 0);
		assert_int_equal(kinds[i].read_rest(&reader), 0);
		assert_string_equal(reader.trailer, "");
	}
}

static void test_rows_come_in_their_order_and_empty_texts_are_texts(void **state)
{
	scoped_report report = report_begin(REPORT_LINE);
	scoped_reader reader = { 0 };
	scoped_fd fd = -1;
	struct line_row row = { 0 };

	(void)state;
	for (row.usec = 0; row.usec < 1000; row.usec++)
		assert_int_equal(report_add_line_row(&report, &row), 0);
	fd = report_seal(&report, "");
	assert_int_equal(report_open(fd, REPORT_LINE, &reader), 0);
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(report_next_line_row(&reader, &row), 1);
		assert_true(row.usec == i);
		assert_string_equal(row.text, "");
	}
	assert_int_equal(report_next_line_row(&reader, &row), 0);
}

/* ---- texts over their bound ------------------------------------------------------- */

/* A text of `before` bytes and then that character, as a row brings it. */
static void assert_cut(size_t before, const char *character, size_t expected)
{
	scoped_report report = report_begin(REPORT_LINE);
	scoped_ptr char *head = unit_repeat('x', before), *text = NULL;
	scoped_reader reader = { 0 };
	scoped_fd fd = -1;
	struct line_row row = { 0 };

	assert_true(asprintf(&text, "%s%s and more", head, character) > 0);
	row.text = text;
	assert_int_equal(report_add_line_row(&report, &row), 0);
	fd = report_seal(&report, text);
	assert_int_equal(report_open(fd, REPORT_LINE, &reader), 0);
	assert_int_equal(report_next_line_row(&reader, &row), 1);
	assert_int_equal(strlen(row.text), expected);
	assert_memory_equal(row.text, text, expected);
	assert_int_equal(report_next_line_row(&reader, &row), 0);
	assert_int_equal(strlen(reader.trailer), expected);
}

static void test_a_text_that_is_too_long_is_cut(void **state)
{
	(void)state;
	assert_cut(REPORT_TEXT_MAX - 1, "y", REPORT_TEXT_MAX);
	assert_cut(REPORT_TEXT_MAX, "", REPORT_TEXT_MAX);
	assert_cut(REPORT_TEXT_MAX + 5000, "", REPORT_TEXT_MAX);
}

static void test_a_text_is_not_cut_within_a_character(void **state)
{
	static const char *const characters[] = { "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(characters); i++) {
		size_t length = strlen(characters[i]);

		for (size_t inside = 1; inside < length; inside++)
			assert_cut(REPORT_TEXT_MAX - inside, characters[i],
				   REPORT_TEXT_MAX - inside);
		assert_cut(REPORT_TEXT_MAX - length, characters[i], REPORT_TEXT_MAX);
	}
}

/* ---- refusals of the writer ---------------------------------------------------------- */

static void test_more_rows_than_the_bound_are_refused(void **state)
{
	scoped_report report = report_begin(REPORT_LINE);
	const struct line_row row = { 0 };

	(void)state;
	for (size_t i = 0; i < REPORT_ROWS_MAX; i++)
		assert_int_equal(report_add_line_row(&report, &row), 0);
	assert_int_equal(report_add_line_row(&report, &row), -E2BIG);
}

static void test_more_bytes_than_the_bound_are_refused_and_the_rows_before_stay(void **state)
{
	scoped_report report = report_begin(REPORT_UNIT);
	scoped_reader reader = { 0 };
	scoped_fd fd = -1;
	size_t rows;
	int r;

	(void)state;
	for (rows = 0; (r = add_unit_row(&report)) == 0; rows++)
		;
	assert_int_equal(r, -E2BIG);
	assert_in_range(rows, 500, REPORT_ROWS_MAX - 1);
	fd = report_seal(&report, "");
	assert_int_equal(report_open(fd, REPORT_UNIT, &reader), 0);
	assert_int_equal(reader.rows, rows);
	assert_int_equal(rest_unit_row(&reader), 0);
}

static void test_a_row_of_another_kind_is_refused(void **state)
{
	scoped_report report = report_begin(REPORT_UNIT), none = report_begin(REPORT_NONE);
	const struct line_row row = { 0 };

	(void)state;
	assert_int_equal(report_add_line_row(&report, &row), -E2BIG);
	assert_int_equal(report_add_line_row(&none, &row), -E2BIG);
}

/* ---- refusals of the reader ------------------------------------------------------------ */

static void test_a_report_of_another_kind_is_refused(void **state)
{
	scoped_report report = report_begin(REPORT_UNIT);
	scoped_fd fd = report_seal(&report, "");
	scoped_reader reader = { 0 };

	(void)state;
	assert_int_equal(report_open(fd, REPORT_LINE, &reader), -EBADMSG);
	assert_int_equal(report_open(fd, REPORT_NONE, &reader), -EBADMSG);
	assert_int_equal(reader.mapping.size, 0);
}

static void test_what_is_no_sealed_memfd_is_refused(void **state)
{
	scoped_fd open = memfd_new("unit"), null = -1;
	scoped_reader reader = { 0 };

	(void)state;
	assert_int_equal(report_open(open, REPORT_UNIT, &reader), -EBADMSG);
	assert_int_equal(report_open(null, REPORT_UNIT, &reader), -EBADMSG);
	assert_int_equal(report_open(0, REPORT_UNIT, &reader), -EBADMSG);
}

static void test_every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		scoped_mapping whole = bytes_of(i);

		assert_int_equal(read_bytes(i, whole.data, whole.size), 0);
		for (size_t cut = 0; cut < whole.size; cut += cut < 64 ? 1 : 61)
			assert_int_equal(read_bytes(i, whole.data, cut), -EBADMSG);
		assert_int_equal(read_bytes(i, whole.data, whole.size - 1), -EBADMSG);
	}
}

static void test_left_over_bytes_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		scoped_mapping whole = bytes_of(i);
		scoped_ptr char *longer = calloc(1, whole.size + 8);

		assert_non_null(longer);
		memcpy(longer, whole.data, whole.size);
		for (size_t more = 1; more <= 8; more++)
			assert_int_equal(read_bytes(i, longer, whole.size + more), -EBADMSG);
	}
}

static void test_a_wrong_number_of_rows_is_refused(void **state)
{
	static const uint8_t counts[][4] = {
		{ 0 }, { 1 }, { 3 }, { 0xff, 0xff, 0xff, 0xff }, { 0, 0x40 }, { 1, 0x40 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (size_t j = 0; j < ARRAY_SIZE(counts); j++) {
			scoped_mapping whole = bytes_of(i);
			scoped_ptr char *forged = malloc(whole.size);

			assert_non_null(forged);
			memcpy(forged, whole.data, whole.size);
			memcpy(forged + 4, counts[j], 4);
			assert_int_equal(read_bytes(i, forged, whole.size), -EBADMSG);
		}
}

static void test_a_text_with_a_nul_in_it_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		scoped_mapping whole = bytes_of(i);
		scoped_ptr char *forged = malloc(whole.size);
		char *text;

		assert_non_null(forged);
		memcpy(forged, whole.data, whole.size);
		text = memmem(forged, whole.size, "xxx", 3);
		assert_non_null(text);
		text[1] = '\0';
		assert_int_equal(read_bytes(i, forged, whole.size), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_survives_at_its_extremes),
		cmocka_unit_test(test_a_report_without_rows_has_its_trailer),
		cmocka_unit_test(test_rows_come_in_their_order_and_empty_texts_are_texts),
		cmocka_unit_test(test_a_text_that_is_too_long_is_cut),
		cmocka_unit_test(test_a_text_is_not_cut_within_a_character),
		cmocka_unit_test(test_more_rows_than_the_bound_are_refused),
		cmocka_unit_test(
			test_more_bytes_than_the_bound_are_refused_and_the_rows_before_stay),
		cmocka_unit_test(test_a_row_of_another_kind_is_refused),
		cmocka_unit_test(test_a_report_of_another_kind_is_refused),
		cmocka_unit_test(test_what_is_no_sealed_memfd_is_refused),
		cmocka_unit_test(test_every_truncation_is_refused),
		cmocka_unit_test(test_left_over_bytes_are_refused),
		cmocka_unit_test(test_a_wrong_number_of_rows_is_refused),
		cmocka_unit_test(test_a_text_with_a_nul_in_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
