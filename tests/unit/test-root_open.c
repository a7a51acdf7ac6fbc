/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/root_open.c: links of an image lead to the image, and never out of it. */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/root_open.h"

static void assert_reads(const struct root *root, const char *path, const char *expected)
{
	scoped_fd fd = root_open(root->fd, path, O_RDONLY);
	char text[64] = "";

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text) - 1), (ssize_t)strlen(expected));
	assert_string_equal(text, expected);
}

static int setup(void **state)
{
	root_setup(state);
	root_mkdir(*state, "/etc");
	root_write(*state, "/etc/passwd", "the image's");
	return 0;
}

static void test_paths_are_those_of_the_root(void **state)
{
	assert_reads(*state, "/etc/passwd", "the image's");
	assert_reads(*state, "etc/passwd", "the image's");
}

static void test_links_and_dots_stay_inside(void **state)
{
	root_symlink(*state, "/etc/passwd", "/absolute");
	root_symlink(*state, "../../../../etc/passwd", "/etc/up");
	root_symlink(*state, "/", "/top");
	assert_reads(*state, "/absolute", "the image's");
	assert_reads(*state, "/etc/up", "the image's");
	assert_reads(*state, "/top/top/etc/passwd", "the image's");
	assert_reads(*state, "/../../etc/passwd", "the image's");
}

static void test_links_to_what_is_only_outside_lead_nowhere(void **state)
{
	const struct root *root = *state;

	root_symlink(root, "/etc/shadow", "/shadow");
	assert_int_equal(root_open(root->fd, "/shadow", O_RDONLY), -ENOENT);
	assert_int_equal(root_open(root->fd, "/../etc/shadow", O_RDONLY), -ENOENT);
}

static void test_magic_links_are_refused(void **state)
{
	const struct root *root = *state;

	root_mkdir(root, "/proc");
	root_mount_bind(root, "/../../proc", "/proc"); /* the machine's */
	assert_int_equal(root_open(root->fd, "/proc/self/root/etc/passwd", O_RDONLY), -ELOOP);
}

static void test_a_circle_of_links_is_refused(void **state)
{
	const struct root *root = *state;

	root_symlink(root, "/b", "/a");
	root_symlink(root, "/a", "/b");
	assert_int_equal(root_open(root->fd, "/a", O_RDONLY), -ELOOP);
}

static void test_a_tree_with_links_of_its_own_is_read_beneath(void **state)
{
	const struct root *root = *state;
	scoped_fd fd = -1;

	root_mkdir(root, "/tree");
	root_mkdir(root, "/tree/Europe");
	root_write(root, "/tree/Europe/Rome", "zone");
	root_symlink(root, "../Europe/Rome", "/tree/Europe/Vatican");
	fd = root_open_beneath(root->fd, "tree/Europe/Vatican", O_RDONLY);
	assert_true(fd >= 0);
}

static void test_links_out_of_a_tree_are_refused_even_if_they_come_back(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/tree");
	scoped_fd tree = -1;

	root_mkdir(root, "/tree");
	root_write(root, "/tree/zone", "zone");
	root_symlink(root, "/etc/passwd", "/tree/absolute");
	root_symlink(root, "../etc/passwd", "/tree/up");
	root_symlink(root, "../tree/zone", "/tree/back");
	root_symlink(root, "../etc", "/tree/directory");
	tree = open(path, O_PATH | O_CLOEXEC);
	assert_int_equal(root_open_beneath(tree, "absolute", O_RDONLY), -EXDEV);
	assert_int_equal(root_open_beneath(tree, "up", O_RDONLY), -EXDEV);
	assert_int_equal(root_open_beneath(tree, "back", O_RDONLY), -EXDEV);
	assert_int_equal(root_open_beneath(tree, "directory/passwd", O_RDONLY), -EXDEV);
	assert_int_equal(root_open_beneath(tree, "../etc/passwd", O_RDONLY), -EXDEV);
	assert_int_equal(root_open_beneath(tree, "/tree/zone", O_RDONLY), -EXDEV);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_paths_are_those_of_the_root),
		TEST(test_links_and_dots_stay_inside),
		TEST(test_links_to_what_is_only_outside_lead_nowhere),
		TEST(test_magic_links_are_refused),
		TEST(test_a_circle_of_links_is_refused),
		TEST(test_a_tree_with_links_of_its_own_is_read_beneath),
		TEST(test_links_out_of_a_tree_are_refused_even_if_they_come_back),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
