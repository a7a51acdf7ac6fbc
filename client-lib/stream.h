/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_STREAM_H
#define EXM_STREAM_H

/*
 * Lines over a stream socket, each with a deadline. The socket may be shared
 * with other processes, so its flags stay as they are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

enum {
	STREAM_LINE_MAX = (16 << 20) + (64 << 10), /* an answer and what is around it */
	STREAM_KEEP_MAX = 1 << 20,                 /* larger buffers are given back */
};

/* Deadlines: nanoseconds of CLOCK_MONOTONIC, or never. */
enum { DEADLINE_NEVER = -1 };

struct stream {
	int fd;
	char *data;
	size_t size;
	size_t start;   /* of what was not handed out yet */
	size_t scanned; /* no end of line between start and here */
	size_t used;
	bool skipping; /* the line is too long; its rest is thrown away */
	bool torn;     /* the last line written lacks its end */
};

static inline struct stream stream_over(int fd)
{
	return (struct stream){ .fd = fd };
}

/* Timeout in milliseconds; negative: never. */
int64_t deadline_after(int timeout_ms);
/* Milliseconds left, at least 0; negative: no deadline. For poll(2). */
int deadline_left(int64_t deadline);

/*
 * Writes all of it. Reads in between when the peer does not take it, lest both
 * wait for each other. 0, -EPIPE, -ETIMEDOUT, -errno.
 */
int stream_write(struct stream *stream, const char *data, size_t length,
		 int64_t deadline) must_check;

/*
 * The next line, without its end. It may be changed, and lives until the next
 * call. -ECONNRESET at the end of the stream (a line without its end is lost),
 * -EMSGSIZE for a line over STREAM_LINE_MAX (the next call goes on behind it),
 * -ETIMEDOUT, -ENOMEM, -errno.
 */
int stream_read_line(struct stream *stream, int64_t deadline, char **ret_line,
		     size_t *ret_length) must_check;

/* Throws away what was read and not handed out. */
void stream_drop_input(struct stream *stream);

/* Frees the buffer and closes the descriptor. */
void stream_close(struct stream *stream);

#endif
