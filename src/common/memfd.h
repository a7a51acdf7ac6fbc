/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_MEMFD_H
#define EXM_MEMFD_H

#include <stddef.h>

#include "common/cleanup.h"

/*
 * Content travels between processes as sealed memfds (memfd_create(2)): once
 * sealed, neither side can change or shorten what the other one looks at.
 */

/* An empty one, close-on-exec, open for writing. A descriptor or -errno. */
int memfd_new(const char *name) must_check;

/* No more writing, growing, shrinking or unsealing. 0 or -errno. */
int memfd_seal(int fd) must_check;

/* Made, filled and sealed. A descriptor or -errno. */
int memfd_of(const char *name, const void *data, size_t size) must_check;

/*
 * Is this descriptor, which another process sent, a memfd with all seals, of at
 * most max bytes? 0, -EBADMSG if it is anything else, -EFBIG.
 */
int memfd_check(int fd, size_t max, size_t *ret_size) must_check;

struct mapping {
	char *data; /* "" if there is nothing */
	size_t size;
};

/* Checks as memfd_check() and maps it for reading. */
int memfd_map(int fd, size_t max, struct mapping *ret_mapping) must_check;
void mapping_clear(struct mapping *mapping);

#define scoped_mapping scoped(mapping_clear) struct mapping

#endif
