/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/trail.c and trail_verify.c: the chain of records, and what breaks it. */
#include "trail_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

enum { RECORDS = 7 };

/* Two files: records 1 to 4 in audit.1, 5 to 7 in audit; the head knows the last one. */
struct world {
	char *directory, *older, *newer;
	struct trail_head head;
};

static const char *const both[] = { "audit.1", "audit", NULL };

/* Odd values, so that a record has binary fields with empty lines in them. */
static void make_record(struct export_writer *w, uint64_t number, const char *previous)
{
	export_print(w, TRAIL_NUMBER, "%" PRIu64, number);
	export_text(w, TRAIL_PREVIOUS, previous);
	export_print(w, "MESSAGE", "record %" PRIu64 "\n\n" TRAIL_NUMBER "=9\n", number);
	assert_int_equal(export_end(w), 0);
}

static void append(const char *path, struct trail_head *head)
{
	scoped_fd fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	scoped_export w = { .data = NULL };

	make_record(&w, head->number + 1, head->hash);
	assert_int_equal(write(fd, w.data, w.length), w.length);
	head->number++;
	trail_hash(w.data, w.length, head->hash);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->directory = unit_directory_make();
	w->older = unit_path(w->directory, "audit.1");
	w->newer = unit_path(w->directory, "audit");
	w->head = (struct trail_head){ .hash = TRAIL_NO_HASH };
	for (int i = 0; i < RECORDS; i++)
		append(i < 4 ? w->older : w->newer, &w->head);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	unit_directory_remove(w->directory);
	free(w->older);
	free(w->newer);
	free(w);
	return 0;
}

static struct verdict verify(const struct world *w)
{
	return trail_verdict(w->directory, both, &w->head);
}

static void assert_fault(const struct verdict *verdict, size_t file, uint64_t number,
			 const char *text)
{
	assert_true(verdict->summary.faults > 0);
	if (!strstr(verdict->text, text))
		fail_msg("'%s' does not say '%s'", verdict->text, text);
	assert_int_equal(verdict->first.file, file);
	assert_int_equal(verdict->first.number, number);
}

/* Takes [from, to) out of the file, puts the bytes there instead. */
static void replace_bytes(const char *path, uint64_t from, uint64_t to, const char *bytes,
			  size_t size)
{
	size_t old_size, tail;
	scoped_ptr char *old = trail_bytes(path, &old_size);
	scoped_ptr char *new = malloc(old_size + size);

	assert_non_null(new);
	tail = old_size - (size_t)to;
	memcpy(new, old, (size_t)from);
	memcpy(new + from, bytes, size);
	memcpy(new + from + size, old + to, tail);
	trail_write_bytes(path, new, (size_t)from + size + tail);
}

/* ---- the head --------------------------------------------------------------------------- */

static int head_from(const struct world *w, const char *text, size_t size, struct trail_head *head)
{
	scoped_ptr char *path = unit_path(w->directory, "audit.head");
	scoped_fd fd = -1;

	trail_write_bytes(path, text, size);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return trail_head_read(fd, head);
}

static void a_head_that_was_written_is_read(void **state)
{
	struct trail_head head = { UINT64_MAX, 17, UINT64_MAX - 1, "" }, got;
	char text[TRAIL_HEAD_SIZE + 1];

	trail_hash("x", 1, head.hash);
	trail_head_print(&head, text);
	assert_int_equal(strlen(text), TRAIL_HEAD_SIZE);
	assert_int_equal(text[TRAIL_HEAD_SIZE - 1], '\n');
	assert_int_equal(head_from(*state, text, TRAIL_HEAD_SIZE, &got), 0);
	assert_true(got.number == head.number && got.start == head.start && got.end == head.end);
	assert_string_equal(got.hash, head.hash);
}

static void half_a_head_and_a_mixed_one_are_refused(void **state)
{
	struct trail_head head = { 5, 100, 200, TRAIL_NO_HASH }, got;
	char text[TRAIL_HEAD_SIZE + 1], other[TRAIL_HEAD_SIZE + 1];

	assert_int_equal(head_from(*state, "", 0, &got), -ENODATA);
	trail_head_print(&head, text);
	for (size_t size = 1; size < TRAIL_HEAD_SIZE; size++)
		assert_int_equal(head_from(*state, text, size, &got), -EBADMSG);
	/* the begin of one, the end of another */
	head = (struct trail_head){ 6, 200, 300, TRAIL_NO_HASH };
	trail_head_print(&head, other);
	for (size_t size = 36; size < TRAIL_HEAD_SIZE - 1; size++) {
		char mixed[TRAIL_HEAD_SIZE + 1];

		memcpy(mixed, text, size);
		memcpy(mixed + size, other + size, TRAIL_HEAD_SIZE - size);
		if (memcmp(mixed, text, TRAIL_HEAD_SIZE) != 0)
			assert_int_equal(head_from(*state, mixed, TRAIL_HEAD_SIZE, &got), -EBADMSG);
	}
	for (size_t at = 0; at < TRAIL_HEAD_SIZE; at++) {
		char changed[TRAIL_HEAD_SIZE + 1];

		memcpy(changed, text, sizeof(changed));
		changed[at] ^= 1;
		assert_int_equal(head_from(*state, changed, TRAIL_HEAD_SIZE, &got), -EBADMSG);
	}
}

/* ---- reading ---------------------------------------------------------------------------- */

static void records_of_all_sizes_are_read_one_after_the_other(void **state)
{
	static const size_t sizes[] = { 10, 700000, 1, 1000000, 500000, 3, 1048000, 0, 12 };
	struct world *w = *state;
	scoped_ptr char *path = unit_path(w->directory, "sizes");
	scoped_ptr char *filler = unit_repeat('x', 1048000);
	scoped_fd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	scoped_trail reader = trail_reader_of(fd, 0);
	struct export_record record;
	const char *bytes;
	uint64_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		scoped_export one = { .data = NULL };

		export_put(&one, "A", filler, sizes[i]);
		assert_int_equal(export_end(&one), 0);
		assert_int_equal(write(fd, one.data, one.length), one.length);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(trail_next(&reader, &record, &bytes), 1);
		assert_int_equal(record.field[0].length, sizes[i]);
		at += record.size;
		assert_int_equal(reader.offset, at);
	}
	assert_int_equal(trail_next(&reader, &record, &bytes), 0);
}

static void what_is_no_record_stops_the_reader_where_it_stands(void **state)
{
	struct world *w = *state;
	size_t size;
	uint64_t at = trail_record_at(w->newer, 1, &size);
	struct export_record record;
	const char *bytes;

	replace_bytes(w->newer, at, at + 1, "?", 1);
	{
		scoped_fd fd = open(w->newer, O_RDONLY | O_CLOEXEC);
		scoped_trail reader = trail_reader_of(fd, 0);

		assert_int_equal(trail_next(&reader, &record, &bytes), 1);
		assert_int_equal(trail_next(&reader, &record, &bytes), -EBADMSG);
		assert_int_equal(trail_next(&reader, &record, &bytes), -EBADMSG);
		assert_int_equal(reader.offset, at);
	}
}

static void an_endless_file_is_read_no_further_than_a_record_goes(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = unit_path(w->directory, "endless");
	scoped_fd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	scoped_trail reader = trail_reader_of(fd, 0);
	struct export_record record;
	const char *bytes;

	/* 64 GiB of one line, nearly all of them a hole */
	assert_int_equal(write(fd, "A=", 2), 2);
	assert_int_equal(ftruncate(fd, (off_t)64 << 30), 0);
	assert_int_equal(trail_next(&reader, &record, &bytes), -EBADMSG);
	assert_int_equal(reader.offset, 0);
}

/* ---- verifying -------------------------------------------------------------------------- */

static void a_chain_over_two_files_is_whole(void **state)
{
	struct world *w = *state;
	struct verdict verdict = verify(w);

	assert_int_equal(verdict.summary.faults, 0);
	assert_int_equal(verdict.summary.records, RECORDS);
	assert_int_equal(verdict.summary.first, 1);
	assert_int_equal(verdict.summary.last, RECORDS);
	assert_string_equal(verdict.summary.hash, w->head.hash);
}

static void records_that_came_after_the_head_was_read_are_no_fault(void **state)
{
	struct world *w = *state;
	struct trail_head later = w->head;

	append(w->newer, &later);
	assert_int_equal(verify(w).summary.faults, 0);
	assert_int_equal(verify(w).summary.records, RECORDS + 1);
}

static void files_that_were_dropped_are_no_fault_but_told(void **state)
{
	static const char *const newer[] = { "audit", NULL };
	struct world *w = *state;
	struct verdict verdict = trail_verdict(w->directory, newer, &w->head);

	assert_int_equal(verdict.summary.faults, 0);
	assert_int_equal(verdict.summary.first, 5);
}

static void every_changed_byte_is_found(void **state)
{
	struct world *w = *state;
	size_t size;
	scoped_ptr char *bytes = trail_bytes(w->newer, &size);

	for (size_t at = 0; at < size; at++) {
		struct verdict verdict;

		bytes[at] ^= 1;
		trail_write_bytes(w->newer, bytes, size);
		verdict = verify(w);
		if (verdict.summary.faults == 0)
			fail_msg("byte %zu was changed, and nothing found", at);
		bytes[at] ^= 1;
	}
	trail_write_bytes(w->newer, bytes, size);
	assert_int_equal(verify(w).summary.faults, 0);
}

static void a_changed_record_is_named(void **state)
{
	struct world *w = *state;
	uint64_t at = trail_record_at(w->older, 2, NULL), next = trail_record_at(w->older, 3, NULL);
	struct verdict verdict;
	size_t size;
	scoped_ptr char *bytes = trail_bytes(w->older, &size);
	char *text = memmem(bytes + at, size - (size_t)at, "record 3", strlen("record 3"));
	char where[64];

	assert_non_null(text);
	memcpy(text, "Record", 6);
	trail_write_bytes(w->older, bytes, size);
	verdict = verify(w);
	assert_int_equal(verdict.summary.faults, 1);
	assert_fault(&verdict, 0, 4, "one of the two was changed");
	assert_int_equal(verdict.first.offset, next);
	snprintf(where, sizeof(where), "record 3 at byte %" PRIu64 " before it", at);
	assert_non_null(strstr(verdict.text, where));
}

static void the_last_record_is_no_exception(void **state)
{
	struct world *w = *state;
	size_t size;
	scoped_ptr char *bytes = trail_bytes(w->newer, &size);
	struct verdict verdict;

	memcpy(memmem(bytes, size, "record 7", strlen("record 7")), "Record", 6);
	trail_write_bytes(w->newer, bytes, size);
	verdict = verify(w);
	assert_int_equal(verdict.summary.faults, 1);
	assert_fault(&verdict, 1, 7, "audit.head says");
	/* without the head nothing shows it */
	assert_int_equal(trail_verdict(w->directory, both, NULL).summary.faults, 0);
}

static void a_record_that_was_taken_out_is_named(void **state)
{
	struct world *w = *state;
	size_t size;
	uint64_t at = trail_record_at(w->older, 1, &size);
	struct verdict verdict;

	replace_bytes(w->older, at, at + size, "", 0);
	verdict = verify(w);
	assert_int_equal(verdict.summary.faults, 1);
	assert_fault(&verdict, 0, 3, "it follows record 1; 1 between them are not there");
	assert_int_equal(verdict.first.offset, at);
}

static void one_that_was_put_in_is_named(void **state)
{
	struct world *w = *state;
	scoped_export forged = { .data = NULL };
	uint64_t at = trail_record_at(w->newer, 1, NULL);
	struct verdict verdict;

	/* well formed, with the number that comes, but not with the hash */
	make_record(&forged, 6, TRAIL_NO_HASH);
	replace_bytes(w->newer, at, at, forged.data, forged.length);
	verdict = verify(w);
	assert_fault(&verdict, 1, 6, "one of the two was changed");
	assert_int_equal(verdict.first.offset, at);
	assert_true(verdict.summary.faults >= 2);
}

static void a_copied_record_is_named(void **state)
{
	struct world *w = *state;
	size_t size, all;
	uint64_t at = trail_record_at(w->newer, 1, &size);
	scoped_ptr char *bytes = trail_bytes(w->newer, &all);
	struct verdict verdict;

	replace_bytes(w->newer, at + size, at + size, bytes + at, size);
	verdict = verify(w);
	assert_int_equal(verdict.summary.faults, 1);
	assert_fault(&verdict, 1, 6, "it follows record 6; it was put here, or copied");
}

static void records_in_another_order_are_named(void **state)
{
	struct world *w = *state;
	size_t first_size, second_size, all;
	uint64_t first = trail_record_at(w->older, 1, &first_size);
	uint64_t second = trail_record_at(w->older, 2, &second_size);
	scoped_ptr char *bytes = trail_bytes(w->older, &all);
	scoped_ptr char *swapped = malloc(first_size + second_size);
	struct verdict verdict;

	assert_non_null(swapped);
	memcpy(swapped, bytes + second, second_size);
	memcpy(swapped + second_size, bytes + first, first_size);
	replace_bytes(w->older, first, second + second_size, swapped, first_size + second_size);
	verdict = verify(w);
	assert_int_equal(verdict.summary.faults, 3);
	assert_fault(&verdict, 0, 3, "it follows record 1; 1 between them are not there");
}

static void files_in_another_order_or_left_out_are_named(void **state)
{
	static const char *const swapped[] = { "audit", "audit.1", NULL };
	struct world *w = *state;
	struct verdict verdict = trail_verdict(w->directory, swapped, &w->head);

	assert_fault(&verdict, 1, 1, "it follows record 7");
}

static void a_trail_cut_between_two_records_is_found_with_the_head(void **state)
{
	struct world *w = *state;
	size_t size;
	uint64_t at = trail_record_at(w->newer, 2, &size);
	struct verdict verdict;

	replace_bytes(w->newer, at, at + size, "", 0);
	verdict = verify(w);
	assert_int_equal(verdict.summary.faults, 1);
	assert_fault(&verdict, 1, 7, "it is the last one that was written");
	assert_int_equal(verdict.first.offset, at);
	/* what is not promised: without the head, or with one that was changed as well */
	assert_int_equal(trail_verdict(w->directory, both, NULL).summary.faults, 0);
}

static void a_trail_cut_within_a_record_is_found(void **state)
{
	struct world *w = *state;
	size_t size;
	uint64_t at = trail_record_at(w->newer, 2, &size);
	struct verdict verdict;

	replace_bytes(w->newer, at + size / 2, at + size, "", 0);
	verdict = trail_verdict(w->directory, both, NULL);
	assert_int_equal(verdict.summary.faults, 1);
	assert_fault(&verdict, 1, 7, "the file ends within this record");
}

static void an_empty_trail_is_no_whole_one_if_the_head_knows_of_records(void **state)
{
	struct world *w = *state;
	struct verdict verdict;

	trail_write_bytes(w->older, "", 0);
	trail_write_bytes(w->newer, "", 0);
	verdict = verify(w);
	assert_int_equal(verdict.summary.records, 0);
	assert_fault(&verdict, 1, RECORDS, "it is the last one that was written");
}

static void other_records_are_no_audit_trail(void **state)
{
	static const char foreign[] = "__REALTIME_TIMESTAMP=1\nMESSAGE=x\n\n"
				      "MESSAGE=y\n" TRAIL_NUMBER "=2\n" TRAIL_PREVIOUS "=\n\n";
	struct world *w = *state;
	struct verdict verdict;

	trail_write_bytes(w->newer, foreign, sizeof(foreign) - 1);
	verdict = trail_verdict(w->directory, both + 1, NULL);
	assert_int_equal(verdict.summary.faults, 2);
	assert_fault(&verdict, 0, 1, "it is no record of an audit trail");
}

static void a_first_record_that_had_one_before_it_is_named(void **state)
{
	struct world *w = *state;
	scoped_export forged = { .data = NULL };
	struct verdict verdict;

	make_record(&forged, 1, w->head.hash);
	trail_write_bytes(w->newer, forged.data, forged.length);
	verdict = trail_verdict(w->directory, both + 1, NULL);
	assert_fault(&verdict, 0, 1, "it is the first, and says that");
}

static void hostile_hashes_are_not_repeated(void **state)
{
	struct world *w = *state;
	scoped_export forged = { .data = NULL };
	struct verdict verdict;

	export_text(&forged, TRAIL_NUMBER, "1");
	/* 64 bytes */
	export_text(&forged, TRAIL_PREVIOUS,
		    "\x1b]0;x\x07 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	assert_int_equal(export_end(&forged), 0);
	trail_write_bytes(w->newer, forged.data, forged.length);
	verdict = trail_verdict(w->directory, both + 1, NULL);
	assert_fault(&verdict, 0, 1, "it is no record of an audit trail");
	assert_null(strchr(verdict.text, '\x1b'));
}

static void faults_beyond_the_bound_are_counted_only(void **state)
{
	struct world *w = *state;
	scoped_fd fd = open(w->newer, O_WRONLY | O_TRUNC | O_CLOEXEC);

	for (int i = 0; i < 2 * TRAIL_FAULTS_MAX; i++)
		assert_int_equal(write(fd, "A=b\n\n", 5), 5);
	assert_int_equal(trail_verdict(w->directory, both + 1, NULL).summary.faults,
			 2 * TRAIL_FAULTS_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_head_that_was_written_is_read),
		TEST(half_a_head_and_a_mixed_one_are_refused),
		TEST(records_of_all_sizes_are_read_one_after_the_other),
		TEST(what_is_no_record_stops_the_reader_where_it_stands),
		TEST(an_endless_file_is_read_no_further_than_a_record_goes),
		TEST(a_chain_over_two_files_is_whole),
		TEST(records_that_came_after_the_head_was_read_are_no_fault),
		TEST(files_that_were_dropped_are_no_fault_but_told),
		TEST(every_changed_byte_is_found),
		TEST(a_changed_record_is_named),
		TEST(the_last_record_is_no_exception),
		TEST(a_record_that_was_taken_out_is_named),
		TEST(one_that_was_put_in_is_named),
		TEST(a_copied_record_is_named),
		TEST(records_in_another_order_are_named),
		TEST(files_in_another_order_or_left_out_are_named),
		TEST(a_trail_cut_between_two_records_is_found_with_the_head),
		TEST(a_trail_cut_within_a_record_is_found),
		TEST(an_empty_trail_is_no_whole_one_if_the_head_knows_of_records),
		TEST(other_records_are_no_audit_trail),
		TEST(a_first_record_that_had_one_before_it_is_named),
		TEST(hostile_hashes_are_not_repeated),
		TEST(faults_beyond_the_bound_are_counted_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
