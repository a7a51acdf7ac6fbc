/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/confirm/pending.c: what waits to be confirmed is whole, or is said to be bad.
 */
#include "fault_fixture.h"
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "monitor/confirm/pending.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

struct world {
	struct root *root;
	int state_fd;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *root;

	assert_non_null(w);
	root_setup(&root);
	w->root = root;
	w->state_fd = openat(w->root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->state_fd >= 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root;

	close_fd(w->state_fd);
	root_teardown(&root);
	free(w);
	return 0;
}

static struct pending some(void)
{
	struct pending pending = { .first = 7, .dead_man = true, .user = "panel" };

	pending_set_token(&pending, TOKEN);
	assert_int_equal(pending_set_deadline(&pending, 60), 0);
	return pending;
}

static void write_some(struct world *w)
{
	const struct pending pending = some();

	close_fd(pending_write(w->state_fd, &pending));
}

static void assert_same(const struct pending *a, const struct pending *b)
{
	assert_int_equal(a->first, b->first);
	assert_memory_equal(a->token, b->token, sizeof(a->token));
	assert_int_equal(a->seconds, b->seconds);
	assert_int_equal(a->dead_man, b->dead_man);
	assert_int_equal(a->boottime, b->boottime);
	assert_int_equal(a->realtime, b->realtime);
	assert_true(sd_id128_equal(a->boot, b->boot));
	assert_string_equal(a->user, b->user);
}

/* ---- the token ------------------------------------------------------------------------ */

static void test_tokens_are_long_and_each_is_another(void **state)
{
	char one[PENDING_TOKEN_SIZE], two[PENDING_TOKEN_SIZE];

	(void)state;
	assert_int_equal(pending_make_token(one), 0);
	assert_int_equal(pending_make_token(two), 0);
	assert_int_equal(strlen(one), PENDING_TOKEN_SIZE - 1);
	assert_int_equal(strspn(one, "0123456789abcdef"), PENDING_TOKEN_SIZE - 1);
	assert_string_not_equal(one, two);
}

static void test_no_random_is_no_token(void **state)
{
	char token[PENDING_TOKEN_SIZE];

	(void)state;
	fault_arm(1);
	assert_int_equal(pending_make_token(token), -ENOSYS);
	assert_true(fault_disarm());
}

static void test_only_the_whole_token_is_it(void **state)
{
	static const char *const others[] = { "",
					      "0",
					      TOKEN "0",
					      TOKEN " ",
					      "0123456789abcdef0123456789abcdee",
					      "0123456789ABCDEF0123456789ABCDEF" };
	const struct pending pending = some();

	(void)state;
	assert_true(pending_has_token(&pending, TOKEN));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(pending_has_token(&pending, others[i]));
}

/* ---- the deadline --------------------------------------------------------------------- */

static void test_a_deadline_is_so_many_seconds_away(void **state)
{
	struct pending pending = some();
	uint64_t left = pending_left(&pending);

	(void)state;
	assert_in_range(left, 30000000, 60000000);
	pending_set_over(&pending);
	assert_int_equal(pending_left(&pending), 0);
}

static void test_in_the_same_boot_the_wall_clock_is_nothing(void **state)
{
	struct pending pending = some();

	(void)state;
	pending.realtime = 0;
	assert_true(pending_left(&pending) > 0);
	pending.boottime = 0;
	pending.realtime = UINT64_MAX;
	assert_int_equal(pending_left(&pending), 0);
}

static void test_in_another_boot_it_counts_but_no_longer_than_was_asked_for(void **state)
{
	struct pending pending = some();

	(void)state;
	pending.boot.bytes[0] ^= 1;
	pending.boottime = 0;
	assert_true(pending_left(&pending) > 0);
	pending.realtime = UINT64_MAX;
	assert_int_equal(pending_left(&pending), 60000000);
	pending.realtime = 1;
	assert_int_equal(pending_left(&pending), 0);
}

static void test_a_boot_that_cannot_be_told_is_another(void **state)
{
	struct pending pending = some();

	(void)state;
	pending.realtime = 1;
	fault_arm(1);
	assert_int_equal(pending_left(&pending), 0);
	assert_true(fault_disarm());
	fault_arm(1);
	assert_int_equal(pending_set_deadline(&pending, 1), -ENOSYS);
	assert_true(fault_disarm());
}

/* ---- the file -------------------------------------------------------------------------- */

static void test_what_is_written_is_read(void **state)
{
	struct world *w = *state;
	struct pending pending = some(), found;
	int file = pending_write(w->state_fd, &pending);

	assert_true(file >= 0);
	assert_int_equal(pending_read(w->state_fd, &found), 0);
	assert_same(&pending, &found);
	close_fd(file);
	memset(pending.user, 'u', POLICY_USER_MAX);
	pending.seconds = PENDING_SECONDS_MAX;
	pending.dead_man = false;
	close_fd(pending_write(w->state_fd, &pending));
	assert_int_equal(pending_read(w->state_fd, &found), 0);
	assert_same(&pending, &found);
	assert_int_equal(root_stat(w->root, "/pending").st_mode, S_IFREG | 0600);
	assert_root_count(w->root, "/", 1);
}

static void test_nothing_is_pending_where_there_is_no_file_and_no_directory(void **state)
{
	struct world *w = *state;
	struct pending found;

	assert_int_equal(pending_read(w->state_fd, &found), -ENOENT);
	assert_int_equal(pending_read(-1, &found), -ENOENT);
	assert_int_equal(pending_watch(w->state_fd, &found), -ENOENT);
	assert_int_equal(pending_watch(-1, &found), -ENOENT);
	assert_int_equal(pending_remove(w->state_fd), 0);
}

/* 0, or what is said of it with this byte changed. */
static int read_changed(struct world *w, const char *path, size_t at)
{
	struct pending found;
	int fd = open(path, O_RDWR | O_CLOEXEC), r;
	char byte, other;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	other = (char)(byte ^ 1);
	assert_int_equal(pwrite(fd, &other, 1, (off_t)at), 1);
	r = pending_read(w->state_fd, &found);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	close_fd(fd);
	return r;
}

static void test_one_byte_that_is_another_makes_it_bad(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/pending");
	struct pending found;
	size_t size;

	write_some(w);
	size = (size_t)root_stat(w->root, "/pending").st_size;
	for (size_t at = 0; at < size; at++)
		assert_int_equal(read_changed(w, path, at), -EBADMSG);
	assert_int_equal(pending_read(w->state_fd, &found), 0);
}

static void test_one_that_was_cut_anywhere_is_bad(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/pending");
	struct pending found;

	write_some(w);
	for (off_t size = root_stat(w->root, "/pending").st_size; size-- > 0;) {
		assert_int_equal(truncate(path, size), 0);
		assert_int_equal(pending_read(w->state_fd, &found), -EBADMSG);
	}
}

static void test_whole_bytes_that_mean_nothing_are_bad(void **state)
{
	struct world *w = *state;
	struct pending pending = some(), found;

	pending.first = 0;
	close_fd(pending_write(w->state_fd, &pending));
	assert_int_equal(pending_read(w->state_fd, &found), -EBADMSG);
	pending = some();
	pending.seconds = PENDING_SECONDS_MAX + 1;
	close_fd(pending_write(w->state_fd, &pending));
	assert_int_equal(pending_read(w->state_fd, &found), -EBADMSG);
	assert_int_equal(pending_watch(w->state_fd, &found), -EBADMSG);
}

static void test_a_link_is_not_followed(void **state)
{
	struct world *w = *state;
	const struct pending pending = some();
	struct pending found;

	root_write(w->root, "/other", "text");
	root_symlink(w->root, "other", "/pending");
	assert_int_equal(pending_read(w->state_fd, &found), -ELOOP);
	root_symlink(w->root, "other", "/pending.new");
	assert_int_equal(pending_write(w->state_fd, &pending), -ELOOP);
	assert_root_content(w->root, "/other", "text");
}

/* ---- who watches over it ---------------------------------------------------------------- */

static void test_one_server_at_a_time_watches_over_it(void **state)
{
	struct world *w = *state;
	const struct pending pending = some();
	struct pending found;
	int file = pending_write(w->state_fd, &pending), other;

	assert_int_equal(pending_watch(w->state_fd, &found), -EAGAIN);
	close_fd(file);
	file = pending_watch(w->state_fd, &found);
	assert_true(file >= 0);
	assert_same(&pending, &found);
	assert_int_equal(pending_watch(w->state_fd, &found), -EAGAIN);
	assert_true(pending_is_there(file));
	/* whoever writes it next has it */
	other = pending_write(w->state_fd, &pending);
	assert_true(other >= 0);
	assert_false(pending_is_there(file));
	assert_true(pending_is_there(other));
	assert_int_equal(pending_remove(w->state_fd), 0);
	assert_false(pending_is_there(other));
	close_fd(file);
	close_fd(other);
	assert_root_count(w->root, "/", 0);
}

/* ---- whatever fails --------------------------------------------------------------------- */

static void test_any_call_that_fails_leaves_the_old_one_or_the_new_one(void **state)
{
	struct world *w = *state;
	unsigned int nth = 0;
	bool has_failed = true;

	for (; has_failed; nth++) {
		struct pending old = some(), new = some(), found;
		int file;

		new.first = 8;
		close_fd(pending_write(w->state_fd, &old));
		fault_arm(nth + 1);
		file = pending_write(w->state_fd, &new);
		has_failed = fault_disarm();
		assert_int_equal(file < 0, has_failed);
		close_fd(file);
		assert_int_equal(pending_read(w->state_fd, &found), 0);
		assert_true(found.first == 8 || (found.first == 7 && has_failed));
	}
	assert_true(nth > 6);
}

static void test_any_call_that_fails_is_told_by_those_who_read_and_remove(void **state)
{
	struct world *w = *state;
	struct pending found;
	unsigned int count = 0;

	write_some(w);
	for (unsigned int nth = 1; nth < 9; nth++) {
		int r;

		fault_arm(nth);
		r = pending_read(w->state_fd, &found);
		count += fault_disarm();
		assert_true(r == 0 || r == -EIO || r == -EMFILE);
		fault_arm(nth);
		r = pending_watch(w->state_fd, &found);
		count += fault_disarm();
		assert_true(r >= 0 || r == -EIO || r == -EMFILE);
		close_fd(r);
	}
	assert_int_equal(count, 5);
	fault_arm(1);
	assert_int_equal(pending_remove(w->state_fd), -EIO);
	fault_arm(2);
	assert_int_equal(pending_remove(w->state_fd), -EIO);
	assert_true(fault_disarm());
	assert_int_equal(pending_read(w->state_fd, &found), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tokens_are_long_and_each_is_another),
		TEST(test_no_random_is_no_token),
		TEST(test_only_the_whole_token_is_it),
		TEST(test_a_deadline_is_so_many_seconds_away),
		TEST(test_in_the_same_boot_the_wall_clock_is_nothing),
		TEST(test_in_another_boot_it_counts_but_no_longer_than_was_asked_for),
		TEST(test_a_boot_that_cannot_be_told_is_another),
		TEST(test_what_is_written_is_read),
		TEST(test_nothing_is_pending_where_there_is_no_file_and_no_directory),
		TEST(test_one_byte_that_is_another_makes_it_bad),
		TEST(test_one_that_was_cut_anywhere_is_bad),
		TEST(test_whole_bytes_that_mean_nothing_are_bad),
		TEST(test_a_link_is_not_followed),
		TEST(test_one_server_at_a_time_watches_over_it),
		TEST(test_any_call_that_fails_leaves_the_old_one_or_the_new_one),
		TEST(test_any_call_that_fails_is_told_by_those_who_read_and_remove),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
