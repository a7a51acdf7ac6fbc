/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_DIRECTORIES_H
#define EXM_DIRECTORIES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/cleanup.h"

/*
 * The directories of a file that is to be made, those that are missing: made for the commit, and
 * removed again if that comes to nothing. Each is made under the temporary name, gets its owner and
 * mode there, and is given its name then, so that nobody sees it otherwise.
 */
enum { DIRECTORIES_MAX = 16 };

/* How they are made, and told from others' later. */
struct directory_kind {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

struct directories {
	int root_fd;      /* the caller's */
	const char *path; /* of the file; the caller's */
	const char *temporary;
	uint32_t count; /* how many of its last directories are missing */
	struct directory_kind kind;
	/* what was made, from the one in which the file is to be; by others: not is_made */
	struct {
		bool is_made;
		dev_t dev;
		ino_t ino;
	} made[DIRECTORIES_MAX];
};

/*
 * How many of the path's last directories are missing. 0; -E2BIG for more than DIRECTORIES_MAX; or
 * -errno, where something else than a directory is in the way -ENOTDIR or -ELOOP.
 */
int directories_missing(int root_fd, const char *path, uint32_t *ret_count) must_check;

/*
 * Makes them, and brings them to disk; one that somebody else has made meanwhile is taken as it is.
 * The last one, open with O_PATH, or -errno. What was made is there also after a failure.
 */
int directories_make(struct directories *directories) must_check;

/*
 * Removes those that were made and are empty, the last one first. 1 if the last one is gone, 0 if
 * not, for instance because somebody has put something in it; or -errno.
 */
int directories_remove(struct directories *directories) must_check;

/*
 * The same after a crash: of those that may have been made, each that is empty and of that kind,
 * and what has the temporary name. 0 or -errno.
 */
int directories_recover(const struct directories *directories) must_check;

#endif
