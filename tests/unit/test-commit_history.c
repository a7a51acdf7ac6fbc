/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/commit_history.c, and what commit.c and journal_recover.c have to do with it:
 * a commit that was done is a revision, sooner or later, and no other is.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/memfd.h"
#include "monitor/commit.h"
#include "monitor/confirm/pending.h"
#include "monitor/confirm/rollback.h"
#include "monitor/history/history.h"
#include "monitor/journal/journal.h"

struct world {
	struct root *root; /* its /s is the state directory */
	int state_fd;
	struct policy *policy;
	struct handouts handouts;
	struct staged staged[STAGED_MAX];
	size_t count;
	struct client who;
	struct commit_origin origin;
	uint64_t counts[STAGED_MAX];
	struct commit_result result;
};

static void add_section(struct policy *policy, const char *path)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, path, &file), 0);
	file->create_mode = 0644;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *root;

	assert_non_null(w);
	root_setup(&root);
	w->root = root;
	root_mkdir(w->root, "/s");
	w->state_fd = openat(w->root->fd, "s", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->policy = policy_new();
	add_section(w->policy, "/*");
	w->who = client_new("unit");
	w->who.pid = 42;
	w->who.uid = 1000;
	strcpy(w->who.unit, "panel.service");
	w->origin = (struct commit_origin){
		.who = &w->who,
		.method = "config.commit",
		.changes = -1,
	};
	*state = w;
	return 0;
}

static void unstage(struct world *w)
{
	for (size_t i = 0; i < w->count; i++) {
		close_fd(w->staged[i].content);
		former_free(w->staged[i].former);
	}
	memset(w->staged, 0, sizeof(w->staged));
	w->count = 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root;

	unstage(w);
	handouts_clear(&w->handouts);
	policy_free(w->policy);
	close_fd(w->state_fd);
	root_teardown(&root);
	free(w);
	return 0;
}

static int memfd(const char *text)
{
	int fd = text ? memfd_of("unit", text, strlen(text)) : -1;

	assert_int_equal(fd >= 0, text != NULL);
	return fd;
}

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
	w->result = commit_files(&place, w->policy, &w->origin, w->staged, w->count, &w->handouts);
	return unit_capture_end();
}

static uint64_t commit(struct world *w, const char *old, const char *new)
{
	scoped_ptr char *logged = NULL;

	unstage(w);
	stage(w, "/f", old, new);
	logged = commit_logged(w);
	if (w->result.outcome != OUTCOME_DONE)
		fail_msg("%s", logged);
	return w->result.revision;
}

static int revision(struct world *w, uint64_t number, struct journal_entry *entry)
{
	scoped_fd dir = history_open(w->state_fd), fd = -1;

	assert_true(dir >= 0);
	fd = history_revision(dir, number);
	if (fd < 0)
		return fd;
	assert_int_equal(journal_entry_read(fd, entry), 0);
	return take_fd(&fd);
}

static void assert_side(int fd, const struct journal_side *side, const char *expected)
{
	scoped_fd content = journal_entry_content(fd, side);
	scoped_mapping mapping = { 0 };

	assert_int_equal(side->exists, expected != NULL);
	assert_int_equal(memfd_map(content, 1000, &mapping), 0);
	assert_int_equal(mapping.size, expected ? strlen(expected) : 0);
	assert_memory_equal(mapping.data, expected ? expected : "", mapping.size);
}

static enum journal_phase phase(struct world *w)
{
	scoped_fd journal = openat(w->state_fd, "journal", O_RDONLY | O_CLOEXEC);

	assert_true(journal >= 0);
	return journal_entry_phase(journal);
}

static int recover(struct world *w)
{
	const struct commit_place place = { .root_fd = w->root->fd, .state_fd = w->state_fd };
	scoped_rollback rollback = { 0 };
	int r;

	unit_capture_begin();
	r = commit_recover(&place, &rollback);
	free(unit_capture_end());
	return r;
}

/* ---- what is kept ------------------------------------------------------------------- */

static void a_commit_is_a_revision_with_all_that_belongs_to_it(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/a"), *logged = NULL;
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = -1, changes = memfd("changes");

	w->origin.changes = changes;
	w->origin.counts = w->counts;
	w->origin.reverts = 0;
	w->counts[0] = 3;
	stage(w, "/a", "old a", "new a");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(chown(path, 7, 65534), 0);
	assert_int_equal(setxattr(path, "trusted.unit", "yes", 3, 0), 0);
	stage(w, "/b", NULL, "new b");
	stage(w, "/c", "old c", NULL);
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_DONE);
	assert_int_equal(w->result.revision, 1);
	fd = revision(w, 1, &entry);
	assert_true(fd >= 0);
	assert_int_equal(entry.revision, 1);
	assert_int_equal(entry.who.pid, 42);
	assert_int_equal(entry.who.uid, 1000);
	assert_string_equal(entry.who.unit, "panel.service");
	assert_string_equal(entry.method, "config.commit");
	assert_in_range(entry.usec, UINT64_C(1700000000000000), UINT64_C(9000000000000000));
	assert_int_equal(entry.count, 3);
	assert_string_equal(entry.file[0].section, "/*");
	assert_int_equal(entry.file[0].changes, 3);
	assert_int_equal(entry.file[0].uid, 7);
	assert_int_equal(entry.file[0].gid, 65534);
	assert_int_equal(entry.file[0].mode, S_IFREG | 0640);
	assert_true(entry.file[0].attributes_size > 0);
	assert_side(fd, &entry.file[0].old, "old a");
	assert_side(fd, &entry.file[0].new, "new a");
	assert_side(fd, &entry.file[1].old, NULL);
	assert_side(fd, &entry.file[2].new, NULL);
	assert_side(fd, &entry.changes, "changes");
	assert_int_equal(phase(w), JOURNAL_OVER);
}

static void each_commit_has_the_next_number(void **state)
{
	struct world *w = *state;

	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(commit(w, "old", "new"), i);
	assert_root_count(w->root, "/s/history", 5);
}

static void the_policy_says_how_many_and_what_is_needed_stays(void **state)
{
	const struct pending pending = { .first = 4, .user = "unit" };
	struct world *w = *state;
	scoped_fd dir = -1;

	w->policy->history.count = 2;
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(commit(w, "old", "new"), i);
	assert_root_count(w->root, "/s/history", 2);
	close_fd(pending_write(w->state_fd, &pending));
	for (uint64_t i = 6; i <= 9; i++)
		assert_int_equal(commit(w, "old", "new"), i);
	assert_root_count(w->root, "/s/history", 6);
	w->policy->history.count = 1;
	w->policy->history.bytes = 0;
	assert_int_equal(pending_remove(w->state_fd), 0);
	assert_int_equal(commit(w, "old", "new"), 10);
	dir = history_open(w->state_fd);
	assert_int_equal(history_revision(dir, 10), -ENOENT);
	assert_int_equal(commit(w, "old", "new"), 11);
}

static void where_none_is_wanted_none_is_kept(void **state)
{
	struct world *w = *state;

	w->policy->history.off = true;
	assert_int_equal(commit(w, "old", "new"), 0);
	assert_int_equal(history_open(w->state_fd), -ENOENT);
	w->policy->history.off = false;
	w->state_fd = close_fd(w->state_fd);
	assert_int_equal(commit(w, "old", "new"), 0);
	w->state_fd = openat(w->root->fd, "s", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(history_open(w->state_fd), -ENOENT);
}

static void what_is_not_done_is_no_revision(void **state)
{
	struct world *w = *state;
	scoped_ptr char *logged = NULL;

	stage(w, "/f", "old", "new");
	stage(w, "/g", "old", "new");
	root_write(w->root, "/g", "theirs");
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_CONFLICT);
	assert_int_equal(w->result.revision, 0);
	/* the second switch of the same file finds it changed, by the first one */
	unstage(w);
	stage(w, "/f", "old", "new");
	stage(w, "/f", "old", "newer");
	free(logged);
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_CONFLICT);
	assert_root_count(w->root, "/s/history", 0);
	assert_int_equal(commit(w, "old", "new"), 1);
}

/* ---- when it cannot be written ------------------------------------------------------ */

static void without_room_for_the_revision_nothing_is_committed(void **state)
{
	scoped_ptr char *large = unit_repeat('x', 150 << 10);
	struct world *w = *state;
	scoped_ptr char *logged = NULL;

	root_mkdir(w->root, "/small");
	root_mount_tmpfs(w->root, "/small", "size=256k,mode=0700");
	close_fd(w->state_fd);
	w->state_fd = openat(w->root->fd, "small", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* the journal alone fits in */
	stage(w, "/f", "old", large);
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_IO);
	assert_string_equal(w->result.failure.step, "write the history");
	assert_int_equal(w->result.failure.error, ENOSPC);
	assert_root_content(w->root, "/f", "old");
	assert_root_count(w->root, "/small/history", 0);
	assert_int_equal(phase(w), JOURNAL_OVER);
}

static void in_a_directory_that_is_not_roots_alone_nothing_is_kept_and_nothing_done(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/s/history"), *logged = NULL;

	root_mkdir(w->root, "/s/history");
	assert_int_equal(chmod(path, 0770), 0);
	stage(w, "/f", "old", "new");
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_IO);
	assert_string_equal(w->result.failure.step, "open the history");
	assert_int_equal(w->result.failure.error, EPERM);
	assert_root_content(w->root, "/f", "old");
}

/* ---- after a crash ------------------------------------------------------------------ */

/* As if the process had died right after that phase was on disk; the revision is not there. */
static void crash_after(struct world *w, enum journal_phase phase_then)
{
	scoped_fd journal = openat(w->state_fd, "journal", O_RDWR | O_CLOEXEC);
	scoped_ptr char *path = root_path(w->root, "/s/history/1");

	assert_int_equal(unlink(path), 0);
	assert_int_equal(journal_entry_set_phase(journal, phase_then), 0);
}

static void a_crash_before_it_is_written_down_loses_no_revision(void **state)
{
	struct world *w = *state;
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = -1;

	commit(w, "old", "new");
	crash_after(w, JOURNAL_DONE);
	for (int i = 0; i < 2; i++)
		assert_int_equal(recover(w), 0);
	assert_int_equal(phase(w), JOURNAL_OVER);
	assert_root_count(w->root, "/s/history", 1);
	fd = revision(w, 1, &entry);
	assert_true(fd >= 0);
	assert_side(fd, &entry.file[0].new, "new");
	assert_int_equal(entry.phase, JOURNAL_OVER);
}

static void the_next_commit_writes_it_down_as_well(void **state)
{
	struct world *w = *state;

	commit(w, "old", "new");
	crash_after(w, JOURNAL_DONE);
	assert_int_equal(commit(w, "new", "newer"), 2);
	assert_root_count(w->root, "/s/history", 2);
}

static void what_was_taken_back_after_a_crash_is_no_revision(void **state)
{
	struct world *w = *state;
	scoped_fd dir = history_make(w->state_fd), journal = -1;

	commit(w, "old", "new");
	crash_after(w, JOURNAL_SWITCHING);
	journal = openat(w->state_fd, "journal", O_RDWR | O_CLOEXEC);
	assert_int_equal(history_prepare(dir, journal), 0);
	assert_int_equal(recover(w), 0);
	assert_root_content(w->root, "/f", "old");
	assert_root_count(w->root, "/s/history", 0);
	assert_int_equal(commit(w, "old", "new"), 1);
}

static void as_long_as_it_cannot_be_written_down_nothing_is_committed(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/s/history"), *logged = NULL;

	commit(w, "old", "new");
	crash_after(w, JOURNAL_DONE);
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(recover(w), -EPERM);
	unstage(w);
	stage(w, "/f", "new", "newer");
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_IO);
	assert_string_equal(w->result.failure.step, "take back a commit that was interrupted");
	assert_int_equal(phase(w), JOURNAL_DONE);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(commit(w, "new", "newer"), 2);
	assert_root_count(w->root, "/s/history", 2);
}

/* ---- one that is made again ---------------------------------------------------------- */

static void a_file_that_comes_back_has_what_belonged_to_it(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/f"), *logged = NULL;
	scoped_journal_entry entry = { 0 };
	struct former *former = calloc(1, sizeof(*former));
	scoped_fd fd = -1;
	struct stat st;
	char value[8];

	stage(w, "/f", "old", NULL);
	assert_int_equal(chown(path, 7, 65534), 0);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(setxattr(path, "trusted.unit", "yes", 3, 0), 0);
	logged = commit_logged(w);
	assert_root_content(w->root, "/f", NULL);
	fd = revision(w, 1, &entry);
	*former = (struct former){
		.uid = entry.file[0].uid,
		.gid = entry.file[0].gid,
		.mode = entry.file[0].mode,
		.attributes = take_ptr(entry.file[0].attributes),
		.attributes_size = entry.file[0].attributes_size,
	};
	unstage(w);
	stage(w, "/f", NULL, "old");
	w->staged[0].former = former;
	free(logged);
	logged = commit_logged(w);
	assert_int_equal(w->result.outcome, OUTCOME_DONE);
	st = root_stat(w->root, "/f");
	assert_int_equal(st.st_uid, 7);
	assert_int_equal(st.st_gid, 65534);
	assert_int_equal(st.st_mode, S_IFREG | 0604);
	assert_int_equal(getxattr(path, "trusted.unit", value, sizeof(value)), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_commit_is_a_revision_with_all_that_belongs_to_it),
		TEST(each_commit_has_the_next_number),
		TEST(the_policy_says_how_many_and_what_is_needed_stays),
		TEST(where_none_is_wanted_none_is_kept),
		TEST(what_is_not_done_is_no_revision),
		TEST(without_room_for_the_revision_nothing_is_committed),
		TEST(in_a_directory_that_is_not_roots_alone_nothing_is_kept_and_nothing_done),
		TEST(a_crash_before_it_is_written_down_loses_no_revision),
		TEST(the_next_commit_writes_it_down_as_well),
		TEST(what_was_taken_back_after_a_crash_is_no_revision),
		TEST(as_long_as_it_cannot_be_written_down_nothing_is_committed),
		TEST(a_file_that_comes_back_has_what_belonged_to_it),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
