/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ROOT_OPEN_H
#define EXM_ROOT_OPEN_H

#include "common/cleanup.h"

/*
 * Opens what path names for a process whose root directory is root_fd. Links are
 * followed, but the absolute ones and `..` stay below root_fd; links of
 * /proc are not followed. For paths that the server itself names; a file of the policy is
 * opened by target.h. Returns a close-on-exec descriptor or -errno.
 */
int root_open(int root_fd, const char *path, int flags) must_check;

/*
 * The same without any symbolic link on the way, below any directory: -ELOOP
 * if there is one. For paths that the policy and the engine name.
 */
int root_open_plain(int dir_fd, const char *path, int flags) must_check;

/*
 * The same with links that stay below the directory: -EXDEV for one that is
 * absolute or leads out, even if it came back. For names in a tree that has links in it.
 */
int root_open_beneath(int dir_fd, const char *path, int flags) must_check;

#endif
