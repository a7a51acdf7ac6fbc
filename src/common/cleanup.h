/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLEANUP_H
#define EXM_CLEANUP_H

/*
 * The one resource idiom of the tree: a variable that owns something carries a
 * cleanup attribute, and take_ptr()/take_fd() hand the ownership on.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define scoped(function) __attribute__((cleanup(function)))
#define must_check __attribute__((warn_unused_result))
#define printf_like(text, first) __attribute__((__format__(__printf__, text, first)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define take_ptr(pointer) \
	({ \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL; \
		taken_; \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Closes fd unless it is negative; always returns -1, to be stored in its place. */
static inline int close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
	return -1;
}

static inline void scoped_close(int *fd)
{
	close_fd(*fd);
}

static inline void scoped_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void scoped_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define scoped_fd scoped(scoped_close) int
#define scoped_ptr scoped(scoped_free)
#define scoped_file scoped(scoped_fclose) FILE

#endif
