/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_METADATA_H
#define EXM_METADATA_H

#include <sys/stat.h>

#include "common/cleanup.h"

/*
 * Gives the file `to` the owner, mode, ACLs, extended attributes and security
 * label of `from`, and takes away those that only it has. 0 or -errno.
 */
int metadata_copy(int from, const struct stat *from_stat, int to) must_check;

/* Owner, group and mode, and nothing else. 0 or -errno. */
int metadata_set(int fd, uid_t uid, gid_t gid, mode_t mode) must_check;

#endif
