/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_STREAM_H
#define EXM_STREAM_H

/*
 * Lines over a stream socket, without waiting but in stream_wait(). The socket
 * may be shared with other processes, so its flags stay as they are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

enum {
	STREAM_LINE_MAX = (16 << 20) + (64 << 10), /* an answer and what is around it */
	STREAM_KEEP_MAX = 1 << 20,                 /* larger buffers are given back */
	STREAM_OUTPUT_MAX = 16 << 20,              /* that wait to be taken by the peer */
};

/* Deadlines: nanoseconds of CLOCK_MONOTONIC, or never. */
enum { DEADLINE_NEVER = -1 };

struct stream_output {
	char *data;
	size_t size;
	size_t sent;
	size_t used;
};

struct stream {
	int fd;
	char *data;
	size_t size;
	size_t start;   /* of what was not handed out yet */
	size_t scanned; /* no end of line between start and here */
	size_t used;
	bool skipping; /* the line is too long; its rest is thrown away */
	/* who waits for a descriptor that comes with what is read; for nobody the kernel drops it
	 */
	unsigned int takers;
	int passed_fd; /* the last one that came; -1: none */
	struct stream_output output;
};

static inline struct stream stream_over(int fd)
{
	return (struct stream){ .fd = fd, .passed_fd = -1 };
}

/* Timeout in milliseconds; negative: never. */
int64_t deadline_after(int timeout_ms);
/* Milliseconds left, at least 0; negative: no deadline. For poll(2). */
int deadline_left(int64_t deadline);

/*
 * A line, given without its end, to be written by stream_flush(). 0, -ENOBUFS
 * if too much waits already, -ENOMEM.
 */
int stream_queue_line(struct stream *stream, const char *line, size_t length) must_check;
/*
 * Writes what the peer takes now. 0 when nothing is left, which is also what
 * becomes of the output if the peer has gone: it may have said why, and
 * reading finds the end of the stream. -EAGAIN, -errno.
 */
int stream_flush(struct stream *stream) must_check;
bool stream_has_output(const struct stream *stream);
/* Throws away what was not written; the peer may have half a line of it. */
void stream_drop_output(struct stream *stream);

/* Reads once what is there, or what comes. 0, -EAGAIN, -ECONNRESET at the end, -errno. */
int stream_fill(struct stream *stream, bool wait) must_check;
/*
 * The next line of what was read, without its end. It may be changed, and lives
 * until the next call. 1, 0 if none is complete (a line without its end at the
 * end of the stream is lost), -EMSGSIZE for a line over STREAM_LINE_MAX (the
 * next call goes on behind it).
 */
int stream_next_line(struct stream *stream, char **ret_line, size_t *ret_length) must_check;
bool stream_has_line(const struct stream *stream);

/* Until there is something to read, or to write into if output is left. 0, -ETIMEDOUT, -errno. */
int stream_wait(const struct stream *stream, int64_t deadline) must_check;

/* One of the takers has waited long enough: the descriptor that has come, or -1. */
int stream_take_fd(struct stream *stream);

/* Throws away what was read and not handed out. */
void stream_drop_input(struct stream *stream);

/* Frees the buffers and closes the descriptor. */
void stream_close(struct stream *stream);

#endif
