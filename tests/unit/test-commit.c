/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/commit.c and handout.c: all files change or none, and what was written counts.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memfd.h"
#include "monitor/commit.h"
#include "monitor/journal/journal.h"

struct world {
	struct root *root;
	char *state; /* the state directory */
	int state_fd;
	struct policy *policy;
	struct handouts handouts;
	struct staged staged[STAGED_MAX];
	size_t count;
	struct commit_result result;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct policy_file *file;
	void *root;

	assert_non_null(w);
	root_setup(&root);
	w->root = root;
	w->state = unit_directory_make();
	w->state_fd = open(w->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->state_fd >= 0);
	w->policy = policy_new();
	assert_int_equal(policy_file_add(w->policy, "/*", &file), 0);
	file->create_mode = 0644;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root;

	for (size_t i = 0; i < w->count; i++)
		close_fd(w->staged[i].content);
	handouts_clear(&w->handouts);
	policy_free(w->policy);
	root_teardown(&root);
	close_fd(w->state_fd);
	unit_directory_remove(w->state);
	free(w);
	return 0;
}

static int memfd(const char *text)
{
	int fd = text ? memfd_of("unit", text, strlen(text)) : -1;

	assert_int_equal(fd >= 0, text != NULL);
	return fd;
}

/* The file is there (or is not), was handed out, and is to become `content`. */
static void stage(struct world *w, const char *path, const char *base, const char *content)
{
	if (base)
		root_write(w->root, path, base);
	assert_int_equal(handout_set(&w->handouts, path, memfd(base)), 0);
	w->staged[w->count].path = (char *)(uintptr_t)path;
	w->staged[w->count++].content = memfd(content);
}

static char *commit_logged(struct world *w)
{
	const struct commit_place place = { .root_fd = w->root->fd, .state_fd = w->state_fd };

	unit_capture_begin();
	w->result = commit_files(&place, w->policy, NULL, w->staged, w->count, &w->handouts);
	return unit_capture_end();
}

/* However it ends, the journal has nothing that was to be looked at again. */
static enum mon_outcome commit(struct world *w)
{
	scoped_ptr char *path = unit_path(w->state, "journal");
	scoped_fd journal = -1;

	free(commit_logged(w));
	journal = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(journal >= 0);
	assert_int_equal(journal_entry_phase(journal), JOURNAL_OVER);
	return w->result.outcome;
}

static void assert_handout(struct world *w, const char *path, const char *expected)
{
	const struct handout *handout = handout_find(&w->handouts, path);
	scoped_mapping mapping = { 0 };

	assert_non_null(handout);
	if (!expected) {
		assert_int_equal(handout->content, -1);
		return;
	}
	assert_int_equal(memfd_map(handout->content, CONTENT_MAX, &mapping), 0);
	assert_int_equal(mapping.size, strlen(expected));
	assert_memory_equal(mapping.data, expected, mapping.size);
}

static void test_several_files_change_come_and_go_together(void **state)
{
	struct world *w = *state;

	stage(w, "/a", "old a", "new a");
	stage(w, "/b", NULL, "new b");
	stage(w, "/c", "old c", NULL);
	assert_int_equal(commit(w), OUTCOME_DONE);
	assert_root_content(w->root, "/a", "new a");
	assert_root_content(w->root, "/b", "new b");
	assert_root_content(w->root, "/c", NULL);
	assert_root_count(w->root, "/", 2);
}

static void permit_directories(struct world *w)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(w->policy, "/a/b/*", &file), 0);
	file->may_make_dirs = true;
	file->dirs = (struct policy_owner){ .uid = 65534, .gid = 7, .mode = 0710 };
	file->create_mode = 0600;
}

static void stage_below(struct world *w, const char *path, const char *content)
{
	stage(w, path, NULL, content);
	w->staged[w->count - 1].entry = 1;
}

static void test_directories_are_made_for_a_file(void **state)
{
	struct world *w = *state;
	struct stat st;

	permit_directories(w);
	stage_below(w, "/a/b/f", "new f");
	stage_below(w, "/a/b/g", "new g");
	assert_int_equal(commit(w), OUTCOME_DONE);
	assert_root_content(w->root, "/a/b/f", "new f");
	assert_root_content(w->root, "/a/b/g", "new g");
	assert_root_count(w->root, "/a/b", 2);
	st = root_stat(w->root, "/a/b");
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 7);
	assert_int_equal(st.st_mode & 07777, 0710);
	assert_int_equal(root_stat(w->root, "/a").st_mode & 07777, 0710);
	assert_int_equal(root_stat(w->root, "/a/b/f").st_mode & 07777, 0600);
}

static void test_directories_go_with_a_commit_that_fails(void **state)
{
	struct world *w = *state;

	permit_directories(w);
	stage_below(w, "/a/b/f", "new f");
	stage_below(w, "/a/b/g", "new g");
	/* it cannot be replaced, which is known only when it is looked at or switched */
	stage(w, "/mount", "old", "new");
	root_mount_bind(w->root, "/mount", "/mount");
	assert_int_equal(commit(w), OUTCOME_NOT_PLAIN);
	assert_root_count(w->root, "/", 1);
}

/* Something that none of our own reads before the switch. */
static void test_directories_go_with_a_commit_that_fails_late(void **state)
{
	struct world *w = *state;
	const struct commit_place place = { .root_fd = w->root->fd, .state_fd = w->state_fd };
	struct commit *under_way = NULL;

	permit_directories(w);
	stage_below(w, "/a/b/f", "new f");
	stage_below(w, "/a/b/g", "new g");
	w->result = commit_begin(&place, w->policy, NULL, w->staged, w->count, &w->handouts,
				 &under_way);
	assert_int_equal(w->result.outcome, OUTCOME_DONE);
	assert_root_content(w->root, "/a/b/f", "new f");
	assert_int_equal(commit_take_back(under_way), 0);
	assert_root_count(w->root, "/", 0);
}

static void test_directories_with_others_in_them_stay(void **state)
{
	struct world *w = *state;
	const struct commit_place place = { .root_fd = w->root->fd, .state_fd = w->state_fd };
	struct commit *under_way = NULL;

	permit_directories(w);
	stage_below(w, "/a/b/f", "new f");
	w->result = commit_begin(&place, w->policy, NULL, w->staged, w->count, &w->handouts,
				 &under_way);
	assert_int_equal(w->result.outcome, OUTCOME_DONE);
	root_write(w->root, "/a/b/theirs", "x");
	assert_int_equal(commit_take_back(under_way), 0);
	assert_root_content(w->root, "/a/b/theirs", "x");
	assert_root_count(w->root, "/a/b", 1);
}

static void test_a_file_that_was_there_with_its_directory_is_a_conflict(void **state)
{
	struct world *w = *state;

	permit_directories(w);
	stage_below(w, "/a/b/f", "new f");
	assert_int_equal(handout_set(&w->handouts, "/a/b/f", memfd("old")), 0);
	assert_int_equal(commit(w), OUTCOME_CONFLICT);
	assert_root_count(w->root, "/", 0);
}

static void test_a_missing_directory_is_told(void **state)
{
	struct world *w = *state;

	stage(w, "/no/f", NULL, "new");
	assert_int_equal(commit(w), OUTCOME_IO);
	assert_int_equal(w->result.failure.error, ENOENT);
	assert_non_null(strstr(w->result.failure.step, "MakeDirs="));
	assert_root_count(w->root, "/", 0);
}

static void test_too_many_directories_are_told(void **state)
{
	struct world *w = *state;

	permit_directories(w);
	stage_below(w, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/f", "new");
	assert_int_equal(commit(w), OUTCOME_IO);
	assert_int_equal(w->result.failure.error, E2BIG);
	assert_root_count(w->root, "/", 0);
}

static void test_something_else_in_the_way_of_a_directory_is_not_plain(void **state)
{
	struct world *w = *state;

	permit_directories(w);
	root_symlink(w->root, "elsewhere", "/a");
	root_mkdir(w->root, "/elsewhere");
	stage_below(w, "/a/b/f", "new");
	assert_int_equal(commit(w), OUTCOME_NOT_PLAIN);
	assert_root_count(w->root, "/elsewhere", 0);
}

static void test_a_directory_that_cannot_be_made_is_told_and_nothing_is_left(void **state)
{
	struct world *w = *state;

	permit_directories(w);
	root_mkdir(w->root, "/small");
	/* an inode for itself and one directory */
	root_mount_tmpfs(w->root, "/small", "nr_inodes=2");
	stage_below(w, "/small/b/f", "new");
	assert_int_equal(commit(w), OUTCOME_IO);
	assert_int_equal(w->result.failure.error, ENOSPC);
	assert_root_count(w->root, "/small", 0);
}

static void test_what_was_written_counts_as_handed_out(void **state)
{
	struct world *w = *state;

	stage(w, "/a", "old", "new");
	stage(w, "/b", NULL, "b");
	stage(w, "/c", "c", NULL);
	assert_int_equal(commit(w), OUTCOME_DONE);
	assert_handout(w, "/a", "new");
	assert_handout(w, "/b", "b");
	assert_handout(w, "/c", NULL);
	/* so that the next commit is compared with it */
	close_fd(w->staged[0].content);
	w->staged[0].content = memfd("newer");
	w->count = 1;
	assert_int_equal(commit(w), OUTCOME_DONE);
	assert_root_content(w->root, "/a", "newer");
}

static void test_each_change_is_logged_with_its_kind(void **state)
{
	struct world *w = *state;
	scoped_ptr char *logged = NULL;

	stage(w, "/a", "old", "new");
	stage(w, "/b", NULL, "b");
	stage(w, "/c", "c", NULL);
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_DONE);
	assert_non_null(strstr(logged, "/a changed\n"));
	assert_non_null(strstr(logged, "/b created\n"));
	assert_non_null(strstr(logged, "/c removed\n"));
}

static void test_no_staged_file_is_done_at_once(void **state)
{
	struct world *w = *state;

	assert_int_equal(commit(w), OUTCOME_DONE);
	assert_root_count(w->root, "/", 0);
}

static void test_as_many_files_as_may_be_staged_are_committed(void **state)
{
	static char names[STAGED_MAX][8];
	struct world *w = *state;

	for (size_t i = 0; i < STAGED_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "/f%zu", i);
		stage(w, names[i], "old", "new");
	}
	assert_int_equal(commit(w), OUTCOME_DONE);
	for (size_t i = 0; i < STAGED_MAX; i++)
		assert_root_content(w->root, names[i], "new");
	assert_root_count(w->root, "/", STAGED_MAX);
}

/* Nothing of the first two is seen when the third cannot be done. */
static void assert_none_changed(struct world *w, enum mon_outcome outcome, uint32_t index)
{
	size_t before = unit_open_descriptors();

	assert_int_equal(commit(w), outcome);
	assert_int_equal(w->result.index, index);
	assert_root_content(w->root, "/a", "old a");
	assert_root_content(w->root, "/b", NULL);
	assert_handout(w, "/a", "old a");
	assert_handout(w, "/b", NULL);
	assert_int_equal(unit_open_descriptors(), before);
}

static void test_a_conflict_in_one_file_changes_none(void **state)
{
	struct world *w = *state;

	stage(w, "/a", "old a", "new a");
	stage(w, "/b", NULL, "new b");
	stage(w, "/c", "old c", "new c");
	root_write(w->root, "/c", "theirs");
	assert_none_changed(w, OUTCOME_CONFLICT, 2);
	assert_root_content(w->root, "/c", "theirs");
	assert_root_count(w->root, "/", 2);
}

static void test_a_link_in_one_file_changes_none(void **state)
{
	struct world *w = *state;

	stage(w, "/a", "old a", "new a");
	stage(w, "/b", NULL, "new b");
	stage(w, "/c", NULL, "new c");
	root_symlink(w->root, "a", "/c");
	assert_none_changed(w, OUTCOME_NOT_PLAIN, 2);
	assert_int_equal(w->result.failure.error, ELOOP);
	assert_root_count(w->root, "/", 2);
}

static void test_a_full_disk_changes_none(void **state)
{
	scoped_ptr char *large = unit_repeat('x', 1 << 20);
	struct world *w = *state;

	root_mkdir(w->root, "/small");
	root_mount_tmpfs(w->root, "/small", "size=64k");
	stage(w, "/a", "old a", "new a");
	stage(w, "/b", NULL, "new b");
	stage(w, "/small/c", "old c", large);
	assert_none_changed(w, OUTCOME_IO, 2);
	assert_int_equal(w->result.failure.error, ENOSPC);
	assert_string_equal(w->result.failure.step, "write the new content");
	assert_root_content(w->root, "/small/c", "old c");
	assert_root_count(w->root, "/small", 1);
	assert_root_count(w->root, "/", 2);
}

static void test_a_directory_that_is_absent_or_a_link_changes_none(void **state)
{
	struct world *w = *state;

	stage(w, "/a", "old a", "new a");
	stage(w, "/b", NULL, "new b");
	stage(w, "/none/c", NULL, "new c");
	assert_none_changed(w, OUTCOME_IO, 2);
	assert_int_equal(w->result.failure.error, ENOENT);
	root_mkdir(w->root, "/real");
	root_symlink(w->root, "real", "/none");
	assert_none_changed(w, OUTCOME_NOT_PLAIN, 2);
	assert_int_equal(w->result.failure.error, ELOOP);
	assert_root_count(w->root, "/real", 0);
}

/* The second switch of the same file finds it changed, by the first one. */
static void test_a_failure_after_the_first_switch_brings_all_back(void **state)
{
	struct world *w = *state;

	stage(w, "/a", "old a", "new a");
	stage(w, "/b", NULL, "new b");
	stage(w, "/c", "old c", NULL);
	stage(w, "/a", "old a", "newer a");
	assert_none_changed(w, OUTCOME_CONFLICT, 3);
	assert_root_content(w->root, "/c", "old c");
	assert_root_count(w->root, "/", 2);
}

/* ---- the journal ------------------------------------------------------------------------- */

static void test_without_a_state_directory_nothing_is_written_down(void **state)
{
	struct world *w = *state;
	scoped_ptr char *logged = NULL;

	w->state_fd = close_fd(w->state_fd);
	stage(w, "/a", "old", "new");
	stage(w, "/b", NULL, "b");
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_DONE);
	assert_root_content(w->root, "/a", "new");
	assert_int_equal(unit_directory_count(w->state), 0);
}

static void test_what_cannot_be_written_down_is_not_done(void **state)
{
	struct world *w = *state;
	scoped_ptr char *logged = NULL, *path = unit_path(w->state, "journal");

	stage(w, "/a", "old", "new");
	assert_int_equal(symlink("elsewhere", path), 0);
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_IO);
	assert_string_equal(w->result.failure.step, "open the journal");
	assert_int_equal(w->result.failure.error, ELOOP);
	assert_root_content(w->root, "/a", "old");
	assert_root_count(w->root, "/", 1);
}

static void test_a_full_disk_for_the_journal_changes_nothing(void **state)
{
	scoped_ptr char *large = unit_repeat('x', 1 << 20);
	struct world *w = *state;
	scoped_ptr char *logged = NULL;

	root_mkdir(w->root, "/small");
	root_mount_tmpfs(w->root, "/small", "size=64k,mode=0700");
	close_fd(w->state_fd);
	w->state_fd = openat(w->root->fd, "small", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stage(w, "/a", "old", large);
	stage(w, "/b", NULL, "b");
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_IO);
	assert_string_equal(w->result.failure.step, "write the journal");
	assert_int_equal(w->result.failure.error, ENOSPC);
	assert_root_content(w->root, "/a", "old");
	assert_root_content(w->root, "/b", NULL);
	/* and that was all */
	w->staged[0].content = memfd("new");
	free(logged);
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_DONE);
	assert_root_content(w->root, "/a", "new");
}

static void test_a_commit_waits_for_that_of_another(void **state)
{
	struct world *w = *state;
	scoped_journal other = JOURNAL_NONE;
	int status, ready[2];
	pid_t pid;

	stage(w, "/a", "old", "new");
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		if (journal_open(w->state_fd, 0, &other) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		usleep(300000);
		root_write(w->root, "/a", "theirs");
		_exit(0);
	}
	assert_int_equal(read(ready[0], &status, 1), 1);
	assert_int_equal(commit(w), OUTCOME_CONFLICT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

/* ---- hand-outs --------------------------------------------------------------------------- */

static void test_a_handout_takes_the_place_of_the_one_before(void **state)
{
	struct handouts handouts = { 0 };
	size_t before = unit_open_descriptors();

	(void)state;
	assert_null(handout_find(&handouts, "/a"));
	assert_int_equal(handout_set(&handouts, "/a", memfd("1")), 0);
	assert_int_equal(handout_set(&handouts, "/b", -1), 0);
	assert_int_equal(handout_set(&handouts, "/a", memfd("2")), 0);
	assert_int_equal(handouts.count, 2);
	assert_int_equal(unit_open_descriptors(), before + 1);
	assert_null(handout_find(&handouts, "/"));
	handouts_clear(&handouts);
	assert_int_equal(unit_open_descriptors(), before);
	assert_null(handout_find(&handouts, "/a"));
}

static void test_more_handouts_than_the_bound_are_refused_and_closed(void **state)
{
	struct handouts handouts = { 0 };
	size_t before = unit_open_descriptors();

	(void)state;
	for (size_t i = 0; i < HANDOUTS_MAX; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/%zu", i);
		assert_int_equal(handout_set(&handouts, path, -1), 0);
	}
	assert_int_equal(handout_set(&handouts, "/more", memfd("x")), -E2BIG);
	assert_int_equal(unit_open_descriptors(), before);
	assert_int_equal(handout_set(&handouts, "/0", memfd("x")), 0);
	handouts_clear(&handouts);
	assert_int_equal(unit_open_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_several_files_change_come_and_go_together),
		TEST(test_what_was_written_counts_as_handed_out),
		TEST(test_directories_are_made_for_a_file),
		TEST(test_directories_go_with_a_commit_that_fails),
		TEST(test_directories_go_with_a_commit_that_fails_late),
		TEST(test_directories_with_others_in_them_stay),
		TEST(test_a_file_that_was_there_with_its_directory_is_a_conflict),
		TEST(test_a_missing_directory_is_told),
		TEST(test_too_many_directories_are_told),
		TEST(test_something_else_in_the_way_of_a_directory_is_not_plain),
		TEST(test_a_directory_that_cannot_be_made_is_told_and_nothing_is_left),
		TEST(test_each_change_is_logged_with_its_kind),
		TEST(test_no_staged_file_is_done_at_once),
		TEST(test_as_many_files_as_may_be_staged_are_committed),
		TEST(test_a_conflict_in_one_file_changes_none),
		TEST(test_a_link_in_one_file_changes_none),
		TEST(test_a_full_disk_changes_none),
		TEST(test_a_directory_that_is_absent_or_a_link_changes_none),
		TEST(test_a_failure_after_the_first_switch_brings_all_back),
		TEST(test_without_a_state_directory_nothing_is_written_down),
		TEST(test_what_cannot_be_written_down_is_not_done),
		TEST(test_a_full_disk_for_the_journal_changes_nothing),
		TEST(test_a_commit_waits_for_that_of_another),
		cmocka_unit_test(test_a_handout_takes_the_place_of_the_one_before),
		cmocka_unit_test(test_more_handouts_than_the_bound_are_refused_and_closed),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
