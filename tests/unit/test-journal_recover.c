/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/journal/journal_recover.c: whatever was found, the files are what they were
 * before, or as somebody has made them since, and nothing is left beside them.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/memfd.h"
#include "common/metadata.h"
#include "monitor/journal/journal_recover.h"

#define TEMPORARY ".exmachina-1.tmp"

struct world {
	struct root *root;
	char *state;
	struct journal journal;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *root;
	int fd;

	assert_non_null(w);
	root_setup(&root);
	w->root = root;
	w->state = unit_directory_make();
	fd = open(w->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(journal_open(fd, 0, &w->journal), 0);
	root_mkdir(w->root, "/etc");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root;

	close_fd(w->journal.state_fd);
	journal_close(&w->journal);
	root_teardown(&root);
	unit_directory_remove(w->state);
	free(w);
	return 0;
}

/* /etc/f from `old` to `new`; NULL: it does not exist then. */
static void begin(struct world *w, const char *old, const char *new, enum journal_phase phase)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd before = old ? memfd_of("old", old, strlen(old)) : -1;
	scoped_fd after = new ? memfd_of("new", new, strlen(new)) : -1;
	const int content[] = { before, after };

	assert_int_equal(journal_entry_new(&entry), 0);
	entry.count = 1;
	entry.file[0].path = strdup("/etc/f");
	strcpy(entry.file[0].temporary, TEMPORARY);
	entry.file[0].mode = S_IFREG | 0604;
	entry.file[0].gid = 7;
	assert_int_equal(journal_begin(&w->journal, &entry, content, -1), 0);
	assert_int_equal(journal_entry_set_phase(w->journal.file, phase), 0);
}

static char *recover(struct world *w)
{
	int r;
	char *logged;

	unit_capture_begin();
	r = journal_recover(w->root->fd, &w->journal);
	logged = unit_capture_end();
	if (r < 0)
		fail_msg("%s: %s", strerror(-r), logged);
	assert_int_equal(journal_entry_phase(w->journal.file), JOURNAL_OVER);
	return logged;
}

/* What can be found, and what is made of it. NULL: no such file. */
struct scene {
	enum journal_phase phase;
	const char *old, *new;      /* of the commit */
	const char *shown, *beside; /* when recovery begins: the name, the temporary name */
	const char *expected;       /* the name, after it */
	bool contrary;              /* and it is told that somebody else was there */
};

static const struct scene scenes[] = {
	/* nothing was switched */
	{ JOURNAL_WRITING, "old", "new", "old", NULL, "old", false },
	{ JOURNAL_WRITING, "old", "new", "old", "ne", "old", false },
	{ JOURNAL_WRITING, "old", "new", "theirs", "new", "theirs", false },
	{ JOURNAL_WRITING, NULL, "new", NULL, "new", NULL, false },
	{ JOURNAL_WRITING, "old", NULL, "old", NULL, "old", false },
	/* all was switched, but the power failed before the phase was on disk */
	{ JOURNAL_WRITING, "old", "new", "new", "old", "old", false },
	{ JOURNAL_WRITING, NULL, "new", "new", NULL, NULL, false },
	{ JOURNAL_WRITING, "old", NULL, NULL, "old", "old", false },
	{ JOURNAL_WRITING, "old", "new", "theirs", "old", "theirs", true },
	/* what somebody else does meanwhile is his */
	{ JOURNAL_WRITING, "old", NULL, NULL, NULL, NULL, false },
	{ JOURNAL_WRITING, "old", "new", NULL, "new", NULL, false },
	{ JOURNAL_WRITING, NULL, "new", "theirs", "new", "theirs", true },
	/* a file that changes */
	{ JOURNAL_SWITCHING, "old", "new", "old", "new", "old", false },
	{ JOURNAL_SWITCHING, "old", "new", "new", "old", "old", false },
	{ JOURNAL_SWITCHING, "old", "new", "new", "theirs", "theirs", false },
	{ JOURNAL_SWITCHING, "old", "new", "new", NULL, "old", false },
	{ JOURNAL_SWITCHING, "old", "new", "new", "new", "old", false },
	{ JOURNAL_SWITCHING, "old", "new", "old", NULL, "old", false },
	{ JOURNAL_SWITCHING, "old", "new", "theirs", "old", "theirs", true },
	{ JOURNAL_SWITCHING, "old", "new", NULL, "old", NULL, true },
	{ JOURNAL_SWITCHING, "old", "", "", "old", "old", false },
	{ JOURNAL_SWITCHING, "", "new", "new", "", "", false },
	/* a file that is made */
	{ JOURNAL_SWITCHING, NULL, "new", NULL, "new", NULL, false },
	{ JOURNAL_SWITCHING, NULL, "new", "new", NULL, NULL, false },
	{ JOURNAL_SWITCHING, NULL, "new", NULL, NULL, NULL, false },
	{ JOURNAL_SWITCHING, NULL, "new", "theirs", "new", "theirs", true },
	{ JOURNAL_SWITCHING, NULL, "", "", NULL, NULL, false },
	/* a file that is removed */
	{ JOURNAL_SWITCHING, "old", NULL, "old", NULL, "old", false },
	{ JOURNAL_SWITCHING, "old", NULL, NULL, "old", "old", false },
	{ JOURNAL_SWITCHING, "old", NULL, NULL, NULL, "old", false },
	{ JOURNAL_SWITCHING, "old", NULL, "theirs", "old", "theirs", true },
	/* all was switched */
	{ JOURNAL_DONE, "old", "new", "new", "old", "new", false },
	{ JOURNAL_DONE, "old", "new", "new", NULL, "new", false },
	{ JOURNAL_DONE, "old", "new", "theirs", "old", "theirs", false },
	{ JOURNAL_DONE, NULL, "new", "new", NULL, "new", false },
	{ JOURNAL_DONE, "old", NULL, NULL, "old", NULL, false },
	/* there is nothing to do */
	{ JOURNAL_OVER, "old", "new", "new", NULL, "new", false },
};

static void each_scene_ends_as_it_should(void **state)
{
	struct world *w = *state;
	scoped_ptr char *f = root_path(w->root, "/etc/f");
	scoped_ptr char *temporary = root_path(w->root, "/etc/" TEMPORARY);

	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		const struct scene *s = &scenes[i];
		scoped_ptr char *logged = NULL;
		bool contrary;

		unlink(f);
		if (s->shown)
			root_write(w->root, "/etc/f", s->shown);
		if (s->beside)
			root_write(w->root, "/etc/" TEMPORARY, s->beside);
		begin(w, s->old, s->new, s->phase);
		logged = recover(w);
		print_message("# scene %zu: %s%s", i, logged, logged[0] ? "" : "\n");
		assert_root_content(w->root, "/etc/f", s->expected);
		assert_int_equal(access(temporary, F_OK), -1);
		contrary = strstr(logged, "unfinished.") != NULL;
		assert_int_equal(contrary, s->contrary);
	}
}

static void a_file_that_is_made_anew_has_what_belongs_to_it(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/etc/f"), *logged = NULL;
	scoped_journal_entry entry = { 0 };
	scoped_fd before = memfd_of("old", "old", 3), after = memfd_of("new", "new", 3), fd = -1;
	const int content[] = { before, after };
	struct stat st;
	char value[4];

	root_write(w->root, "/etc/f", "old");
	assert_int_equal(chown(path, 65534, 7), 0);
	assert_int_equal(chmod(path, 0604), 0);
	if (setxattr(path, "trusted.unit", "abc", 3, 0) < 0)
		unit_skip_test("the file system has no attributes");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	st = root_stat(w->root, "/etc/f");
	assert_int_equal(journal_entry_new(&entry), 0);
	entry.count = 1;
	entry.file[0].path = strdup("/etc/f");
	strcpy(entry.file[0].temporary, TEMPORARY);
	entry.file[0].uid = st.st_uid;
	entry.file[0].gid = st.st_gid;
	entry.file[0].mode = st.st_mode;
	assert_int_equal(metadata_export(fd, JOURNAL_ATTRIBUTES_MAX, &entry.file[0].attributes,
					 &entry.file[0].attributes_size),
			 0);
	assert_int_equal(journal_begin(&w->journal, &entry, content, -1), 0);
	assert_int_equal(journal_switch(&w->journal), 0);
	unlink(path);
	root_write(w->root, "/etc/f", "new");
	logged = recover(w);
	assert_root_content(w->root, "/etc/f", "old");
	st = root_stat(w->root, "/etc/f");
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 7);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(getxattr(path, "trusted.unit", value, sizeof(value)), 3);
	assert_root_count(w->root, "/etc", 1);
}

static void what_is_contrary_keeps_the_entry_under_another_name(void **state)
{
	struct world *w = *state;
	scoped_ptr char *logged = NULL;

	begin(w, "old", "new", JOURNAL_SWITCHING);
	root_write(w->root, "/etc/f", "theirs");
	logged = recover(w);
	assert_non_null(strstr(logged, "/etc/f was changed by somebody else"));
	assert_int_equal(unit_directory_count(w->state), 2);
}

/* /etc/a/b/f is new, and so are a and b, of the owner 65534. */
static void begin_below(struct world *w, enum journal_phase phase)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd after = memfd_of("new", "new", 3);
	const int content[] = { -1, after };

	assert_int_equal(journal_entry_new(&entry), 0);
	entry.count = 1;
	entry.file[0].path = strdup("/etc/a/b/f");
	strcpy(entry.file[0].temporary, TEMPORARY);
	entry.file[0].dirs = 2;
	entry.file[0].dirs_kind = (struct directory_kind){ .uid = 65534, .gid = 7, .mode = 0750 };
	assert_int_equal(journal_begin(&w->journal, &entry, content, -1), 0);
	assert_int_equal(journal_entry_set_phase(w->journal.file, phase), 0);
}

static void make_one(struct world *w, const char *path)
{
	scoped_ptr char *full = root_path(w->root, path);

	root_mkdir(w->root, path);
	assert_int_equal(chown(full, 65534, 7), 0);
	assert_int_equal(chmod(full, 0750), 0);
}

static void directories_that_were_made_go_again_wherever_it_was_interrupted(void **state)
{
	static const char *const made[] = { "/etc/a", ("/etc/a/" TEMPORARY), "/etc/a/b" };
	struct world *w = *state;

	for (size_t i = 0; i <= ARRAY_SIZE(made); i++) {
		scoped_ptr char *logged = NULL;

		for (size_t k = 0; k < i; k++)
			make_one(w, made[k]);
		begin_below(w, JOURNAL_WRITING);
		logged = recover(w);
		assert_root_count(w->root, "/etc", 0);
	}
	for (int beside = 0; beside < 2; beside++) {
		scoped_ptr char *logged = NULL;

		make_one(w, "/etc/a");
		make_one(w, "/etc/a/b");
		root_write(w->root, beside ? "/etc/a/b/" TEMPORARY : "/etc/a/b/f", "new");
		begin_below(w, JOURNAL_SWITCHING);
		logged = recover(w);
		assert_root_count(w->root, "/etc", 0);
	}
}

static void directories_stay_with_what_was_done_and_with_what_is_in_them(void **state)
{
	struct world *w = *state;
	scoped_ptr char *logged = NULL, *again = NULL;

	make_one(w, "/etc/a");
	make_one(w, "/etc/a/b");
	root_write(w->root, "/etc/a/b/f", "new");
	begin_below(w, JOURNAL_DONE);
	logged = recover(w);
	assert_root_content(w->root, "/etc/a/b/f", "new");
	root_write(w->root, "/etc/a/b/theirs", "x");
	begin_below(w, JOURNAL_SWITCHING);
	again = recover(w);
	assert_root_content(w->root, "/etc/a/b/f", NULL);
	assert_root_content(w->root, "/etc/a/b/theirs", "x");
}

static void a_directory_that_is_gone_or_a_link_is_told_and_left(void **state)
{
	struct world *w = *state;
	scoped_ptr char *etc = root_path(w->root, "/etc"), *logged = NULL;

	begin(w, "old", "new", JOURNAL_SWITCHING);
	assert_int_equal(rmdir(etc), 0);
	root_mkdir(w->root, "/elsewhere");
	root_write(w->root, "/elsewhere/f", "new");
	root_symlink(w->root, "elsewhere", "/etc");
	logged = recover(w);
	assert_non_null(strstr(logged, "the directory is not there any more"));
	assert_root_content(w->root, "/elsewhere/f", "new");
}

static void one_that_was_cut_while_it_was_written_has_changed_nothing(void **state)
{
	struct world *w = *state;
	scoped_ptr char *logged = NULL;

	begin(w, "old", "new", JOURNAL_SWITCHING);
	assert_int_equal(ftruncate(w->journal.file, 100), 0);
	root_write(w->root, "/etc/f", "new");
	logged = recover(w);
	assert_root_content(w->root, "/etc/f", "new");
}

static void without_a_state_directory_there_is_nothing_to_do(void **state)
{
	struct world *w = *state;
	scoped_journal journal = JOURNAL_NONE;

	assert_int_equal(journal_open(-1, 0, &journal), 0);
	assert_int_equal(journal_recover(w->root->fd, &journal), 0);
}

static void only_one_at_a_time_has_it(void **state)
{
	struct world *w = *state;
	scoped_journal other = JOURNAL_NONE;
	int state_fd = w->journal.state_fd;

	assert_int_equal(journal_open(state_fd, 10, &other), -ETIMEDOUT);
	journal_close(&w->journal);
	assert_int_equal(journal_open(state_fd, 10, &other), 0);
	assert_int_equal(journal_open(state_fd, 10, &w->journal), -ETIMEDOUT);
	w->journal.state_fd = state_fd;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_scene_ends_as_it_should),
		TEST(a_file_that_is_made_anew_has_what_belongs_to_it),
		TEST(what_is_contrary_keeps_the_entry_under_another_name),
		TEST(a_directory_that_is_gone_or_a_link_is_told_and_left),
		TEST(directories_that_were_made_go_again_wherever_it_was_interrupted),
		TEST(directories_stay_with_what_was_done_and_with_what_is_in_them),
		TEST(one_that_was_cut_while_it_was_written_has_changed_nothing),
		TEST(without_a_state_directory_there_is_nothing_to_do),
		TEST(only_one_at_a_time_has_it),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
