/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/state.c: the state directory is root's, or it is not used. */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "monitor/state.h"

#define DIRECTORY "/var/lib/exmachina"

static int open_logged(const struct root *root, const char *path, char **ret_log)
{
	int r;

	unit_capture_begin();
	r = state_open(root->fd, path);
	*ret_log = unit_capture_end();
	return r;
}

static void assert_refused(const struct root *root, int error, const char *reason)
{
	scoped_ptr char *log = NULL;

	assert_int_equal(open_logged(root, DIRECTORY, &log), error);
	if (!strstr(log, reason))
		fail_msg("'%s' does not say '%s'", log, reason);
}

static void taken(const struct root *root, const char *path)
{
	scoped_ptr char *log = NULL;
	scoped_fd fd = open_logged(root, path, &log);

	assert_true(fd >= 0);
	assert_string_equal(log, "");
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void test_it_is_made_with_its_parents_whatever_the_umask_is(void **state)
{
	struct root *root = *state;
	mode_t mask = umask(0077);

	taken(root, DIRECTORY);
	umask(mask);
	assert_int_equal(root_stat(root, "/var").st_mode & 07777, 0755);
	assert_int_equal(root_stat(root, "/var/lib").st_mode & 07777, 0755);
	assert_int_equal(root_stat(root, DIRECTORY).st_mode & 07777, 0700);
	/* and is left as it is the next time */
	taken(root, DIRECTORY);
}

static void test_one_that_is_there_keeps_its_mode(void **state)
{
	struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/state");

	root_mkdir(root, "/state");
	assert_int_equal(chmod(path, 0750), 0);
	taken(root, "/state");
	assert_int_equal(root_stat(root, "/state").st_mode & 07777, 0750);
}

static void test_a_link_anywhere_on_the_path_is_refused(void **state)
{
	struct root *root = *state;

	root_mkdir(root, "/elsewhere");
	root_symlink(root, "elsewhere", "/var");
	assert_refused(root, -ELOOP, "there is a symbolic link on its path");
	assert_root_count(root, "/elsewhere", 0);
}

static void test_a_link_in_its_place_is_refused(void **state)
{
	struct root *root = *state;

	root_mkdir(root, "/var");
	root_mkdir(root, "/var/lib");
	root_symlink(root, "/tmp", DIRECTORY);
	assert_refused(root, -ELOOP, "there is a symbolic link on its path");
}

static void test_what_is_no_directory_is_refused(void **state)
{
	struct root *root = *state;

	root_write(root, "/var", "");
	assert_refused(root, -ENOTDIR, "Not a directory");
}

static void test_one_of_another_user_is_refused(void **state)
{
	struct root *root = *state;
	scoped_ptr char *path = root_path(root, DIRECTORY);

	taken(root, DIRECTORY);
	assert_int_equal(chown(path, 4711, 0), 0);
	assert_refused(root, -EPERM, "is not owned by root");
}

static void test_one_that_others_may_write_in_is_refused(void **state)
{
	static const mode_t modes[] = { 0720, 0702, 0777, 01777 };
	struct root *root = *state;
	scoped_ptr char *path = root_path(root, DIRECTORY);

	taken(root, DIRECTORY);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_refused(root, -EPERM, "can be written by others");
	}
}

/* ---- files in it ------------------------------------------------------------------------ */

static int enter(const struct root *root)
{
	scoped_ptr char *log = NULL;
	int fd = open_logged(root, DIRECTORY, &log);

	assert_true(fd >= 0);
	return fd;
}

static void test_a_file_is_made_for_root_alone(void **state)
{
	struct root *root = *state;
	scoped_fd directory = enter(root);
	mode_t mask = umask(0);
	scoped_fd fd = state_file_open(directory, "x");

	umask(mask);
	assert_true(fd >= 0);
	assert_int_equal(root_stat(root, DIRECTORY "/x").st_mode & 07777, 0600);
	assert_int_equal(write(fd, "a", 1), 1);
}

static void test_what_is_not_root_s_plain_file_is_refused(void **state)
{
	struct root *root = *state;
	scoped_fd directory = enter(root), fd = state_file_open(directory, "x");
	scoped_ptr char *path = root_path(root, DIRECTORY "/x");
	scoped_ptr char *other = root_path(root, DIRECTORY "/other");

	assert_true(fd >= 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(state_file_open(directory, "x"), -EPERM);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chown(path, 4711, 0), 0);
	assert_int_equal(state_file_open(directory, "x"), -EPERM);
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(state_file_open(directory, "x"), -EPERM);
	assert_int_equal(unlink(path), 0);
	root_symlink(root, "other", DIRECTORY "/x");
	assert_int_equal(state_file_open(directory, "x"), -ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(state_file_open(directory, "x"), -EPERM);
	assert_int_equal(unlink(path), 0);
	root_mkdir(root, DIRECTORY "/x");
	assert_int_equal(state_file_open(directory, "x"), -EISDIR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, root_setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_it_is_made_with_its_parents_whatever_the_umask_is),
		TEST(test_one_that_is_there_keeps_its_mode),
		TEST(test_a_link_anywhere_on_the_path_is_refused),
		TEST(test_a_link_in_its_place_is_refused),
		TEST(test_what_is_no_directory_is_refused),
		TEST(test_one_of_another_user_is_refused),
		TEST(test_one_that_others_may_write_in_is_refused),
		TEST(test_a_file_is_made_for_root_alone),
		TEST(test_what_is_not_root_s_plain_file_is_refused),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
