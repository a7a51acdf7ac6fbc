/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine, alone in its user until it has read something hostile. Where the directory
 * is on a file system that outlives an engine, another one that was killed has left its own
 * there; a lock tells which ones are still somebody's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

enum {
	DEPTH_MAX = 32,
	YOUNG_SECONDS = 60, /* one that was made just now may not be locked yet */
};

static const char prefix[] = "engine-";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

/* What cannot be removed stays; it is in nobody's way. */
static void remove_left(const char *base, const char *name)
{
	scoped_ptr char *path = NULL;
	scoped_fd fd = -1;
	struct stat st;

	if (asprintf(&path, "%s/%s", base, name) < 0) {
		path = NULL;
		return;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
	    time(NULL) - st.st_mtim.tv_sec < YOUNG_SECONDS || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return;
	(void)nftw(path, remove_one, DEPTH_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void remove_all_left(const char *base)
{
	DIR *dir = opendir(base);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			remove_left(base, entry->d_name);
	if (dir)
		closedir(dir);
}

int sandbox_staging(const char *base, char **ret_staging)
{
	scoped_ptr char *path = NULL;
	int fd;

	remove_all_left(base);
	if (asprintf(&path, "%s/%sXXXXXX", base, prefix) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (!mkdtemp(path) || chdir(path) < 0)
		return -errno;
	/* held open, and so locked, as long as the process lives */
	fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close_fd(fd);
		return -errno;
	}
	*ret_staging = take_ptr(path);
	return 0;
}
