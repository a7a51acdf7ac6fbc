/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LOCALE_TREE_H
#define EXM_LOCALE_TREE_H

#include <stdbool.h>

#include "common/cleanup.h"

/*
 * May this be a locale's name: letters, digits and _.@- beginning with a letter
 * or digit, 255 bytes at most?
 */
bool locale_tree_is_name(const char *name);

/*
 * Is the locale there below the root: in glibc's archive, or as a directory
 * beside it? C, POSIX and C.UTF-8 always are. A character set may be spelled in
 * any of glibc's ways (UTF-8, utf8). 1, 0, or -errno.
 */
int locale_tree_has(int root_fd, const char *name) must_check;

#endif
