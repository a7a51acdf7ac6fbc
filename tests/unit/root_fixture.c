/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the unit tests only, as root in a mount name space of its own. */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

int root_enter(void)
{
	struct rlimit files;

	if (geteuid() != 0)
		return unit_skip("files are replaced with root's rights; not run as root");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return unit_skip("no mount name space of our own to be had");
	/* as the daemon does: the largest commit has several descriptors a file */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return 0;
}

int root_setup(void **state)
{
	struct root *root = calloc(1, sizeof(*root));

	assert_non_null(root);
	root->path = unit_directory_make();
	assert_int_equal(mount("unit", root->path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"), 0);
	root->fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root->fd >= 0);
	*state = root;
	return 0;
}

int root_teardown(void **state)
{
	struct root *root = *state;

	close_fd(root->fd);
	assert_int_equal(umount2(root->path, MNT_DETACH), 0);
	unit_directory_remove(root->path);
	free(root);
	return 0;
}

char *root_path(const struct root *root, const char *path)
{
	return unit_path(root->path, path + (path[0] == '/'));
}

void root_write(const struct root *root, const char *path, const char *text)
{
	scoped_ptr char *full = root_path(root, path);

	unit_file_write(full, text);
}

void root_mkdir(const struct root *root, const char *path)
{
	scoped_ptr char *full = root_path(root, path);

	assert_int_equal(mkdir(full, 0755), 0);
}

void root_symlink(const struct root *root, const char *to, const char *path)
{
	scoped_ptr char *full = root_path(root, path);

	assert_int_equal(symlink(to, full), 0);
}

struct stat root_stat(const struct root *root, const char *path)
{
	scoped_ptr char *full = root_path(root, path);
	struct stat st;

	assert_int_equal(lstat(full, &st), 0);
	return st;
}

void assert_root_content(const struct root *root, const char *path, const char *expected)
{
	scoped_ptr char *full = root_path(root, path);
	scoped_ptr char *text = unit_file_read(full);

	if (!expected)
		assert_null(text);
	else if (!text)
		fail_msg("%s is not there", path);
	else
		assert_string_equal(text, expected);
}

void assert_root_count(const struct root *root, const char *path, size_t expected)
{
	scoped_ptr char *full = root_path(root, path);

	assert_int_equal(unit_directory_count(full), expected);
}

void root_mount_tmpfs(const struct root *root, const char *path, const char *options)
{
	scoped_ptr char *full = root_path(root, path);

	assert_int_equal(mount("unit", full, "tmpfs", MS_NOSUID | MS_NODEV, options), 0);
}

void root_mount_bind(const struct root *root, const char *from, const char *path)
{
	scoped_ptr char *source = root_path(root, from), *full = root_path(root, path);

	assert_int_equal(mount(source, full, NULL, MS_BIND, NULL), 0);
}
