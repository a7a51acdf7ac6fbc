/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CHECK_CARRY_H
#define EXM_CHECK_CARRY_H

/*
 * What is mounted below a directory, and would be hidden by a mount over it: found before, and
 * shown again after.
 */

#include <stddef.h>

#include "common/cleanup.h"

struct carried {
	char **path; /* below the directory */
	size_t count;
};

void carried_clear(struct carried *carried);

#define scoped_carried scoped(carried_clear) struct carried

/* proc_fd is /proc; the directory is absolute. Those that lie in another one come with it. 0 or
 * -errno.
 */
int carry_find(int proc_fd, const char *directory, struct carried *ret_carried) must_check;

/* From the one directory to the other. */
int carry_over(const struct carried *carried, int from, int to) must_check;

#endif
