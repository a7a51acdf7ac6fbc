/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/audit/audit_trail.c, audit_find.c and audit_rotate.c: what is
 * written is a chain, whatever was left by others.
 */
#include "root_fixture.h"
#include "trail_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "monitor/audit/audit_trail.h"
#include "monitor/state.h"

struct world {
	struct root *root;
	int state_fd;
	char *directory, *audit, *older, *head;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *root;

	assert_non_null(w);
	root_setup(&root);
	w->root = root;
	w->state_fd = state_open(w->root->fd, "/state");
	assert_true(w->state_fd >= 0);
	w->directory = root_path(root, "/state");
	w->audit = root_path(root, "/state/audit");
	w->older = root_path(root, "/state/audit.1");
	w->head = root_path(root, "/state/audit.head");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root;

	close_fd(w->state_fd);
	free(w->directory);
	free(w->audit);
	free(w->older);
	free(w->head);
	free(w);
	return root_teardown(&root);
}

static int add_fields(struct audit_turn *turn, const struct export_writer *fields)
{
	scoped_export record = { .data = NULL };

	return audit_trail_add(turn, fields, &record);
}

/* A record with that text, in a turn of its own; what had to be put in order goes to ret_repair. */
static int add_sized(const struct world *w, const char *text, size_t size, char **ret_repair)
{
	scoped_turn turn = AUDIT_TURN_NONE;
	scoped_export fields = { .data = NULL };
	scoped_ptr char *filler = unit_repeat('x', size);
	int r = audit_trail_begin(w->state_fd, &turn);

	if (ret_repair)
		*ret_repair = strdup(turn.repair);
	if (r < 0)
		return r;
	export_text(&fields, "MESSAGE", text);
	export_text(&fields, "FILLER", filler);
	return add_fields(&turn, &fields);
}

/* One of several writers: others may be quicker for longer than it waits. */
static int add_in_turn(const struct world *w, size_t size)
{
	int r;

	do {
		r = add_sized(w, "x", size, NULL);
	} while (r == -ETIMEDOUT);
	return r;
}

static void add(const struct world *w, const char *text)
{
	scoped_ptr char *repair = NULL;

	assert_int_equal(add_sized(w, text, 0, &repair), 0);
	assert_string_equal(repair, "");
}

/* The next turn has something to put in order, and says that. */
static void add_repaired(const struct world *w, const char *text, const char *why)
{
	scoped_ptr char *repair = NULL;

	assert_int_equal(add_sized(w, text, 0, &repair), 0);
	if (!strstr(repair, why))
		fail_msg("'%s' does not say '%s'", repair, why);
}

static void assert_whole(const struct world *w, size_t records)
{
	struct verdict verdict = trail_verdict_of(w->directory);

	assert_string_equal(verdict.text, "");
	assert_int_equal(verdict.summary.records, records);
}

static void append(const char *path, const char *bytes, size_t size)
{
	scoped_fd fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_int_equal(write(fd, bytes, size), size);
}

/* ---- writing ---------------------------------------------------------------------------- */

static void test_records_are_a_chain_from_zero(void **state)
{
	struct world *w = *state;
	scoped_ptr char *first = NULL, *message = NULL, *number = NULL, *boot = NULL;

	for (int i = 0; i < 5; i++)
		add(w, "a\nb");
	assert_whole(w, 5);
	assert_int_equal(root_stat(w->root, "/state/audit").st_mode & 07777, 0600);
	assert_int_equal(root_stat(w->root, "/state/audit.head").st_mode & 07777, 0600);
	first = trail_value(w->audit, 0, TRAIL_PREVIOUS);
	assert_string_equal(first, TRAIL_NO_HASH);
	message = trail_value(w->audit, 4, "MESSAGE");
	assert_string_equal(message, "a\nb");
	number = trail_value(w->audit, 4, TRAIL_NUMBER);
	assert_string_equal(number, "5");
	boot = trail_value(w->audit, 4, "_BOOT_ID");
	assert_int_equal(strlen(boot), 32);
}

static void test_each_record_has_its_time_first(void **state)
{
	struct world *w = *state;
	scoped_ptr char *realtime = NULL, *monotonic = NULL;
	uint64_t before = clock_usec(), stamp;

	add(w, "x");
	realtime = trail_value(w->audit, 0, "__REALTIME_TIMESTAMP");
	monotonic = trail_value(w->audit, 0, "__MONOTONIC_TIMESTAMP");
	assert_true(strtoull(realtime, NULL, 10) > UINT64_C(1700000000000000));
	stamp = strtoull(monotonic, NULL, 10);
	assert_true(stamp >= before && stamp <= clock_usec());
}

static void test_several_writers_make_one_chain(void **state)
{
	enum { WRITERS = 6, EACH = 50 };
	struct world *w = *state;

	for (int i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid > 0)
			continue;
		for (int k = 0; k < EACH; k++)
			if (add_in_turn(w, (size_t)(i * 37 + k)) < 0)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_whole(w, WRITERS * EACH);
}

static void test_fields_that_could_not_be_made_are_not_written(void **state)
{
	struct world *w = *state;
	scoped_turn turn = AUDIT_TURN_NONE;
	scoped_export fields = { .error = -ENOMEM };

	add(w, "x");
	assert_int_equal(audit_trail_begin(w->state_fd, &turn), 0);
	assert_int_equal(add_fields(&turn, &fields), -ENOMEM);
	audit_trail_end(&turn);
	add(w, "y");
	assert_whole(w, 2);
}

/* ---- the lock --------------------------------------------------------------------------- */

static void test_a_lock_that_is_kept_is_not_waited_for_for_ever(void **state)
{
	struct world *w = *state;
	scoped_fd lock = -1;
	uint64_t begin = clock_msec();
	int r;

	add(w, "x");
	lock = open(w->head, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	r = add_sized(w, "y", 0, NULL);
	assert_int_equal(r, -ETIMEDOUT);
	assert_string_equal(audit_trail_fault(r), "another process keeps it locked");
	assert_true(clock_msec() - begin >= AUDIT_LOCK_MSEC);
	assert_int_equal(flock(lock, LOCK_UN), 0);
	add(w, "z");
	assert_whole(w, 2);
}

static void test_the_lock_of_a_dead_writer_is_no_obstacle(void **state)
{
	struct world *w = *state;
	pid_t pid;
	int status;

	add(w, "x");
	pid = fork();
	if (pid == 0) {
		struct audit_turn turn;

		if (audit_trail_begin(w->state_fd, &turn) == 0)
			raise(SIGKILL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	add(w, "y");
	assert_whole(w, 2);
}

/* ---- what others left ------------------------------------------------------------------- */

static void test_a_record_that_was_not_finished_is_cut_off_and_kept(void **state)
{
	static const char torn[] = "EXMACHINA_NUMBER=3\nMESSAGE\n\x40\0\0\0\0\0\0\0half";
	struct world *w = *state;
	scoped_turn turn = AUDIT_TURN_NONE;
	scoped_export fields = { .data = NULL };

	add(w, "x");
	add(w, "y");
	append(w->audit, torn, sizeof(torn) - 1);
	assert_int_equal(audit_trail_begin(w->state_fd, &turn), 0);
	assert_string_equal(turn.repair, "39 bytes of a record that was not finished were cut off");
	assert_int_equal(turn.torn_length, sizeof(torn) - 1);
	assert_memory_equal(turn.torn, torn, sizeof(torn) - 1);
	export_text(&fields, "MESSAGE", "z");
	assert_int_equal(add_fields(&turn, &fields), 0);
	audit_trail_end(&turn);
	assert_whole(w, 3);
}

static void test_a_long_one_leaves_nothing_behind_the_next_record(void **state)
{
	struct world *w = *state;
	scoped_ptr char *torn = unit_repeat('x', AUDIT_TORN_MAX);

	memcpy(torn, "MESSAGE=", strlen("MESSAGE="));
	add(w, "x");
	append(w->audit, torn, AUDIT_TORN_MAX);
	add_repaired(w, "y", "65536 bytes of a record that was not finished were cut off");
	assert_whole(w, 2);
	add(w, "z");
}

/* At each byte at which a writer can be killed. */
static void test_a_writer_may_be_killed_at_any_byte(void **state)
{
	struct world *w = *state;
	size_t size, whole;
	uint64_t at;
	scoped_ptr char *bytes = NULL;

	add(w, "x");
	add(w, "y");
	bytes = trail_bytes(w->audit, &size);
	at = trail_record_at(w->audit, 1, &whole);
	for (size_t done = 0; done < whole; done++) {
		scoped_ptr char *repair = NULL;
		struct trail_head head = { .number = 1, .end = at };
		char text[TRAIL_HEAD_SIZE + 1];

		/* the head is written after the record */
		trail_hash(bytes, (size_t)at, head.hash);
		trail_head_print(&head, text);
		trail_write_bytes(w->head, text, TRAIL_HEAD_SIZE);
		trail_write_bytes(w->audit, bytes, (size_t)at + done);
		assert_int_equal(add_sized(w, "z", 0, &repair), 0);
		assert_int_equal(repair[0] != '\0', done > 0);
		assert_whole(w, 2);
	}
}

static void test_a_record_that_is_not_in_the_head_yet_counts(void **state)
{
	struct world *w = *state;
	size_t size;
	scoped_ptr char *head = NULL;

	add(w, "x");
	head = trail_bytes(w->head, &size);
	add(w, "y");
	add(w, "z");
	trail_write_bytes(w->head, head, size);
	add(w, "again");
	assert_whole(w, 4);
}

static void test_a_trail_that_was_cut_shows_it_in_the_chain(void **state)
{
	struct world *w = *state;
	struct verdict verdict;
	uint64_t at;

	for (int i = 0; i < 4; i++)
		add(w, "x");
	at = trail_record_at(w->audit, 2, NULL);
	assert_int_equal(truncate(w->audit, (off_t)at), 0);
	add_repaired(w, "after", "somebody took that away, or a failure of power did");
	verdict = trail_verdict_of(w->directory);
	assert_int_equal(verdict.summary.faults, 1);
	assert_non_null(strstr(verdict.text, "it follows record 2; 2 between them are not there"));
	/* and it is said once */
	add(w, "x");
}

static void test_one_that_was_cut_within_a_record_as_well(void **state)
{
	struct world *w = *state;
	size_t size;
	uint64_t at;

	for (int i = 0; i < 4; i++)
		add(w, "x");
	at = trail_record_at(w->audit, 3, &size);
	assert_int_equal(truncate(w->audit, (off_t)(at + size - 1)), 0);
	add_repaired(w, "after", "cut off");
	assert_int_equal(trail_verdict_of(w->directory).summary.faults, 1);
	assert_int_equal(trail_count(w->audit), 4);
}

static void test_a_file_that_was_taken_away_shows_it_as_well(void **state)
{
	static const char *const names[] = { "kept", "audit", NULL };
	struct world *w = *state;
	scoped_ptr char *kept = unit_path(w->directory, "kept");
	struct verdict verdict;

	add(w, "x");
	add(w, "y");
	assert_int_equal(rename(w->audit, kept), 0);
	add_repaired(w, "z", "the file ended at byte 0, and record 2");
	/* with what was taken away the chain is whole again */
	verdict = trail_verdict(w->directory, names, NULL);
	assert_int_equal(verdict.summary.faults, 0);
	assert_int_equal(verdict.summary.records, 3);
}

static void test_a_damaged_head_is_made_anew(void **state)
{
	struct world *w = *state;

	add(w, "x");
	add(w, "y");
	assert_int_equal(truncate(w->head, 50), 0);
	add_repaired(w, "z", "audit.head was missing or damaged");
	assert_int_equal(unlink(w->head), 0);
	add_repaired(w, "z", "audit.head was missing or damaged");
	assert_whole(w, 4);
}

static void test_a_missing_head_is_found_in_the_file_before(void **state)
{
	static const char *const names[] = { "audit.1", "audit", NULL };
	struct world *w = *state;

	add(w, "x");
	add(w, "y");
	assert_int_equal(rename(w->audit, w->older), 0);
	assert_int_equal(unlink(w->head), 0);
	add_repaired(w, "z", "audit.head was missing or damaged");
	assert_int_equal(trail_verdict(w->directory, names, NULL).summary.faults, 0);
	assert_int_equal(trail_verdict(w->directory, names, NULL).summary.records, 3);
}

static void test_a_record_that_somebody_else_wrote_breaks_the_chain(void **state)
{
	static const char forged[] = TRAIL_NUMBER "=2\n" TRAIL_PREVIOUS "=" TRAIL_NO_HASH "\n\n";
	struct world *w = *state;
	struct verdict verdict;

	add(w, "x");
	append(w->audit, forged, sizeof(forged) - 1);
	add(w, "y");
	verdict = trail_verdict_of(w->directory);
	assert_int_equal(verdict.summary.faults, 1);
	assert_int_equal(verdict.first.number, 2);
	assert_int_equal(verdict.summary.records, 3);
}

static void test_what_is_too_long_to_be_a_record_is_put_aside_untouched(void **state)
{
	struct world *w = *state;
	scoped_ptr char *zeros = calloc(1, AUDIT_TORN_MAX + 1);
	size_t size;
	scoped_ptr char *aside = NULL;

	add(w, "x");
	append(w->audit, zeros, AUDIT_TORN_MAX + 1);
	add_repaired(w, "y", "was put aside as it is");
	aside = trail_bytes(w->older, &size);
	assert_int_equal(size - trail_record_at(w->older, 0, NULL) > AUDIT_TORN_MAX, 1);
	assert_int_equal(trail_count(w->older), 1);
	assert_int_equal(trail_count(w->audit), 1);
	add(w, "z");
}

static void test_an_endless_file_is_put_aside_without_being_read(void **state)
{
	struct world *w = *state;
	uint64_t begin;

	add(w, "x");
	assert_int_equal(truncate(w->audit, (off_t)1 << 40), 0);
	begin = clock_msec();
	add_repaired(w, "y", "more than is ever written into one file");
	/* to read it would take minutes */
	assert_true(clock_msec() - begin < 60000);
	assert_int_equal(unlink(w->head), 0);
	assert_int_equal(truncate(w->audit, (off_t)1 << 40), 0);
	add_repaired(w, "z", "more than is ever written into one file");
	add(w, "z");
}

static void test_files_that_are_not_root_s_alone_are_refused(void **state)
{
	static const char *const names[] = { "audit", "audit.head" };
	struct world *w = *state;

	add(w, "x");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		scoped_ptr char *path = unit_path(w->directory, names[i]);
		scoped_ptr char *kept = unit_path(w->directory, "kept");

		assert_int_equal(chmod(path, 0644), 0);
		assert_int_equal(add_sized(w, "y", 0, NULL), -EPERM);
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(rename(path, kept), 0);
		assert_int_equal(symlink("kept", path), 0);
		assert_int_equal(add_sized(w, "y", 0, NULL), -ELOOP);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(add_sized(w, "y", 0, NULL), -EISDIR);
		assert_int_equal(rmdir(path), 0);
		assert_int_equal(rename(kept, path), 0);
	}
	add(w, "z");
	assert_whole(w, 2);
}

/* ---- rotation --------------------------------------------------------------------------- */

enum { LARGE = 1000000, PER_FILE = TRAIL_FILE_MAX / (LARGE + 512) };

static void add_large(const struct world *w, int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(add_sized(w, "x", LARGE, NULL), 0);
}

static void test_a_full_file_is_put_aside_and_the_chain_goes_on(void **state)
{
	static const char *const names[] = { "audit.2", "audit.1", "audit", NULL };
	struct world *w = *state;
	struct verdict verdict;

	add_large(w, 2 * PER_FILE + 1);
	assert_int_equal(trail_count(w->older), PER_FILE);
	assert_int_equal(trail_count(w->audit), 1);
	assert_true(root_stat(w->root, "/state/audit.1").st_size <= TRAIL_FILE_MAX);
	verdict = trail_verdict(w->directory, names, NULL);
	assert_string_equal(verdict.text, "");
	assert_int_equal(verdict.summary.records, 2 * PER_FILE + 1);
}

static void test_what_was_set_aside_for_a_full_file_is_given_back(void **state)
{
	struct world *w = *state;
	struct stat st;

	{
		scoped_turn turn = AUDIT_TURN_NONE;

		assert_int_equal(audit_trail_begin(w->state_fd, &turn), 0);
		assert_int_equal(audit_trail_reserve(&turn, TRAIL_FILE_MAX + (1 << 20)), 0);
	}
	add_large(w, PER_FILE + 1);
	st = root_stat(w->root, "/state/audit.1");
	assert_true(st.st_blocks * 512 < st.st_size + 65536);
}

static void test_a_rotation_that_was_interrupted_is_completed(void **state)
{
	static const char *const names[] = { "audit.1", "audit", NULL };
	struct world *w = *state;
	struct trail_head head;
	char text[TRAIL_HEAD_SIZE + 1];
	scoped_fd fd = -1;

	/* after the head was written, before anything was renamed */
	add(w, "x");
	add(w, "y");
	fd = open(w->head, O_RDONLY | O_CLOEXEC);
	assert_int_equal(trail_head_read(fd, &head), 0);
	head.start = head.end = 0;
	trail_head_print(&head, text);
	trail_write_bytes(w->head, text, TRAIL_HEAD_SIZE);
	add(w, "z");
	assert_whole(w, 3);
	/* after the renaming, before there was a new file */
	close_fd(fd);
	fd = open(w->head, O_RDONLY | O_CLOEXEC);
	assert_int_equal(trail_head_read(fd, &head), 0);
	head.start = head.end = 0;
	trail_head_print(&head, text);
	trail_write_bytes(w->head, text, TRAIL_HEAD_SIZE);
	assert_int_equal(rename(w->audit, w->older), 0);
	add(w, "again");
	assert_string_equal(trail_verdict(w->directory, names, NULL).text, "");
	assert_int_equal(trail_verdict(w->directory, names, NULL).summary.records, 4);
}

static void test_the_oldest_file_goes_and_a_hole_is_filled_first(void **state)
{
	struct world *w = *state;
	char name[TRAIL_NAME_SIZE];

	for (unsigned int i = 1; i <= TRAIL_FILES_KEPT; i++) {
		scoped_ptr char *path = NULL;

		trail_name(i, name);
		path = unit_path(w->directory, name);
		trail_write_bytes(path, name, strlen(name));
	}
	{
		scoped_ptr char *third = unit_path(w->directory, "audit.3");

		assert_int_equal(unlink(third), 0);
	}
	add_large(w, PER_FILE + 1);
	/* 2 became 3, and those behind the hole stayed */
	assert_root_content(w->root, "/state/audit.3", "audit.2");
	assert_root_content(w->root, "/state/audit.4", "audit.4");
	add_large(w, PER_FILE);
	assert_root_content(w->root, "/state/audit.4", "audit.2");
	assert_root_content(w->root, "/state/audit.16", "audit.15");
	assert_root_count(w->root, "/state", TRAIL_FILES_KEPT + 2);
}

/* ---- room ------------------------------------------------------------------------------- */

static void small_disk(struct world *w, const char *size)
{
	root_mkdir(w->root, "/small");
	root_mount_tmpfs(w->root, "/small", size);
	close_fd(w->state_fd);
	w->state_fd = state_open(w->root->fd, "/small");
	assert_true(w->state_fd >= 0);
	free(w->directory);
	free(w->audit);
	w->directory = root_path(w->root, "/small");
	w->audit = root_path(w->root, "/small/audit");
}

static int reserve(const struct world *w, size_t size)
{
	scoped_turn turn = AUDIT_TURN_NONE;
	int r = audit_trail_begin(w->state_fd, &turn);

	return r < 0 ? r : audit_trail_reserve(&turn, size);
}

static void fill_disk(struct world *w)
{
	scoped_ptr char *path = unit_path(w->directory, "filler");
	scoped_fd fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char page[4096] = "";

	while (write(fd, page, sizeof(page)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
}

static void test_what_was_set_aside_can_be_written_on_a_full_disk(void **state)
{
	struct world *w = *state;

	small_disk(w, "size=4m,mode=0700");
	add(w, "x");
	assert_int_equal(reserve(w, 100000), 0);
	assert_int_equal(trail_count(w->audit), 1);
	fill_disk(w);
	assert_int_equal(add_sized(w, "y", 100000, NULL), 0);
	/* and then the margin, but no promise is made any more */
	assert_int_equal(reserve(w, 2 * AUDIT_MARGIN), -ENOSPC);
	assert_int_equal(add_sized(w, "z", 1000, NULL), 0);
	assert_whole(w, 3);
}

static void test_a_record_without_room_leaves_nothing_behind(void **state)
{
	struct world *w = *state;
	struct stat before, after;

	small_disk(w, "size=1m,mode=0700");
	add(w, "x");
	fill_disk(w);
	before = root_stat(w->root, "/small/audit");
	assert_int_equal(add_sized(w, "y", 500000, NULL), -ENOSPC);
	after = root_stat(w->root, "/small/audit");
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(reserve(w, 1), -ENOSPC);
	{
		scoped_ptr char *filler = unit_path(w->directory, "filler");

		assert_int_equal(unlink(filler), 0);
	}
	assert_int_equal(reserve(w, 1), 0);
	add(w, "z");
	assert_whole(w, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_records_are_a_chain_from_zero),
		TEST(test_each_record_has_its_time_first),
		TEST(test_several_writers_make_one_chain),
		TEST(test_fields_that_could_not_be_made_are_not_written),
		TEST(test_a_lock_that_is_kept_is_not_waited_for_for_ever),
		TEST(test_the_lock_of_a_dead_writer_is_no_obstacle),
		TEST(test_a_record_that_was_not_finished_is_cut_off_and_kept),
		TEST(test_a_long_one_leaves_nothing_behind_the_next_record),
		TEST(test_a_writer_may_be_killed_at_any_byte),
		TEST(test_a_record_that_is_not_in_the_head_yet_counts),
		TEST(test_a_trail_that_was_cut_shows_it_in_the_chain),
		TEST(test_one_that_was_cut_within_a_record_as_well),
		TEST(test_a_file_that_was_taken_away_shows_it_as_well),
		TEST(test_a_damaged_head_is_made_anew),
		TEST(test_a_missing_head_is_found_in_the_file_before),
		TEST(test_a_record_that_somebody_else_wrote_breaks_the_chain),
		TEST(test_what_is_too_long_to_be_a_record_is_put_aside_untouched),
		TEST(test_an_endless_file_is_put_aside_without_being_read),
		TEST(test_files_that_are_not_root_s_alone_are_refused),
		TEST(test_a_full_file_is_put_aside_and_the_chain_goes_on),
		TEST(test_what_was_set_aside_for_a_full_file_is_given_back),
		TEST(test_a_rotation_that_was_interrupted_is_completed),
		TEST(test_the_oldest_file_goes_and_a_hole_is_filled_first),
		TEST(test_what_was_set_aside_can_be_written_on_a_full_disk),
		TEST(test_a_record_without_room_leaves_nothing_behind),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
