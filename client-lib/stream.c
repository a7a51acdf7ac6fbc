/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. The server is trusted to answer, not to be alive: every
 * wait has a deadline and every size a bound. Touches nothing but its socket.
 */
#include "stream.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { FIRST_SIZE = 16 << 10 };

#define NS_PER_MS INT64_C(1000000)

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 * NS_PER_MS + time.tv_nsec;
}

int64_t deadline_after(int timeout_ms)
{
	return timeout_ms < 0 ? DEADLINE_NEVER : now() + timeout_ms * NS_PER_MS;
}

int deadline_left(int64_t deadline)
{
	int64_t left;

	if (deadline == DEADLINE_NEVER)
		return -1;
	left = (deadline - now() + NS_PER_MS - 1) / NS_PER_MS;
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/* The events that came, or -ETIMEDOUT, or -errno. */
static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd poller = { .fd = fd, .events = events };

	for (;;) {
		int n = poll(&poller, 1, deadline_left(deadline));

		if (n > 0)
			return poller.revents;
		if (n == 0 && deadline_left(deadline) == 0)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

void stream_drop_input(struct stream *stream)
{
	stream->start = 0;
	stream->scanned = 0;
	stream->used = 0;
	stream->skipping = false;
	if (stream->size > STREAM_KEEP_MAX) {
		free(stream->data);
		stream->data = NULL;
		stream->size = 0;
	}
}

void stream_close(struct stream *stream)
{
	free(stream->data);
	close_fd(stream->fd);
	*stream = stream_over(-1);
}

/* Makes room behind what is used: moves it to the front first, then grows. */
static int make_room(struct stream *stream)
{
	size_t size = stream->size ? stream->size * 2 : FIRST_SIZE;
	char *data;

	if (stream->start > 0) {
		memmove(stream->data, stream->data + stream->start, stream->used - stream->start);
		stream->used -= stream->start;
		stream->scanned -= stream->start;
		stream->start = 0;
	}
	if (stream->used < stream->size)
		return 0;
	data = realloc(stream->data, size);
	if (!data)
		return -ENOMEM;
	stream->data = data;
	stream->size = size;
	return 0;
}

/* Reads what is there. 0, -EAGAIN, -ECONNRESET at the end, -errno. */
static int fill(struct stream *stream, int flags)
{
	ssize_t n;
	int r;

	if (stream->start == stream->used)
		stream->start = stream->scanned = stream->used = 0;
	if (stream->used == stream->size) {
		r = make_room(stream);
		if (r < 0)
			return r;
	}
	do {
		n = recv(stream->fd, stream->data + stream->used, stream->size - stream->used,
			 flags);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ECONNRESET;
	stream->used += (size_t)n;
	return 0;
}

static bool input_is_full(const struct stream *stream)
{
	return stream->used - stream->start > STREAM_LINE_MAX;
}

/* Waits until the peer takes more, and meanwhile takes what it has to say. */
static int wait_to_write(struct stream *stream, int64_t deadline)
{
	short events = POLLOUT;
	int r;

	if (!input_is_full(stream))
		events |= POLLIN;
	r = wait_for(stream->fd, events, deadline);
	if (r < 0)
		return r;
	if (!(r & POLLIN))
		return 0;
	r = fill(stream, MSG_DONTWAIT);
	if (r == -ECONNRESET)
		return -EPIPE;
	return r == -EAGAIN ? 0 : r;
}

int stream_write(struct stream *stream, const char *data, size_t length, int64_t deadline)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n =
			send(stream->fd, data + done, length - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r = 0;

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			r = wait_to_write(stream, deadline);
		else if (errno != EINTR)
			r = -errno;
		if (r < 0) {
			stream->torn = stream->torn || done > 0;
			return r;
		}
	}
	stream->torn = false;
	return 0;
}

/* Takes one line out of the buffer. 1, 0 if none is complete, -EMSGSIZE. */
static int next_line(struct stream *stream, char **ret_line, size_t *ret_length)
{
	bool skipped = stream->skipping;
	char *line, *end;

	if (stream->scanned == stream->used)
		return 0;
	line = stream->data + stream->start;
	end = memchr(stream->data + stream->scanned, '\n', stream->used - stream->scanned);
	stream->scanned = stream->used;
	if (!end) {
		if (input_is_full(stream))
			stream->skipping = true;
		if (stream->skipping)
			stream->start = stream->used;
		return 0;
	}
	stream->start = stream->scanned = (size_t)(end - stream->data) + 1;
	stream->skipping = false;
	if (skipped || end - line > STREAM_LINE_MAX)
		return -EMSGSIZE;
	*end = '\0';
	*ret_line = line;
	*ret_length = (size_t)(end - line);
	return 1;
}

int stream_read_line(struct stream *stream, int64_t deadline, char **ret_line, size_t *ret_length)
{
	for (;;) {
		int r = next_line(stream, ret_line, ret_length);

		if (r != 0)
			return r > 0 ? 0 : r;
		if (stream->start == stream->used && stream->size > STREAM_KEEP_MAX &&
		    !stream->skipping)
			stream_drop_input(stream);
		r = fill(stream, deadline == DEADLINE_NEVER ? 0 : MSG_DONTWAIT);
		if (r == -EAGAIN)
			r = wait_for(stream->fd, POLLIN, deadline);
		if (r < 0)
			return r;
	}
}
