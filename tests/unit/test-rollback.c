/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/confirm/rollback.c: commits that are taken back together, with what somebody
 * else has done since, and the revision that this becomes.
 */
#include "commit_fixture.h"
#include "fault_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "monitor/history/history.h"
#include "monitor/journal/journal_recover.h"

struct world {
	struct commit_world *w;
	struct pending pending;
	struct client who;
	struct rollback rollback;
};

static struct world world;

static int setup(void **state)
{
	int r = commit_setup(state);

	memset(&world, 0, sizeof(world));
	world.w = *state;
	world.pending.first = 1;
	strcpy(world.pending.user, "unit");
	world.who = client_new("unit");
	return r;
}

static void rollback_forget(void)
{
	rollback_clear(&world.rollback);
	world.rollback = (struct rollback){ 0 };
}

static int teardown(void **state)
{
	rollback_forget();
	return commit_teardown(state);
}

/* One commit of what was staged, by that user. */
static void commit(const char *user)
{
	const struct commit_place place = { world.w->root->fd, world.w->host.state_fd };
	const struct client who = client_new(user);
	const struct commit_origin origin = { .who = &who,
					      .method = "config.commit",
					      .changes = -1 };
	struct session *session = world.w->session;
	struct commit_result result =
		commit_files(&place, world.w->policy, &origin, session->staged,
			     session->staged_count, &session->handouts);

	assert_int_equal(result.outcome, OUTCOME_DONE);
	session_staged_clear(session);
}

static void change(const char *path, const char *content)
{
	commit_stage(world.w, path, content);
	commit("unit");
}

/* nth: the call that fails; 0: none. */
static int run_with_fault(unsigned int nth, bool *ret_has_failed)
{
	const struct commit_place place = { world.w->root->fd, world.w->host.state_fd };
	scoped_journal journal = JOURNAL_NONE;
	const char *step;
	int r;

	assert_int_equal(commit_take_turn(&place, &journal, &step), 0);
	rollback_forget();
	fault_arm(nth);
	r = rollback_run(world.w->root->fd, &journal, &world.who, &world.pending, &world.rollback);
	*ret_has_failed = fault_disarm();
	return r;
}

static int run(void)
{
	bool has_failed;

	return run_with_fault(0, &has_failed);
}

static void assert_file(const char *path, const char *expected)
{
	assert_root_content(world.w->root, path, expected);
}

/* The highest revision, as it is in the history. */
static int last_revision(struct journal_entry *ret_entry)
{
	scoped_fd dir = history_open(world.w->host.state_fd);
	uint64_t next;
	int fd;

	assert_int_equal(history_next(dir, &next), 0);
	fd = history_revision(dir, next - 1);
	assert_true(fd >= 0);
	assert_int_equal(journal_entry_read(fd, ret_entry), 0);
	return fd;
}

static uint64_t revisions(void)
{
	scoped_fd dir = history_open(world.w->host.state_fd);
	uint64_t next = 1;

	if (dir >= 0)
		assert_int_equal(history_next(dir, &next), 0);
	return next - 1;
}

/* ---- what comes back -------------------------------------------------------------------- */

static void test_files_changed_made_and_removed_are_what_they_were(void **state)
{
	scoped_ptr char *gone = root_path(world.w->root, "/etc/gone");
	struct stat st;

	(void)state;
	root_write(world.w->root, "/etc/a", "old a");
	root_write(world.w->root, "/etc/gone", "gone");
	assert_int_equal(chown(gone, 4711, 4712), 0);
	assert_int_equal(chmod(gone, 0604), 0);
	commit_stage(world.w, "/etc/a", "new a");
	commit_stage(world.w, "/etc/gone", NULL);
	commit_stage(world.w, "/etc/made", "made");
	commit("unit");
	assert_int_equal(run(), 0);
	assert_true(world.rollback.restored);
	assert_int_equal(world.rollback.count, 3);
	assert_file("/etc/a", "old a");
	assert_file("/etc/gone", "gone");
	assert_file("/etc/made", NULL);
	st = root_stat(world.w->root, "/etc/gone");
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(st.st_uid, 4711);
	assert_int_equal(st.st_gid, 4712);
	assert_root_count(world.w->root, "/etc", 2);
}

static void test_directories_that_were_made_go_with_their_files(void **state)
{
	struct policy_file *file = commit_section(world.w, "/etc/*/*");

	(void)state;
	file->may_make_dirs = true;
	file->dirs.mode = 0755;
	change("/etc/made/one", "one");
	change("/etc/made/two", "two");
	assert_root_count(world.w->root, "/etc/made", 2);
	assert_int_equal(run(), 0);
	assert_true(world.rollback.restored);
	assert_root_count(world.w->root, "/etc", 0);
	assert_int_equal(run(), 0);
	assert_true(world.rollback.restored);
}

static void test_a_file_made_again_has_its_owner_and_mode_back(void **state)
{
	scoped_ptr char *again = root_path(world.w->root, "/etc/a");
	char value[8] = "";
	struct stat st;

	(void)state;
	root_write(world.w->root, "/etc/a", "bytes");
	assert_int_equal(chown(again, 4711, 4712), 0);
	assert_int_equal(chmod(again, 0604), 0);
	assert_int_equal(setxattr(again, "user.exm", "kept", 4, 0), 0);
	change("/etc/a", NULL);
	change("/etc/a", "bytes");
	assert_int_equal(root_stat(world.w->root, "/etc/a").st_uid, 0);
	assert_int_equal(run(), 0);
	assert_true(world.rollback.restored);
	st = root_stat(world.w->root, "/etc/a");
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(st.st_uid, 4711);
	assert_int_equal(getxattr(again, "user.exm", value, sizeof(value)), 4);
	assert_string_equal(value, "kept");
}

static void test_of_several_commits_the_oldest_bytes_come_back(void **state)
{
	(void)state;
	root_write(world.w->root, "/etc/a", "one");
	change("/etc/a", "before the first");
	world.pending.first = 2;
	change("/etc/a", "two");
	change("/etc/b", "b");
	change("/etc/a", "three");
	change("/etc/b", "c");
	change("/etc/b", NULL);
	assert_int_equal(run(), 0);
	assert_true(world.rollback.restored);
	assert_int_equal(world.rollback.count, 2);
	assert_file("/etc/a", "before the first");
	assert_file("/etc/b", NULL);
}

static void test_what_somebody_else_has_changed_stays(void **state)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = -1;

	(void)state;
	root_write(world.w->root, "/etc/a", "old a");
	root_write(world.w->root, "/etc/b", "old b");
	commit_stage(world.w, "/etc/a", "new a");
	commit_stage(world.w, "/etc/b", "new b");
	commit("unit");
	root_write(world.w->root, "/etc/a", "by hand");
	assert_int_equal(run(), 0);
	assert_false(world.rollback.restored);
	assert_file("/etc/a", "by hand");
	assert_file("/etc/b", "old b");
	/* the history says what was done, and no more */
	fd = last_revision(&entry);
	assert_int_equal(entry.count, 1);
	assert_string_equal(entry.file[0].path, "/etc/b");
}

static void test_what_another_user_has_committed_stays(void **state)
{
	(void)state;
	root_write(world.w->root, "/etc/a", "old a");
	root_write(world.w->root, "/etc/b", "old b");
	change("/etc/a", "new a");
	commit_stage(world.w, "/etc/b", "new b");
	commit("other");
	assert_int_equal(run(), 0);
	assert_true(world.rollback.restored);
	assert_file("/etc/a", "old a");
	assert_file("/etc/b", "new b");
}

static void test_a_file_of_both_users_stays_and_is_told(void **state)
{
	(void)state;
	root_write(world.w->root, "/etc/a", "old a");
	change("/etc/a", "new a");
	commit_stage(world.w, "/etc/a", "theirs");
	commit("other");
	assert_int_equal(run(), 0);
	assert_false(world.rollback.restored);
	assert_file("/etc/a", "theirs");
}

static void test_where_the_directory_is_gone_nothing_comes_back_and_it_is_told(void **state)
{
	scoped_ptr char *dir = root_path(world.w->root, "/etc/d"),
			*file = root_path(world.w->root, "/etc/d/a");

	(void)state;
	commit_section(world.w, "/etc/d/*");
	root_mkdir(world.w->root, "/etc/d");
	root_write(world.w->root, "/etc/d/a", "old");
	change("/etc/d/a", "a");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(run(), 0);
	assert_false(world.rollback.restored);
}

/* ---- the history ------------------------------------------------------------------------ */

static void test_it_is_a_revision_that_can_be_taken_back_itself(void **state)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = -1, old = -1;
	scoped_ptr char *made = root_path(world.w->root, "/etc/made");

	(void)state;
	change("/etc/made", "made");
	assert_int_equal(chown(made, 33, 34), 0);
	assert_int_equal(chmod(made, 0604), 0);
	assert_int_equal(setxattr(made, "user.exm", "kept", 4, 0), 0);
	assert_int_equal(run(), 0);
	fd = last_revision(&entry);
	assert_string_equal(entry.method, "config.rollback");
	assert_string_equal(entry.who.user, "unit");
	assert_int_equal(entry.revision, 2);
	assert_int_equal(entry.reverts, 1);
	assert_int_equal(entry.phase, JOURNAL_OVER);
	assert_int_equal(entry.count, 1);
	assert_true(entry.file[0].old.exists);
	assert_false(entry.file[0].new.exists);
	/* of the file that was there before */
	assert_int_equal(entry.file[0].uid, 33);
	assert_int_equal(entry.file[0].gid, 34);
	assert_int_equal(entry.file[0].mode & 07777, 0604);
	assert_true(entry.file[0].attributes_size > 0);
	old = journal_entry_content(fd, &entry.file[0].old);
	assert_true(old >= 0);
}

static void test_again_is_nothing(void **state)
{
	(void)state;
	root_write(world.w->root, "/etc/a", "old");
	change("/etc/a", "new");
	assert_int_equal(run(), 0);
	assert_int_equal(revisions(), 2);
	assert_int_equal(run(), 0);
	assert_true(world.rollback.restored);
	assert_int_equal(revisions(), 2);
	assert_file("/etc/a", "old");
}

static void test_commits_that_come_to_nothing_are_no_revision(void **state)
{
	(void)state;
	root_write(world.w->root, "/etc/a", "old");
	change("/etc/a", "new");
	change("/etc/a", "old");
	change("/etc/b", "b");
	change("/etc/b", NULL);
	assert_int_equal(run(), 0);
	assert_true(world.rollback.restored);
	assert_int_equal(revisions(), 4);
}

static void test_a_revision_that_is_missing_is_told(void **state)
{
	scoped_ptr char *one = root_path(world.w->root, COMMIT_STATE "/history/2");

	(void)state;
	root_write(world.w->root, "/etc/a", "old");
	root_write(world.w->root, "/etc/b", "old");
	change("/etc/a", "new");
	change("/etc/b", "new");
	change("/etc/c", "new");
	assert_int_equal(unlink(one), 0);
	assert_int_equal(run(), 0);
	assert_false(world.rollback.restored);
	assert_file("/etc/a", "old");
	assert_file("/etc/b", "new");
	assert_file("/etc/c", NULL);
}

static void test_where_none_is_left_that_is_told(void **state)
{
	scoped_ptr char *one = root_path(world.w->root, COMMIT_STATE "/history/1"),
			*last = root_path(world.w->root, COMMIT_STATE "/history/last");

	(void)state;
	change("/etc/a", "new");
	assert_int_equal(unlink(one), 0);
	unit_file_write(last, "1");
	assert_int_equal(chmod(last, 0600), 0);
	assert_int_equal(run(), 0);
	assert_false(world.rollback.restored);
	assert_int_equal(world.rollback.count, 0);
}

static void test_a_revision_that_is_damaged_takes_nothing_back(void **state)
{
	scoped_ptr char *path = root_path(world.w->root, COMMIT_STATE "/history/1");

	(void)state;
	root_write(world.w->root, "/etc/a", "old");
	change("/etc/a", "new");
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(run(), -EBADMSG);
	assert_file("/etc/a", "new");
}

/* ---- how many --------------------------------------------------------------------------- */

static int room(void)
{
	const struct session *session = world.w->session;

	return rollback_room(world.w->host.state_fd, &world.pending, session->staged,
			     session->staged_count);
}

static void stage_many(size_t first, size_t count)
{
	char path[32];

	for (size_t i = first; i < first + count; i++) {
		snprintf(path, sizeof(path), "/etc/f%zu", i);
		commit_stage(world.w, path, "new");
	}
}

static void test_there_is_room_for_what_can_be_taken_back_at_once(void **state)
{
	(void)state;
	stage_many(0, STAGED_MAX - 1);
	commit("unit");
	/* the same ones, one more, two more */
	commit_stage(world.w, "/etc/f0", "newer");
	assert_int_equal(room(), 0);
	commit_stage(world.w, "/etc/one", "new");
	assert_int_equal(room(), 0);
	commit_stage(world.w, "/etc/two", "new");
	assert_int_equal(room(), -E2BIG);
	session_staged_clear(world.w->session);
	commit_stage(world.w, "/etc/one", "new");
	commit("unit");
	assert_int_equal(run(), 0);
	assert_true(world.rollback.restored);
	assert_int_equal(world.rollback.count, STAGED_MAX);
	assert_root_count(world.w->root, "/etc", 0);
}

static void test_too_many_are_not_taken_back_in_part(void **state)
{
	(void)state;
	stage_many(0, STAGED_MAX);
	commit("unit");
	change("/etc/more", "more");
	assert_int_equal(room(), -E2BIG);
	assert_int_equal(run(), -E2BIG);
	assert_root_count(world.w->root, "/etc", STAGED_MAX + 1);
}

static void test_without_a_history_there_is_no_room(void **state)
{
	(void)state;
	assert_int_equal(room(), -ENOENT);
	assert_int_equal(run(), -ENOENT);
}

/* ---- whatever fails --------------------------------------------------------------------- */

static bool is_whole(void)
{
	scoped_ptr char *a = root_path(world.w->root, "/etc/a"),
			*made = root_path(world.w->root, "/etc/made"),
			*gone = root_path(world.w->root, "/etc/gone");
	scoped_ptr char *text_a = unit_file_read(a), *text_made = unit_file_read(made),
			*text_gone = unit_file_read(gone);
	bool old = text_a && strcmp(text_a, "old") == 0;

	return old ? !text_made && text_gone : text_made && !text_gone;
}

/* Whoever comes next, after a crash as well. */
static void recover(void)
{
	const struct commit_place place = { world.w->root->fd, world.w->host.state_fd };
	scoped_journal journal = JOURNAL_NONE;
	const char *step;

	assert_int_equal(commit_take_turn(&place, &journal, &step), 0);
}

static void test_any_call_that_fails_takes_all_back_or_nothing_and_the_next_try_does(void **state)
{
	unsigned int nth = 1;

	(void)state;
	for (bool has_failed = true; has_failed; nth++) {
		size_t open;
		int r;

		world.pending.first = revisions() + 1;
		root_write(world.w->root, "/etc/a", "old");
		root_write(world.w->root, "/etc/gone", "gone");
		handouts_clear(&world.w->session->handouts);
		commit_stage(world.w, "/etc/a", "new");
		commit_stage(world.w, "/etc/gone", NULL);
		commit_stage(world.w, "/etc/made", "made");
		commit("unit");
		open = unit_open_descriptors();
		r = run_with_fault(nth, &has_failed);
		assert_true(r == 0 || has_failed);
		rollback_forget();
		assert_int_equal(unit_open_descriptors(), open);
		recover();
		if (!is_whole())
			fail_msg("%s failed: files are mixed", fault_name());
		assert_int_equal(run(), 0);
		assert_file("/etc/a", "old");
		assert_file("/etc/gone", "gone");
		assert_file("/etc/made", NULL);
		assert_root_count(world.w->root, "/etc", 2);
	}
	assert_true(nth > 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_files_changed_made_and_removed_are_what_they_were),
		TEST(test_directories_that_were_made_go_with_their_files),
		TEST(test_a_file_made_again_has_its_owner_and_mode_back),
		TEST(test_of_several_commits_the_oldest_bytes_come_back),
		TEST(test_what_somebody_else_has_changed_stays),
		TEST(test_what_another_user_has_committed_stays),
		TEST(test_a_file_of_both_users_stays_and_is_told),
		TEST(test_where_the_directory_is_gone_nothing_comes_back_and_it_is_told),
		TEST(test_it_is_a_revision_that_can_be_taken_back_itself),
		TEST(test_again_is_nothing),
		TEST(test_commits_that_come_to_nothing_are_no_revision),
		TEST(test_a_revision_that_is_missing_is_told),
		TEST(test_where_none_is_left_that_is_told),
		TEST(test_a_revision_that_is_damaged_takes_nothing_back),
		TEST(test_there_is_room_for_what_can_be_taken_back_at_once),
		TEST(test_too_many_are_not_taken_back_in_part),
		TEST(test_without_a_history_there_is_no_room),
		TEST(test_any_call_that_fails_takes_all_back_or_nothing_and_the_next_try_does),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
