/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/target.c: only plain files below the root are found, read and replaceable. */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/memfd.h"
#include "common/target.h"

static int open_result(const struct root *root, const char *path)
{
	scoped_target target = TARGET_NONE;
	size_t before = unit_open_descriptors();
	int r = target_open(root->fd, path, &target);

	assert_int_equal(unit_open_descriptors(), before + (r == 0));
	return r;
}

/* How reading the file goes; the error, if it is one, in *ret_error. */
static enum mon_outcome read_result(const struct root *root, const char *path, int *ret_error)
{
	scoped_target target = TARGET_NONE;
	enum mon_outcome outcome;
	scoped_fd fd = -1;
	struct stat st;

	*ret_error = 0;
	assert_int_equal(target_open(root->fd, path, &target), 0);
	outcome = target_read(&target, &fd, &st, ret_error);
	assert_int_equal(fd >= 0, outcome == OUTCOME_DONE);
	if (outcome == OUTCOME_DONE)
		outcome = target_replaceable(fd, &st, ret_error);
	return outcome;
}

static void assert_not_plain(const struct root *root, const char *path, int expected)
{
	int error;

	assert_int_equal(read_result(root, path, &error), OUTCOME_NOT_PLAIN);
	assert_int_equal(error, expected);
}

static void test_a_plain_file_is_found_at_any_depth(void **state)
{
	const struct root *root = *state;
	int error;

	root_mkdir(root, "/etc");
	root_mkdir(root, "/etc/ssh");
	root_write(root, "/etc/ssh/sshd_config", "x");
	root_write(root, "/top", "x");
	assert_int_equal(read_result(root, "/etc/ssh/sshd_config", &error), OUTCOME_DONE);
	assert_int_equal(read_result(root, "/top", &error), OUTCOME_DONE);
}

static void test_an_absent_file_is_told_from_an_absent_directory(void **state)
{
	const struct root *root = *state;
	int error;

	root_mkdir(root, "/etc");
	assert_int_equal(read_result(root, "/etc/none", &error), OUTCOME_ABSENT);
	assert_int_equal(open_result(root, "/none/x"), -ENOENT);
}

static void test_no_link_on_the_way_is_followed(void **state)
{
	const struct root *root = *state;

	root_mkdir(root, "/etc");
	root_mkdir(root, "/real");
	root_write(root, "/real/x", "x");
	root_symlink(root, "../real", "/etc/link");
	root_symlink(root, "/etc", "/absolute");
	root_symlink(root, "/proc/self/root", "/magic");
	assert_int_equal(open_result(root, "/etc/link/x"), -ELOOP);
	assert_int_equal(open_result(root, "/absolute/hosts"), -ELOOP);
	assert_int_equal(open_result(root, "/magic/etc/passwd"), -ELOOP);
}

static void test_nothing_leads_out_of_the_root(void **state)
{
	const struct root *root = *state;

	root_mkdir(root, "/etc");
	assert_int_equal(open_result(root, "/../etc/passwd"), -EXDEV);
	assert_int_equal(open_result(root, "/etc/../../etc/passwd"), -EXDEV);
	assert_int_equal(open_result(root, "//etc/passwd"), -EXDEV);
}

static void test_paths_that_name_no_file_are_refused(void **state)
{
	const struct root *root = *state;

	root_mkdir(root, "/etc");
	root_write(root, "/file", "x");
	assert_int_equal(open_result(root, "etc/x"), -EINVAL);
	assert_int_equal(open_result(root, "/"), -EINVAL);
	assert_int_equal(open_result(root, "/etc/"), -EINVAL);
	assert_int_equal(open_result(root, "/file/x"), -ENOTDIR);
}

static void test_a_symbolic_link_is_not_plain(void **state)
{
	const struct root *root = *state;

	root_write(root, "/file", "x");
	root_symlink(root, "file", "/link");
	root_symlink(root, "nowhere", "/dangling");
	assert_not_plain(root, "/link", ELOOP);
	assert_not_plain(root, "/dangling", ELOOP);
}

static void test_what_is_no_regular_file_is_not_plain(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *fifo = root_path(root, "/fifo");

	root_mkdir(root, "/dir");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_not_plain(root, "/dir", EINVAL);
	assert_not_plain(root, "/fifo", EINVAL);
}

static void test_a_hard_link_cannot_be_replaced(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *file = root_path(root, "/file"), *other = root_path(root, "/other");

	root_write(root, "/file", "x");
	assert_int_equal(link(file, other), 0);
	assert_not_plain(root, "/file", EMLINK);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(read_result(root, "/file", &(int){ 0 }), OUTCOME_DONE);
}

static void test_a_file_replaced_since_it_was_opened_is_a_conflict(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *file = root_path(root, "/file"), *other = root_path(root, "/other");
	scoped_fd fd = -1;
	struct stat st;
	int error = 0;

	root_write(root, "/file", "x");
	root_write(root, "/other", "y");
	fd = open(file, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(rename(other, file), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(target_replaceable(fd, &st, &error), OUTCOME_CONFLICT);
	assert_int_equal(error, ESTALE);
}

static void test_a_bind_mount_cannot_be_replaced(void **state)
{
	const struct root *root = *state;

	root_write(root, "/file", "x");
	root_write(root, "/over", "y");
	root_mount_bind(root, "/over", "/file");
	assert_not_plain(root, "/file", EXDEV);
}

static void test_a_snapshot_has_the_bytes_and_is_sealed(void **state)
{
	const struct root *root = *state;
	scoped_target target = TARGET_NONE;
	scoped_mapping mapping = { 0 };
	scoped_fd fd = -1;
	int error = 0;

	root_write(root, "/file", "a\nb\n");
	assert_int_equal(target_open(root->fd, "/file", &target), 0);
	assert_int_equal(target_snapshot(&target, &fd, &error), OUTCOME_DONE);
	assert_int_equal(memfd_map(fd, 4, &mapping), 0);
	assert_memory_equal(mapping.data, "a\nb\n", 4);
	/* and stays what it is when the file changes */
	root_write(root, "/file", "other");
	assert_memory_equal(mapping.data, "a\nb\n", 4);
}

static void test_a_file_too_large_gives_no_snapshot(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/file");
	scoped_target target = TARGET_NONE;
	scoped_fd fd = -1;
	int error = 0;

	root_write(root, "/file", "");
	assert_int_equal(truncate(path, CONTENT_MAX + 1), 0);
	assert_int_equal(target_open(root->fd, "/file", &target), 0);
	assert_int_equal(target_snapshot(&target, &fd, &error), OUTCOME_TOO_LARGE);
	assert_int_equal(truncate(path, CONTENT_MAX), 0);
	assert_int_equal(target_snapshot(&target, &fd, &error), OUTCOME_DONE);
}

static void test_what_is_not_plain_gives_no_snapshot(void **state)
{
	const struct root *root = *state;
	scoped_target target = TARGET_NONE;
	int error = 0, fd = -77;

	assert_int_equal(target_open(root->fd, "/file", &target), 0);
	assert_int_equal(target_snapshot(&target, &fd, &error), OUTCOME_ABSENT);
	root_symlink(root, "/etc/passwd", "/file");
	assert_int_equal(target_snapshot(&target, &fd, &error), OUTCOME_NOT_PLAIN);
	assert_int_equal(error, ELOOP);
	assert_int_equal(fd, -77);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, root_setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_plain_file_is_found_at_any_depth),
		TEST(test_an_absent_file_is_told_from_an_absent_directory),
		TEST(test_no_link_on_the_way_is_followed),
		TEST(test_nothing_leads_out_of_the_root),
		TEST(test_paths_that_name_no_file_are_refused),
		TEST(test_a_symbolic_link_is_not_plain),
		TEST(test_what_is_no_regular_file_is_not_plain),
		TEST(test_a_hard_link_cannot_be_replaced),
		TEST(test_a_file_replaced_since_it_was_opened_is_a_conflict),
		TEST(test_a_bind_mount_cannot_be_replaced),
		TEST(test_a_snapshot_has_the_bytes_and_is_sealed),
		TEST(test_a_file_too_large_gives_no_snapshot),
		TEST(test_what_is_not_plain_gives_no_snapshot),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
