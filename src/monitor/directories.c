/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. The path was matched with the policy. The directories above may be
 * anybody's, who can put something else at any name while we work: nothing is opened over a
 * link, and nothing gets an owner that is not what was just made, to the last thing that can be
 * asked of it.
 */
#include "monitor/directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/metadata.h"
#include "common/root_open.h"

enum { MODE_BITS = 07777, MODE_AT_FIRST = 0700, MODE_OF_OTHERS = 0077 };

/* The directory of the file, `up` levels above its own; "." is the root. A new string. */
static char *directory_of(const char *path, size_t up)
{
	char *copy = strdup(path[0] == '/' ? path + 1 : path), *slash;

	for (size_t i = 0; copy && i <= up; i++) {
		slash = strrchr(copy, '/');
		if (!slash) {
			free(copy);
			return strdup(".");
		}
		*slash = '\0';
	}
	return copy;
}

/* Its last component. */
static const char *last_of(const char *directory)
{
	const char *slash = strrchr(directory, '/');

	return slash ? slash + 1 : directory;
}

int directories_missing(int root_fd, const char *path, uint32_t *ret_count)
{
	for (uint32_t up = 0; up <= DIRECTORIES_MAX; up++) {
		scoped_ptr char *directory = directory_of(path, up);
		scoped_fd fd = -1;

		if (!directory)
			return -ENOMEM;
		fd = root_open_plain(root_fd, directory, O_PATH | O_DIRECTORY);
		if (fd < 0 && fd != -ENOENT)
			return fd;
		if (fd >= 0) {
			*ret_count = up;
			return 0;
		}
	}
	return -E2BIG;
}

static int open_there(int parent, const char *name)
{
	return root_open_plain(parent, name, O_RDONLY | O_DIRECTORY);
}

static int is_empty(int fd)
{
	/* a descriptor of its own, since the position is shared */
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	const struct dirent *item;
	int r = 1;

	if (!dir) {
		r = -errno;
		close_fd(again);
		return r;
	}
	while (r == 1 && (item = readdir(dir)))
		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
			r = 0;
	closedir(dir);
	return r;
}

/*
 * Has the temporary name what was made just now? Somebody who may write in the directory above can
 * put another there, which must not be given away. -EBUSY if it looks like that.
 */
static int check_fresh(int fd)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & MODE_OF_OTHERS) != 0)
		return -EBUSY;
	r = is_empty(fd);
	return r < 0 ? r : r == 1 ? 0 : -EBUSY;
}

static int dress(int fd, const struct directory_kind *kind)
{
	int r = check_fresh(fd);

	if (r == 0)
		r = metadata_set(fd, kind->uid, kind->gid, kind->mode);
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* What has the name now must be what was opened. */
static int check_named(int parent, const char *name, const struct stat *made)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_dev != made->st_dev || st.st_ino != made->st_ino)
		return -EBUSY;
	return fsync(parent) < 0 ? -errno : 0;
}

static int make_one(struct directories *d, int parent, const char *name, size_t up)
{
	struct stat st = { 0 };
	scoped_fd fd = -1;
	int r;

	if (mkdirat(parent, d->temporary, MODE_AT_FIRST) < 0)
		return errno == EEXIST ? -EBUSY : -errno;
	fd = open_there(parent, d->temporary);
	r = fd < 0 ? fd : dress(fd, &d->kind);
	if (r == 0 && (fstat(fd, &st) < 0 ||
		       renameat2(parent, d->temporary, parent, name, RENAME_NOREPLACE) < 0))
		r = -errno;
	if (r < 0) {
		unlinkat(parent, d->temporary, AT_REMOVEDIR);
		return r;
	}
	d->made[up].is_made = true;
	d->made[up].dev = st.st_dev;
	d->made[up].ino = st.st_ino;
	r = check_named(parent, name, &st);
	return r < 0 ? r : take_fd(&fd);
}

int directories_make(struct directories *d)
{
	scoped_ptr char *above = directory_of(d->path, d->count);
	scoped_fd at = -1;

	if (!above)
		return -ENOMEM;
	at = open_there(d->root_fd, above);
	for (size_t up = d->count; at >= 0 && up-- > 0;) {
		scoped_ptr char *directory = directory_of(d->path, up);
		int next = directory ? make_one(d, at, last_of(directory), up) : -ENOMEM;

		if (next == -EEXIST)
			next = open_there(at, last_of(directory));
		close_fd(at);
		at = next;
	}
	if (at < 0)
		return take_fd(&at);
	/* as a target has it */
	return root_open_plain(at, ".", O_PATH | O_DIRECTORY);
}

/* Is there, at that name, what was made, or what might have been? */
static bool is_ours(const struct directories *d, size_t up, bool after_crash, int parent,
		    const char *name)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return false;
	if (!after_crash)
		return d->made[up].is_made && st.st_dev == d->made[up].dev &&
		       st.st_ino == d->made[up].ino;
	return st.st_uid == d->kind.uid && st.st_gid == d->kind.gid &&
	       (st.st_mode & MODE_BITS) == d->kind.mode;
}

/* 1: it is gone; 0: it stays. */
static int remove_one(const struct directories *d, size_t up, bool after_crash)
{
	scoped_ptr char *directory = directory_of(d->path, up);
	scoped_ptr char *above = directory_of(d->path, up + 1);
	scoped_fd parent = -1;

	if (!directory || !above)
		return -ENOMEM;
	parent = open_there(d->root_fd, above);
	/* what is not there any more, or is another place now, is nobody's of ours */
	if (parent == -ENOENT || parent == -ENOTDIR || parent == -ELOOP)
		return 0;
	if (parent < 0)
		return parent;
	if (after_crash && unlinkat(parent, d->temporary, AT_REMOVEDIR) < 0 && errno != ENOENT &&
	    errno != ENOTDIR && errno != ENOTEMPTY)
		return -errno;
	if (!is_ours(d, up, after_crash, parent, last_of(directory)))
		return 0;
	if (unlinkat(parent, last_of(directory), AT_REMOVEDIR) < 0)
		return errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT ? 0 : -errno;
	return fsync(parent) < 0 ? -errno : 1;
}

int directories_remove(struct directories *d)
{
	int last = 0;

	for (size_t up = 0; up < d->count; up++) {
		int r = remove_one(d, up, false);

		if (r < 0)
			return r;
		if (up == 0)
			last = r;
	}
	return last;
}

int directories_recover(const struct directories *d)
{
	for (size_t up = 0; up < d->count; up++) {
		int r = remove_one(d, up, true);

		if (r < 0)
			return r;
	}
	return 0;
}
