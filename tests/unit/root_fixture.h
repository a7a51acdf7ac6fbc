/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ROOT_FIXTURE_H
#define EXM_ROOT_FIXTURE_H

/* For the tests of the monitor's work on files: a root directory of their own. */
#include "unit.h"

#include <sys/stat.h>

struct root {
	char *path;
	int fd;
};

/*
 * For main(): a mount name space of our own, in which nothing that a test
 * mounts is seen by others. 0, or what main() is to return.
 */
int root_enter(void);

/* *state is a struct root: an empty tmpfs. */
int root_setup(void **state);
int root_teardown(void **state);

/* "PATH" of the root as the test sees it, in a new string. */
char *root_path(const struct root *root, const char *path);

/* Short for the same calls on root_path(). */
void root_write(const struct root *root, const char *path, const char *text);
void root_mkdir(const struct root *root, const char *path);
void root_symlink(const struct root *root, const char *to, const char *path);
struct stat root_stat(const struct root *root, const char *path);
void assert_root_content(const struct root *root, const char *path,
			 const char *expected); /* NULL: absent */

/* The directory holds so many entries; temporary files would count. */
void assert_root_count(const struct root *root, const char *path, size_t expected);

/* A tmpfs of so many bytes, or a bind mount, over an existing path; gone with the root. */
void root_mount_tmpfs(const struct root *root, const char *path, const char *options);
void root_mount_bind(const struct root *root, const char *from, const char *path);

#endif
