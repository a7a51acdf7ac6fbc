/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_METADATA_H
#define EXM_METADATA_H

#include <stdint.h>
#include <sys/stat.h>

#include "common/cleanup.h"

/*
 * Gives the file `to` the owner, mode, ACLs, extended attributes and security
 * label of `from`, and takes away those that only it has. 0 or -errno.
 */
int metadata_copy(int from, const struct stat *from_stat, int to) must_check;

/*
 * The extended attributes of a file, ACLs and the security label among them, as bytes that
 * metadata_import() takes: at most `max` of them. 0, -E2BIG, or -errno.
 */
int metadata_export(int fd, size_t max, char **ret_data, uint32_t *ret_size) must_check;

/* Owner, group, mode, and the attributes that were exported, for a new file. 0 or -errno. */
int metadata_import(int fd, const struct stat *st, const char *data, uint32_t size) must_check;

/* Owner, group and mode, and nothing else. 0 or -errno. */
int metadata_set(int fd, uid_t uid, gid_t gid, mode_t mode) must_check;

#endif
