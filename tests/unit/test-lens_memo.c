/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/lens_memo.c: what was found out is found again, as long as the lenses are the
 * same, and never from a file that is not whole or not root's alone. */
#include "root_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/lens_memo.h"

#define PATH "/etc/hosts"
#define LENS "Hosts.lns"

struct world {
	char *state;
	char *lenses;
	char *lens_path; /* that directory, and one that is not there */
	int state_fd;
};

static void write_lens(const struct world *w, const char *name, const char *text)
{
	scoped_ptr char *path = unit_path(w->lenses, name);

	unit_file_write(path, text);
}

static int make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	w->state = unit_directory_make();
	w->lenses = unit_directory_make();
	w->state_fd = open(w->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->state_fd < 0 || asprintf(&w->lens_path, "%s:/nowhere/lenses", w->lenses) < 0)
		return -1;
	write_lens(w, "hosts.aug", "module Hosts");
	*state = w;
	return 0;
}

static int unmake(void **state)
{
	struct world *w = *state;

	close_fd(w->state_fd);
	unit_directory_remove(w->state);
	unit_directory_remove(w->lenses);
	free(w->lens_path);
	free(w);
	return 0;
}

/* When what the test has just written has been there for a while. */
static time_t later(void)
{
	return time(NULL) + 10;
}

static void note_at(const struct world *w, time_t now, const char *path, const char *lens)
{
	struct lens_memo *memo = lens_memo_open(w->state_fd, w->lens_path, now);

	assert_non_null(memo);
	lens_memo_note(memo, path, lens);
	assert_null(lens_memo_close(memo));
}

static void note(const struct world *w, const char *path, const char *lens)
{
	note_at(w, later(), path, lens);
}

/* "": nothing is known. */
static void expect(const struct world *w, const char *path, const char *wanted)
{
	scoped(lens_memo_closep) struct lens_memo *memo =
		lens_memo_open(w->state_fd, w->lens_path, time(NULL));
	scoped_ptr char *lens = lens_memo_find(memo, path);

	assert_string_equal(lens ? lens : "", wanted);
}

static void what_was_noted_is_found_again(void **state)
{
	const struct world *w = *state;

	expect(w, PATH, "");
	note(w, PATH, LENS);
	note(w, "/etc/a b", "Other.lns");
	expect(w, PATH, LENS);
	expect(w, "/etc/a b", "Other.lns");
	expect(w, "/etc/host", "");
	expect(w, "/etc/a", "");
	expect(w, "", "");
}

static void nothing_is_known_once_a_lens_is_another(void **state)
{
	const struct world *w = *state;
	scoped_ptr char *path = unit_path(w->lenses, "hosts.aug");

	/* of other lengths, since the time of change of a file stands still for some milliseconds
	 */
	note(w, PATH, LENS);
	write_lens(w, "hosts.aug", "module Another");
	expect(w, PATH, "");
	note(w, PATH, LENS);
	expect(w, PATH, LENS);
	assert_int_equal(unlink(path), 0);
	expect(w, PATH, "");
	write_lens(w, "hosts.aug", "module Yet_another");
	expect(w, PATH, "");
}

static void nothing_is_kept_while_a_lens_may_change_unseen(void **state)
{
	const struct world *w = *state;

	note_at(w, time(NULL), PATH, LENS);
	expect(w, PATH, "");
	/* a clock that was set back */
	note_at(w, time(NULL) - 1000, PATH, LENS);
	expect(w, PATH, "");
	note(w, PATH, LENS);
	expect(w, PATH, LENS);
}

static void nothing_is_known_once_there_are_more_lenses(void **state)
{
	const struct world *w = *state;

	note(w, PATH, LENS);
	write_lens(w, "notes.txt", "no lens");
	expect(w, PATH, LENS);
	write_lens(w, "more.aug", "module More");
	expect(w, PATH, "");
}

static void nothing_is_known_of_other_directories(void **state)
{
	struct world *w = *state;

	note(w, PATH, LENS);
	free(w->lens_path);
	w->lens_path = NULL;
	assert_true(asprintf(&w->lens_path, "/nowhere/lenses:%s", w->lenses) > 0);
	expect(w, PATH, "");
	/* what is no directory holds no lenses that could be looked at */
	assert_null(lens_memo_open(w->state_fd, "/dev/null", later()));
}

static void every_changed_byte_makes_it_void(void **state)
{
	const struct world *w = *state;
	scoped_fd fd = -1;
	struct stat st;
	char byte, other;

	note(w, PATH, LENS);
	fd = openat(w->state_fd, "lenses", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		other = (char)(byte ^ 1);
		assert_int_equal(pwrite(fd, &other, 1, at), 1);
		expect(w, PATH, "");
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	expect(w, PATH, LENS);
	for (off_t size = st.st_size - 1; size >= 0; size--) {
		assert_int_equal(ftruncate(fd, size), 0);
		expect(w, PATH, "");
	}
}

static void a_file_that_is_not_roots_alone_is_not_used(void **state)
{
	const struct world *w = *state;

	note(w, PATH, LENS);
	assert_int_equal(fchmodat(w->state_fd, "lenses", 0644, 0), 0);
	assert_null(lens_memo_open(w->state_fd, w->lens_path, later()));
	assert_int_equal(fchmodat(w->state_fd, "lenses", 0600, 0), 0);
	assert_int_equal(fchownat(w->state_fd, "lenses", 1, 0, 0), 0);
	assert_null(lens_memo_open(w->state_fd, w->lens_path, later()));
	assert_int_equal(unlinkat(w->state_fd, "lenses", 0), 0);
	assert_int_equal(symlinkat("elsewhere", w->state_fd, "lenses"), 0);
	assert_null(lens_memo_open(w->state_fd, w->lens_path, later()));
}

static void what_is_no_lens_is_not_noted(void **state)
{
	const struct world *w = *state;

	note(w, PATH, "../Evil.lns");
	expect(w, PATH, "");
	note(w, PATH, "");
	expect(w, PATH, "");
	note(w, "/etc/x\nHosts.lns /etc/hosts", LENS);
	expect(w, PATH, "");
}

static void it_takes_no_more_than_it_has_room_for(void **state)
{
	const struct world *w = *state;
	struct lens_memo *memo = lens_memo_open(w->state_fd, w->lens_path, later());
	char path[1024], last[1024];

	assert_non_null(memo);
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/%01000d", i);
		lens_memo_note(memo, path, LENS);
	}
	lens_memo_close(memo);
	expect(w, "/0", "");
	snprintf(path, sizeof(path), "/%01000d", 0);
	snprintf(last, sizeof(last), "/%01000d", 99);
	expect(w, path, LENS);
	expect(w, last, "");
}

static void without_a_state_directory_nothing_is_known(void **state)
{
	const struct world *w = *state;
	struct lens_memo *memo = lens_memo_open(-1, w->lens_path, later());

	assert_null(memo);
	lens_memo_note(memo, PATH, LENS);
	assert_null(lens_memo_find(memo, PATH));
	assert_null(lens_memo_close(memo));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_noted_is_found_again),
		TEST(nothing_is_known_once_a_lens_is_another),
		TEST(nothing_is_kept_while_a_lens_may_change_unseen),
		TEST(nothing_is_known_once_there_are_more_lenses),
		TEST(nothing_is_known_of_other_directories),
		TEST(every_changed_byte_makes_it_void),
		TEST(a_file_that_is_not_roots_alone_is_not_used),
		TEST(what_is_no_lens_is_not_noted),
		TEST(it_takes_no_more_than_it_has_room_for),
		TEST(without_a_state_directory_nothing_is_known),
	};
	int r = root_enter();

	return r != 0 ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
