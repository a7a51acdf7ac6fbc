/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/metadata.c: the new file has what the old one had, and nothing more. */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "common/metadata.h"

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

/* As the kernel has it: version 2; rw for the owner, r for user 65534 and the group, nothing else.
 */
static const unsigned char acl[] = {
	2, 0,    0,    0,    0x01, 0,    6,    0, 0xff, 0xff, 0xff, 0xff, 0x02, 0,    4,
	0, 0xfe, 0xff, 0,    0,    0x04, 0,    4, 0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,
	4, 0,    0xff, 0xff, 0xff, 0xff, 0x20, 0, 0,    0,    0xff, 0xff, 0xff, 0xff,
};

static int make(const struct root *root, const char *path)
{
	scoped_ptr char *full = root_path(root, path);
	int fd = open(full, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static struct stat stat_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st;
}

static void set(int fd, const char *name, const void *value, size_t size)
{
	if (fsetxattr(fd, name, value, size, 0) == 0)
		return;
	if (errno == ENOTSUP)
		unit_skip_test("the file system has no such attributes");
	fail_msg("%s: %s", name, strerror(errno));
}

static void assert_attribute(int fd, const char *name, const void *value, size_t size)
{
	char got[256];

	assert_int_equal(fgetxattr(fd, name, got, sizeof(got)), (ssize_t)size);
	assert_memory_equal(got, value, size);
}

static int copy(int from, int to)
{
	struct stat st = stat_of(from);

	return metadata_copy(from, &st, to);
}

static void test_owner_group_and_every_mode_bit_are_kept(void **state)
{
	static const mode_t modes[] = { 0, 0400, 0640, 0644, 0777, 04755, 02755, 06711, 01777 };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		char from_name[16], to_name[16];
		scoped_fd from = -1, to = -1;
		struct stat st;

		snprintf(from_name, sizeof(from_name), "/from%zu", i);
		snprintf(to_name, sizeof(to_name), "/to%zu", i);
		from = make(*state, from_name);
		to = make(*state, to_name);
		assert_int_equal(fchown(from, 65534, 7), 0);
		assert_int_equal(fchmod(from, modes[i]), 0);
		assert_int_equal(copy(from, to), 0);
		st = stat_of(to);
		assert_int_equal(st.st_uid, 65534);
		assert_int_equal(st.st_gid, 7);
		assert_int_equal(st.st_mode & 07777, modes[i]);
	}
}

static void test_an_acl_is_kept(void **state)
{
	scoped_fd from = make(*state, "/from"), to = make(*state, "/to");

	set(from, ACL_ACCESS, acl, sizeof(acl));
	assert_int_equal(copy(from, to), 0);
	assert_attribute(to, ACL_ACCESS, acl, sizeof(acl));
	assert_int_equal(stat_of(to).st_mode & 0777, 0640);
}

static void test_other_attributes_are_kept(void **state)
{
	scoped_fd from = make(*state, "/from"), to = make(*state, "/to");

	set(from, "trusted.unit", "a\0b", 3);
	set(from, "trusted.empty", "", 0);
	set(to, "trusted.unit", "old", 3);
	assert_int_equal(copy(from, to), 0);
	assert_attribute(to, "trusted.unit", "a\0b", 3);
	assert_attribute(to, "trusted.empty", "", 0);
}

static void test_a_security_label_is_kept(void **state)
{
	scoped_fd from = make(*state, "/from"), to = make(*state, "/to");

	set(from, "security.unit", "label", 6);
	assert_int_equal(copy(from, to), 0);
	assert_attribute(to, "security.unit", "label", 6);
}

static void test_attributes_that_only_the_new_file_has_go(void **state)
{
	scoped_fd from = make(*state, "/from"), to = make(*state, "/to");

	set(to, "trusted.extra", "x", 1);
	assert_int_equal(copy(from, to), 0);
	assert_int_equal(fgetxattr(to, "trusted.extra", NULL, 0), -1);
	assert_int_equal(errno, ENODATA);
}

static void test_an_acl_inherited_from_the_directory_goes(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/dir");
	scoped_fd from = -1, to = -1;

	root_mkdir(root, "/dir");
	from = make(root, "/dir/from");
	if (setxattr(path, ACL_DEFAULT, acl, sizeof(acl), 0) < 0)
		unit_skip_test("the file system has no ACLs");
	to = make(root, "/dir/to");
	assert_true(fgetxattr(to, ACL_ACCESS, NULL, 0) > 0);
	assert_int_equal(fchmod(from, 0604), 0);
	assert_int_equal(copy(from, to), 0);
	assert_int_equal(fgetxattr(to, ACL_ACCESS, NULL, 0), -1);
	assert_int_equal(stat_of(to).st_mode & 0777, 0604);
}

static void test_owner_and_mode_are_set_as_told(void **state)
{
	scoped_fd fd = make(*state, "/file");
	struct stat st;

	assert_int_equal(metadata_set(fd, 65534, 7, 0640), 0);
	st = stat_of(fd);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 7);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_what_cannot_be_set_is_an_error(void **state)
{
	scoped_fd from = make(*state, "/from");
	scoped_fd pipe_like = open("/dev/null", O_RDONLY | O_CLOEXEC | O_PATH);
	struct stat st = stat_of(from);

	assert_int_equal(metadata_set(-1, 0, 0, 0644), -EBADF);
	assert_int_equal(metadata_set(pipe_like, 0, 0, 0644), -EBADF);
	assert_int_equal(metadata_copy(from, &st, -1), -EBADF);
	assert_int_equal(metadata_copy(-1, &st, from), -EBADF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, root_setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_owner_group_and_every_mode_bit_are_kept),
		TEST(test_an_acl_is_kept),
		TEST(test_other_attributes_are_kept),
		TEST(test_a_security_label_is_kept),
		TEST(test_attributes_that_only_the_new_file_has_go),
		TEST(test_an_acl_inherited_from_the_directory_goes),
		TEST(test_owner_and_mode_are_set_as_told),
		TEST(test_what_cannot_be_set_is_an_error),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
