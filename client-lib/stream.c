/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. The server is trusted to answer, not to be alive: only
 * stream_wait() waits, and every size has a bound. Touches nothing but its
 * socket. The secret passes through the output, which is wiped when it is sent.
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

int stream_wait(const struct stream *stream, int64_t deadline)
{
	struct pollfd poller = { .fd = stream->fd, .events = POLLIN };

	if (stream_has_output(stream))
		poller.events |= POLLOUT;
	for (;;) {
		int n = poll(&poller, 1, deadline_left(deadline));

		if (n > 0)
			return 0;
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
	stream_drop_output(stream);
	free(stream->output.data);
	close_fd(stream->passed_fd);
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

/* As recv(2); a descriptor takes the place of the one before. */
static ssize_t receive(struct stream *stream, void *data, size_t size, int flags)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		/* not CMSG_SPACE: its padding is room for a second descriptor */
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t n = recvmsg(stream->fd, &message, flags | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *item = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

	if (item && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS &&
	    item->cmsg_len == CMSG_LEN(sizeof(int))) {
		close_fd(stream->passed_fd);
		memcpy(&stream->passed_fd, CMSG_DATA(item), sizeof(int));
	}
	return n;
}

int stream_take_fd(struct stream *stream)
{
	stream->takers--;
	return take_fd(&stream->passed_fd);
}

int stream_fill(struct stream *stream, bool wait)
{
	ssize_t n;
	int r;

	if (stream->start == stream->used && stream->size > STREAM_KEEP_MAX && !stream->skipping)
		stream_drop_input(stream);
	else if (stream->start == stream->used)
		stream->start = stream->scanned = stream->used = 0;
	if (stream->used == stream->size) {
		r = make_room(stream);
		if (r < 0)
			return r;
	}
	do {
		char *at = stream->data + stream->used;
		size_t room = stream->size - stream->used;
		int flags = wait ? 0 : MSG_DONTWAIT;

		n = stream->takers > 0 ? receive(stream, at, room, flags)
				       : recv(stream->fd, at, room, flags);
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

bool stream_has_line(const struct stream *stream)
{
	return stream->scanned < stream->used &&
	       memchr(stream->data + stream->scanned, '\n', stream->used - stream->scanned);
}

int stream_next_line(struct stream *stream, char **ret_line, size_t *ret_length)
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

bool stream_has_output(const struct stream *stream)
{
	return stream->output.used > 0;
}

void stream_drop_output(struct stream *stream)
{
	struct stream_output *output = &stream->output;

	if (output->used > 0)
		explicit_bzero(output->data, output->used);
	output->sent = 0;
	output->used = 0;
	if (output->size > STREAM_KEEP_MAX) {
		free(output->data);
		*output = (struct stream_output){ 0 };
	}
}

int stream_queue_line(struct stream *stream, const char *line, size_t length)
{
	struct stream_output *output = &stream->output;
	size_t size = output->size ? output->size : FIRST_SIZE;
	char *grown;

	if (output->used + length >= STREAM_OUTPUT_MAX)
		return -ENOBUFS;
	while (size <= output->used + length)
		size *= 2;
	if (size > output->size) {
		/* the secret is never moved: it is sent first, and fits into the first size */
		grown = realloc(output->data, size);
		if (!grown)
			return -ENOMEM;
		output->data = grown;
		output->size = size;
	}
	memcpy(output->data + output->used, line, length);
	output->used += length;
	output->data[output->used++] = '\n';
	return 0;
}

int stream_flush(struct stream *stream)
{
	struct stream_output *output = &stream->output;

	while (output->sent < output->used) {
		ssize_t n = send(stream->fd, output->data + output->sent,
				 output->used - output->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			output->sent += (size_t)n;
		else if (errno == EPIPE || errno == ECONNRESET)
			break;
		else if (errno != EINTR)
			return -errno;
	}
	stream_drop_output(stream);
	return 0;
}
