/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TARGET_H
#define EXM_TARGET_H

#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/message.h"

/*
 * One configuration file, found below the root's descriptor without following
 * any symbolic link on the way, and its directory held open.
 */
struct target {
	int dir;          /* O_PATH descriptor of the directory */
	const char *name; /* the last component; points into the path given */
};

#define TARGET_NONE ((struct target){ .dir = -1 })

void target_clear(struct target *target);

#define scoped_target scoped(target_clear) struct target

/* path is absolute and in its simplest form. 0 or -errno (-ENOENT, -ELOOP for a link on the way).
 */
int target_open(int root_fd, const char *path, struct target *ret_target) must_check;

/*
 * Opens the file for reading if it is a plain one. The outcome is
 * OUTCOME_DONE with a descriptor and what fstat(2) says of it, OUTCOME_ABSENT, or
 * what is in the way with ret_error telling more: ELOOP for a symbolic link,
 * EINVAL for what is not a regular file.
 */
enum mon_outcome target_read(const struct target *target, int *ret_fd, struct stat *ret_stat,
			     int *ret_error);

/*
 * Can it be replaced by renaming? OUTCOME_DONE, OUTCOME_NOT_PLAIN with EXDEV for a
 * bind mount and EMLINK for a file of several names, or OUTCOME_CONFLICT with ESTALE
 * for one that has lost its name to another since it was opened.
 */
enum mon_outcome target_replaceable(int fd, const struct stat *st, int *ret_error);

/* What stands in the way of replacing it, by the error of one of these; NULL for another error. */
const char *target_obstacle(int error);

/*
 * The file's bytes as they are now, in a sealed memfd. A file that changes while it
 * is read is read again; OUTCOME_IO with EAGAIN if it does not hold still.
 */
enum mon_outcome target_snapshot(const struct target *target, int *ret_memfd, int *ret_error);

#endif
