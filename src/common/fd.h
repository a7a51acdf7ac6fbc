/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_FD_H
#define EXM_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/cleanup.h"

/* Writes all of it, however many calls that takes. 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t size) must_check;

/*
 * Copies `from`, beginning at its start, to the current position of `to`, at
 * most `max` bytes. 0, -EFBIG if there are more, or -errno.
 */
int fd_copy(int from, int to, size_t max, size_t *ret_size) must_check;

/* Reads up to the end, at most max bytes, into a new string. 0, -EFBIG, -errno. */
int fd_read_text(int fd, size_t max, char **ret_text, size_t *ret_length) must_check;

/* Have the two files the same bytes? 1, 0 or -errno. Positions stay where they are. */
int fd_same_content(int a, int b) must_check;

/* 0 or -errno. */
int fd_set_cloexec(int fd, bool cloexec) must_check;

/* Standard input up to `last` lead to /dev/null from now on. 0 or -errno. */
int fd_quiet(int last) must_check;
/* The same with a descriptor of /dev/null, for when it can't be opened any more. */
int fd_quiet_with(int null, int last) must_check;

/*
 * Leaves only 0, 1, 2 and the given descriptors, which become 3, 4, ... in
 * their order and stay open across exec. For a child between fork and exec.
 * 0 or -errno.
 */
int fd_keep_only(const int *keep, size_t count) must_check;

#endif
