/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/history/history.c: revisions are whole and root's alone, numbers are given
 * once, and what is pruned is the oldest.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/memfd.h"
#include "monitor/history/history.h"
#include "monitor/journal/journal_entry.h"

struct world {
	struct root *root; /* its /s is the state directory */
	int state_fd, dir;
	int journal; /* the file of an entry */
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *root;

	assert_non_null(w);
	root_setup(&root);
	w->root = root;
	root_mkdir(w->root, "/s");
	w->state_fd = openat(w->root->fd, "s", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->state_fd >= 0);
	w->dir = history_make(w->state_fd);
	assert_true(w->dir >= 0);
	w->journal = memfd_new("journal");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root;

	close_fd(w->journal);
	close_fd(w->dir);
	close_fd(w->state_fd);
	root_teardown(&root);
	free(w);
	return 0;
}

static void write_entry(struct world *w, uint64_t number, const char *text)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd new = memfd_of("new", text, strlen(text));
	const int content[] = { -1, new };

	assert_int_equal(journal_entry_new(&entry), 0);
	entry.phase = JOURNAL_DONE;
	entry.revision = number;
	entry.count = 1;
	entry.file[0].path = strdup("/etc/f");
	strcpy(entry.file[0].temporary, ".exmachina-f.tmp");
	assert_int_equal(journal_entry_write(w->journal, &entry, content, -1), 0);
}

static uint64_t next(struct world *w)
{
	uint64_t number = 0;

	assert_int_equal(history_next(w->dir, &number), 0);
	return number;
}

static uint64_t add(struct world *w, const char *text)
{
	uint64_t number = next(w);

	write_entry(w, number, text);
	assert_int_equal(history_prepare(w->dir, w->journal), 0);
	assert_int_equal(history_add(w->dir, number), 0);
	return number;
}

static void add_many(struct world *w, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		add(w, "text");
}

/* They are the ones from `first` to `last`; none if the first is 0. */
static void assert_numbers(struct world *w, uint64_t first, uint64_t last)
{
	scoped_ptr uint64_t *numbers = NULL;
	size_t count;

	assert_int_equal(history_numbers(w->dir, &numbers, &count), 0);
	assert_int_equal(count, first ? last - first + 1 : 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(numbers[i], first + i);
}

static const struct policy_history endless = { .count = UINT32_MAX, .bytes = UINT64_MAX };

static void prune(struct world *w, struct policy_history limits, uint64_t keep_from)
{
	assert_int_equal(history_prune(w->dir, &limits, keep_from), 0);
}

static void make(struct world *w, const char *name, mode_t mode)
{
	int fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* ---- adding ------------------------------------------------------------------------- */

static void what_is_added_can_be_read(void **state)
{
	struct world *w = *state;
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = -1;
	struct stat st;

	assert_int_equal(add(w, "one"), 1);
	assert_int_equal(add(w, "two"), 2);
	assert_numbers(w, 1, 2);
	fd = history_revision(w->dir, 2);
	assert_true(fd >= 0);
	assert_int_equal(journal_entry_read(fd, &entry), 0);
	assert_int_equal(entry.revision, 2);
	assert_int_equal(entry.phase, JOURNAL_OVER);
	st = root_stat(w->root, "/s/history/2");
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(root_stat(w->root, "/s/history").st_mode, S_IFDIR | 0700);
	assert_root_count(w->root, "/s/history", 2);
}

static void what_is_only_prepared_is_no_revision(void **state)
{
	struct world *w = *state;

	add(w, "one");
	write_entry(w, 2, "two");
	assert_int_equal(history_prepare(w->dir, w->journal), 0);
	assert_numbers(w, 1, 1);
	assert_int_equal(next(w), 2);
	history_drop(w->dir);
	assert_root_count(w->root, "/s/history", 1);
	/* one that a crash has left is no obstacle */
	assert_int_equal(history_prepare(w->dir, w->journal), 0);
	assert_int_equal(history_prepare(w->dir, w->journal), 0);
	assert_int_equal(history_add(w->dir, 2), 0);
	assert_numbers(w, 1, 2);
}

static void completing_does_once_what_may_be_done_already(void **state)
{
	struct world *w = *state;
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = -1;

	write_entry(w, 1, "one");
	for (int i = 0; i < 3; i++)
		assert_int_equal(history_complete(w->dir, w->journal, 1), 0);
	/* also between the two halves */
	write_entry(w, 2, "two");
	assert_int_equal(history_prepare(w->dir, w->journal), 0);
	assert_int_equal(history_complete(w->dir, w->journal, 2), 0);
	assert_root_count(w->root, "/s/history", 2);
	fd = history_revision(w->dir, 2);
	assert_int_equal(journal_entry_read(fd, &entry), 0);
	assert_int_equal(entry.revision, 2);
}

static void what_a_failure_of_power_has_left_of_one_is_made_whole(void **state)
{
	static const char *const left[] = { "", "EXMJRN2" };
	struct world *w = *state;

	add(w, "one");
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		scoped_journal_entry entry = { 0 };
		scoped_fd fd = -1;

		root_write(w->root, "/s/history/1", left[i]);
		assert_int_equal(fchmodat(w->dir, "1", 0600, 0), 0);
		assert_int_equal(history_complete(w->dir, w->journal, 1), 0);
		fd = history_revision(w->dir, 1);
		assert_int_equal(journal_entry_read(fd, &entry), 0);
		assert_int_equal(entry.phase, JOURNAL_OVER);
		assert_root_count(w->root, "/s/history", 1);
	}
}

static void one_that_was_pruned_already_needs_no_disk(void **state)
{
	struct world *w = *state;

	add(w, "one");
	assert_int_equal(history_sync(w->dir, 1), 0);
	assert_int_equal(history_sync(w->dir, 2), 0);
	assert_int_equal(fchmodat(w->dir, "1", 0644, 0), 0);
	assert_int_equal(history_sync(w->dir, 1), -EPERM);
}

static void one_that_is_there_is_not_replaced(void **state)
{
	struct world *w = *state;
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = -1;

	add(w, "one");
	write_entry(w, 7, "another");
	assert_int_equal(history_prepare(w->dir, w->journal), 0);
	assert_int_equal(history_add(w->dir, 1), 0);
	assert_root_count(w->root, "/s/history", 1);
	fd = history_revision(w->dir, 1);
	assert_int_equal(journal_entry_read(fd, &entry), 0);
	assert_int_equal(entry.revision, 1);
}

static void a_full_disk_is_told_before_the_commit(void **state)
{
	scoped_ptr char *large = unit_repeat('x', 1 << 20);
	struct world *w = *state;
	scoped_fd dir = -1, small = -1;

	root_mkdir(w->root, "/small");
	root_mount_tmpfs(w->root, "/small", "size=64k,mode=0700");
	small = openat(w->root->fd, "small", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = history_make(small);
	assert_true(dir >= 0);
	write_entry(w, 1, large);
	assert_int_equal(history_prepare(dir, w->journal), -ENOSPC);
	assert_root_count(w->root, "/small/history", 0);
}

/* ---- numbers ------------------------------------------------------------------------ */

static void a_number_is_never_given_twice(void **state)
{
	struct policy_history few = endless;
	struct world *w = *state;

	add_many(w, 3);
	few.bytes = 0;
	prune(w, few, UINT64_MAX);
	assert_numbers(w, 0, 0);
	assert_int_equal(next(w), 4);
	assert_int_equal(add(w, "four"), 4);
	prune(w, few, UINT64_MAX);
	prune(w, few, UINT64_MAX);
	assert_int_equal(add(w, "five"), 5);
	/* a file that somebody has put back does not take us back */
	make(w, "2", 0600);
	assert_int_equal(next(w), 6);
}

static void what_the_highest_was_survives_a_crash_while_it_is_pruned(void **state)
{
	struct policy_history none = endless;
	struct world *w = *state;

	add_many(w, 2);
	none.bytes = 0;
	/* left over from one */
	make(w, "last.new", 0600);
	prune(w, none, UINT64_MAX);
	assert_int_equal(next(w), 3);
	assert_root_content(w->root, "/s/history/last", "2");
	assert_root_content(w->root, "/s/history/last.new", NULL);
}

static void a_last_that_cannot_be_read_stops_the_next(void **state)
{
	static const char *const texts[] = {
		"", "x", "0", "-1", "007", "99999999999999999999", "9223372036854775808", "1 2"
	};
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/s/history/last");
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		root_write(w->root, "/s/history/last", texts[i]);
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(history_next(w->dir, &number), -EBADMSG);
	}
	root_write(w->root, "/s/history/last", "41\n");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(next(w), 42);
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(history_next(w->dir, &number), -EPERM);
	unlink(path);
	root_symlink(w->root, "/etc/passwd", "/s/history/last");
	assert_int_equal(history_next(w->dir, &number), -ELOOP);
}

static void after_the_highest_there_is_none(void **state)
{
	struct world *w = *state;
	uint64_t number = 0;

	make(w, "9223372036854775806", 0600);
	assert_int_equal(history_next(w->dir, &number), 0);
	assert_int_equal(number, INT64_MAX);
	make(w, "9223372036854775807", 0600);
	assert_int_equal(history_next(w->dir, &number), -EOVERFLOW);
}

/* ---- what is not ours --------------------------------------------------------------- */

static void other_names_are_passed_over(void **state)
{
	static const char *const names[] = { "0",
					     "01",
					     "1x",
					     "-1",
					     "+1",
					     " 1",
					     "x",
					     "1.tmp",
					     "9223372036854775808",
					     "99999999999999999999" };
	struct world *w = *state;

	add_many(w, 2);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make(w, names[i], 0600);
	assert_numbers(w, 1, 2);
	assert_int_equal(next(w), 3);
}

static void only_a_file_of_roots_alone_is_opened(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = NULL, *other = NULL;

	add_many(w, 4);
	path = root_path(w->root, "/s/history/1");
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(history_revision(w->dir, 1), -EPERM);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(history_revision(w->dir, 1), -EPERM);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_int_equal(history_revision(w->dir, 1), -EPERM);
	unlink(path);
	root_symlink(w->root, "2", "/s/history/1");
	assert_int_equal(history_revision(w->dir, 1), -ELOOP);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(history_revision(w->dir, 1), -EPERM);
	unlink(path);
	other = root_path(w->root, "/s/history/3");
	assert_int_equal(link(other, path), 0);
	assert_int_equal(history_revision(w->dir, 1), -EPERM);
	assert_int_equal(history_revision(w->dir, 5), -ENOENT);
}

static void a_directory_that_others_may_look_into_is_refused(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/s/history");

	assert_int_equal(chmod(path, 0750), 0);
	assert_int_equal(history_open(w->state_fd), -EPERM);
	assert_int_equal(history_make(w->state_fd), -EPERM);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_int_equal(history_open(w->state_fd), -EPERM);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(history_open(w->state_fd), -ENOENT);
	root_mkdir(w->root, "/elsewhere");
	root_symlink(w->root, "../elsewhere", "/s/history");
	assert_int_equal(history_open(w->state_fd), -ENOTDIR);
	assert_int_equal(history_make(w->state_fd), -ENOTDIR);
}

/* ---- pruning ------------------------------------------------------------------------ */

static void the_newest_ones_are_kept(void **state)
{
	struct policy_history few = endless;
	struct world *w = *state;

	add_many(w, 5);
	prune(w, endless, UINT64_MAX);
	assert_numbers(w, 1, 5);
	few.count = 2;
	prune(w, few, UINT64_MAX);
	assert_numbers(w, 4, 5);
}

static void as_many_as_their_bytes_allow_are_kept(void **state)
{
	struct policy_history small = endless;
	struct world *w = *state;
	uint64_t size;

	add_many(w, 5);
	size = (uint64_t)root_stat(w->root, "/s/history/5").st_size;
	small.bytes = 3 * size;
	prune(w, small, UINT64_MAX);
	assert_numbers(w, 3, 5);
	small.bytes = 3 * size - 1;
	prune(w, small, UINT64_MAX);
	assert_numbers(w, 4, 5);
}

static void set_age(struct world *w, const char *name, time_t seconds)
{
	const struct timespec then = { .tv_sec = time(NULL) - seconds };
	const struct timespec times[] = { then, then };

	assert_int_equal(utimensat(w->dir, name, times, 0), 0);
}

static void what_is_too_old_goes_whatever_the_clock_was(void **state)
{
	struct policy_history day = endless;
	struct world *w = *state;

	add_many(w, 5);
	day.seconds = 86400;
	set_age(w, "1", 100000);
	set_age(w, "2", 86390);
	set_age(w, "3", -1000000);
	prune(w, day, UINT64_MAX);
	assert_numbers(w, 2, 5);
	/* one that seems younger than those after it goes with them */
	set_age(w, "4", 100000);
	prune(w, day, UINT64_MAX);
	assert_numbers(w, 5, 5);
	set_age(w, "5", 100000);
	prune(w, day, UINT64_MAX);
	assert_numbers(w, 0, 0);
	assert_int_equal(next(w), 6);
}

static void what_is_still_needed_is_kept(void **state)
{
	struct policy_history none = { .count = 1, .bytes = 0, .seconds = 1 };
	struct world *w = *state;

	add_many(w, 5);
	for (int i = 1; i <= 5; i++) {
		char name[2] = { (char)('0' + i), '\0' };

		set_age(w, name, 1000);
	}
	prune(w, none, 3);
	assert_numbers(w, 3, 5);
	prune(w, none, 1);
	assert_numbers(w, 3, 5);
	prune(w, none, 6);
	assert_numbers(w, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_added_can_be_read),
		TEST(what_is_only_prepared_is_no_revision),
		TEST(completing_does_once_what_may_be_done_already),
		TEST(what_a_failure_of_power_has_left_of_one_is_made_whole),
		TEST(one_that_was_pruned_already_needs_no_disk),
		TEST(one_that_is_there_is_not_replaced),
		TEST(a_full_disk_is_told_before_the_commit),
		TEST(a_number_is_never_given_twice),
		TEST(what_the_highest_was_survives_a_crash_while_it_is_pruned),
		TEST(a_last_that_cannot_be_read_stops_the_next),
		TEST(after_the_highest_there_is_none),
		TEST(other_names_are_passed_over),
		TEST(only_a_file_of_roots_alone_is_opened),
		TEST(a_directory_that_others_may_look_into_is_refused),
		TEST(the_newest_ones_are_kept),
		TEST(as_many_as_their_bytes_allow_are_kept),
		TEST(what_is_too_old_goes_whatever_the_clock_was),
		TEST(what_is_still_needed_is_kept),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
