/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/identity/identity_host.c, and of identity_file.c that it writes as a
 * commit does. The kernel's name is changed in a name space of our own.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/utsname.h>

#include "monitor/identity/identity_host.h"

static int setup(void **state)
{
	int r = root_setup(state);

	if (r != 0)
		return r;
	root_mkdir(*state, "/etc");
	return 0;
}

static enum job_outcome check(const char *host)
{
	struct identity_why why = { 0 };
	enum job_outcome outcome = identity_host_check(-1, host, &why);

	assert_true((outcome == JOB_DONE) == (why.text[0] == '\0'));
	return outcome;
}

static void assert_host(const struct root *root, const char *expected)
{
	char host[HOST_SIZE];

	assert_int_equal(identity_host_read(root->fd, host), 0);
	assert_string_equal(host, expected);
}

static const char *kernel_host(struct utsname *uts)
{
	assert_int_equal(uname(uts), 0);
	return uts->nodename;
}

static void test_names_of_labels_are_taken(void **state)
{
	scoped_ptr char *label = unit_repeat('a', 63), *most = unit_repeat('a', 64);

	(void)state;
	most[1] = '.';
	assert_int_equal(check("debian"), JOB_DONE);
	assert_int_equal(check("www.example.org"), JOB_DONE);
	assert_int_equal(check("a-1.b"), JOB_DONE);
	assert_int_equal(check("1st"), JOB_DONE);
	assert_int_equal(check("UPPER-Case"), JOB_DONE);
	assert_int_equal(check(label), JOB_DONE);
	assert_int_equal(check(most), JOB_DONE);
}

static void test_other_names_are_refused(void **state)
{
	static const char *const hosts[] = {
		"",     ".",      "a.",     ".a",   "a..b", "-a",  "a-",          "a.-b",
		"a-.b", "host\n", "\nhost", "a\nb", "a b",  " a",  "a ",          "a_b",
		"a/b",  "../etc", "a;b",    "$(x)", "a:b",  "a@b", "h\xc3\xb6st", "localhost.",
		"a\tb", "#a",     "--help", "a\rb", "'a'",
	};
	scoped_ptr char *label = unit_repeat('a', 64), *host = unit_repeat('a', 65);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (check(hosts[i]) != JOB_BAD_VALUE)
			fail_msg("%s is taken", hosts[i]);
	assert_int_equal(check(label), JOB_BAD_VALUE);
	host[10] = '.';
	host[40] = '.';
	assert_int_equal(check(host), JOB_BAD_VALUE);
}

static void test_the_name_is_the_first_line_that_says_anything(void **state)
{
	assert_host(*state, "");
	root_write(*state, "/etc/hostname", "# the name\n\n  web1 \nweb2\n");
	assert_host(*state, "web1");
	root_write(*state, "/etc/hostname", "web3");
	assert_host(*state, "web3");
}

static void test_a_file_that_holds_no_name_gives_none(void **state)
{
	static const char *const texts[] = { "", "\n\n", "# x\n", "not_a_name\nweb\n", "-x\n" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		root_write(*state, "/etc/hostname", texts[i]);
		assert_host(*state, "");
	}
}

static void test_another_root_is_written_and_the_kernel_left_alone(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/etc/hostname");
	struct identity_why why = { 0 };
	struct utsname before, after;

	kernel_host(&before);
	root_write(root, "/etc/hostname", "# old\nold\n");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chown(path, 12, 34), 0);
	assert_int_equal(identity_host_write(root->fd, "image-7.example", &why), JOB_DONE);
	assert_root_content(root, "/etc/hostname", "image-7.example\n");
	assert_int_equal(root_stat(root, "/etc/hostname").st_mode & 07777, 0600);
	assert_int_equal(root_stat(root, "/etc/hostname").st_uid, 12);
	assert_int_equal(root_stat(root, "/etc/hostname").st_gid, 34);
	assert_host(root, "image-7.example");
	assert_string_equal(kernel_host(&after), before.nodename);
	assert_root_count(root, "/etc", 1);
}

static void test_a_file_that_is_missing_is_made_readable_for_all(void **state)
{
	const struct root *root = *state;
	struct identity_why why = { 0 };

	assert_int_equal(identity_host_write(root->fd, "new", &why), JOB_DONE);
	assert_root_content(root, "/etc/hostname", "new\n");
	assert_int_equal(root_stat(root, "/etc/hostname").st_mode & 07777, 0644);
	assert_int_equal(root_stat(root, "/etc/hostname").st_uid, 0);
}

static void test_a_link_is_not_written_through(void **state)
{
	const struct root *root = *state;
	struct identity_why why = { 0 };

	root_write(root, "/victim", "victim\n");
	root_symlink(root, "../victim", "/etc/hostname");
	assert_int_equal(identity_host_write(root->fd, "new", &why), JOB_FAILED);
	assert_int_equal(why.error, ELOOP);
	assert_non_null(strstr(why.text, "symbolic link"));
	assert_root_content(root, "/victim", "victim\n");
	assert_root_count(root, "/etc", 1);
}

static void test_a_mount_point_is_refused_by_name(void **state)
{
	const struct root *root = *state;
	struct identity_why why = { 0 };

	root_write(root, "/other", "mounted\n");
	root_write(root, "/etc/hostname", "below\n");
	root_mount_bind(root, "/other", "/etc/hostname");
	assert_int_equal(identity_host_write(root->fd, "new", &why), JOB_FAILED);
	assert_non_null(strstr(why.text, "mount point"));
	assert_root_content(root, "/other", "mounted\n");
}

static void test_a_file_with_another_name_is_refused(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/etc/hostname");
	scoped_ptr char *other = root_path(root, "/other");
	struct identity_why why = { 0 };

	root_write(root, "/etc/hostname", "old\n");
	assert_int_equal(link(path, other), 0);
	assert_int_equal(identity_host_write(root->fd, "new", &why), JOB_FAILED);
	assert_non_null(strstr(why.text, "hard link"));
	assert_root_content(root, "/etc/hostname", "old\n");
}

static void test_a_root_without_etc_is_told(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *etc = root_path(root, "/etc");
	struct identity_why why = { 0 };

	assert_int_equal(rmdir(etc), 0);
	assert_int_equal(identity_host_write(root->fd, "new", &why), JOB_FAILED);
	assert_int_equal(why.error, ENOENT);
}

/*
 * In the real root, whose /etc a tmpfs hides. `broken`: /etc/hostname cannot be
 * replaced. Returns what the kernel's name is afterwards.
 */
static const char *write_running(bool broken, enum job_outcome expected, struct utsname *uts)
{
	char top[] = "";
	struct root real = { .path = top, .fd = open("/", O_PATH | O_CLOEXEC) };
	struct identity_why why = { 0 };

	assert_true(real.fd >= 0);
	assert_int_equal(sethostname("before", 6), 0);
	root_mount_tmpfs(&real, "/etc", "");
	if (broken)
		root_mkdir(&real, "/etc/hostname");
	assert_int_equal(identity_host_write(real.fd, "running", &why), expected);
	if (!broken)
		assert_root_content(&real, "/etc/hostname", "running\n");
	assert_int_equal(umount2("/etc", MNT_DETACH), 0);
	close(real.fd);
	return kernel_host(uts);
}

static void test_the_running_system_is_called_so_at_once(void **state)
{
	struct utsname uts;

	(void)state;
	assert_string_equal(write_running(false, JOB_DONE, &uts), "running");
}

static void test_a_file_that_cannot_be_written_gives_the_kernel_its_name_back(void **state)
{
	struct utsname uts;

	(void)state;
	assert_string_equal(write_running(true, JOB_FAILED, &uts), "before");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names_of_labels_are_taken),
		TEST(test_other_names_are_refused),
		TEST(test_the_name_is_the_first_line_that_says_anything),
		TEST(test_a_file_that_holds_no_name_gives_none),
		TEST(test_another_root_is_written_and_the_kernel_left_alone),
		TEST(test_a_file_that_is_missing_is_made_readable_for_all),
		TEST(test_a_link_is_not_written_through),
		TEST(test_a_mount_point_is_refused_by_name),
		TEST(test_a_file_with_another_name_is_refused),
		TEST(test_a_root_without_etc_is_told),
		TEST(test_the_running_system_is_called_so_at_once),
		TEST(test_a_file_that_cannot_be_written_gives_the_kernel_its_name_back),
	};
	int r = root_enter();

	if (r)
		return r;
	if (unshare(CLONE_NEWUTS) < 0)
		return unit_skip("no UTS name space of our own can be made");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
