/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_STATE_H
#define EXM_STATE_H

#include "common/cleanup.h"

/*
 * Opens the directory in which the server keeps what outlives it: `path`, which
 * is absolute and plain, below root_fd, over no symbolic link. It is made if it
 * is missing, with mode 0700. Refused if it is not root's or others may write in
 * it. A descriptor, or -errno; logs why.
 */
int state_open(int root_fd, const char *path) must_check;

/*
 * A file of its own in that directory, opened for reading and writing, and made
 * with mode 0600 if it is missing: a descriptor, -EPERM if it is not a regular file of root's
 * alone that has one name, -ELOOP for a symbolic link, or another -errno.
 */
int state_file_open(int state_fd, const char *name) must_check;

#endif
