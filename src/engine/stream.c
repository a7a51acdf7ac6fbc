/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. The bytes are the client's and hostile. The shared part
 * was written by an engine of the same session, perhaps one that broke, so its
 * counters are checked when it is taken over.
 */
#include "engine/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum {
	DATA_SIZE = STREAM_LINE_MAX + 65536,
	HELD_SIZE = 16384,
	MAGIC = 0x45584d31,
};

struct stream_shared {
	struct engine_mark mark; /* the monitor looks at it, so it comes first */
	uint32_t begin;          /* of what was not yet dealt with in data */
	uint32_t end;
	uint32_t line; /* length of the line at begin that is dealt with now, with its end */
	uint8_t skipping;
	uint8_t writing;
	uint8_t edits;
	uint8_t watches;
	struct stream_open open[STREAM_OPEN_MAX];
	uint32_t held; /* bytes of answers that are not written yet */
	char answers[HELD_SIZE];
	char data[DATA_SIZE];
};

static bool plausible(const struct stream_shared *shared)
{
	return shared->mark.magic == MAGIC && shared->begin <= shared->end &&
	       shared->end <= DATA_SIZE && shared->line <= shared->end - shared->begin &&
	       shared->held <= HELD_SIZE && shared->mark.stage <= STREAM_WORKING;
}

/*
 * What is sent through a socket of unix(7) is cut in pieces of half of its buffer, less what the
 * kernel keeps for itself. A single piece goes whole or not at all, also when the process is killed
 * in it, so the next engine may send what is still held; only one that dies just behind the send
 * has it sent twice.
 */
uint32_t stream_piece(int fd)
{
	int size = 0, spare = 64;
	socklen_t length = sizeof(size);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) < 0 || size / 2 < spare)
		return 0;
	return (uint32_t)(size / 2 - spare);
}

int stream_open(struct stream *stream, int fd, uint32_t piece, int memfd)
{
	struct stat st;
	void *map;

	if (fstat(memfd, &st) < 0)
		return -errno;
	if (st.st_size == 0 && ftruncate(memfd, sizeof(struct stream_shared)) < 0)
		return -errno;
	if (st.st_size != 0 && st.st_size != sizeof(struct stream_shared))
		return -EBADMSG;
	map = mmap(NULL, sizeof(struct stream_shared), PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		   0);
	if (map == MAP_FAILED)
		return -errno;
	*stream = (struct stream){
		.fd = fd,
		.shared = map,
		.pass = -1,
		.hold_max = piece < HELD_SIZE ? piece : HELD_SIZE,
	};
	if (st.st_size == 0)
		stream->shared->mark.magic = MAGIC;
	return plausible(stream->shared) ? 0 : -EBADMSG;
}

/* Room for more: what is left moves to the front when the end is near. */
static void make_room(struct stream_shared *s)
{
	if (s->begin == s->end) {
		s->begin = s->end = 0;
	} else if (s->end == DATA_SIZE && s->begin > 0) {
		memmove(s->data, s->data + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
	}
}

int stream_fill(struct stream *stream)
{
	struct stream_shared *s = stream->shared;
	ssize_t n;

	make_room(s);
	n = recv(stream->fd, s->data + s->end, DATA_SIZE - s->end, 0);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0 && errno != ECONNRESET)
		return -errno;
	if (n <= 0) {
		stream->ended = true;
		return 0;
	}
	__atomic_store_n(&s->end, s->end + (uint32_t)n, __ATOMIC_RELEASE);
	stream_beat(stream);
	return 0;
}

enum stream_line stream_next(struct stream *stream, size_t max, const char **ret_line,
			     size_t *ret_length)
{
	struct stream_shared *s = stream->shared;
	const char *start, *end;

	for (;;) {
		start = s->data + s->begin;
		end = memchr(start, '\n', s->end - s->begin);
		if (!s->skipping)
			break;
		if (!end) {
			s->begin = s->end;
			return STREAM_NOTHING;
		}
		s->begin += (uint32_t)(end - start) + 1;
		s->skipping = 0;
	}
	if ((end && (size_t)(end - start) > max) || (!end && s->end - s->begin > max)) {
		s->skipping = 1;
		return STREAM_TOO_LONG;
	}
	if (!end)
		return STREAM_NOTHING;
	*ret_line = start;
	*ret_length = (size_t)(end - start);
	return STREAM_LINE;
}

void stream_mark(struct stream *stream, enum stream_stage stage, size_t length)
{
	struct stream_shared *s = stream->shared;

	if (stage == STREAM_IDLE) {
		s->begin += s->line;
		s->line = 0;
	} else {
		s->line = (uint32_t)length + 1;
	}
	__atomic_store_n(&s->mark.stage, (uint32_t)stage, __ATOMIC_RELEASE);
	stream_beat(stream);
}

void stream_beat(struct stream *stream)
{
	uint32_t *beat = &stream->shared->mark.beat;

	__atomic_store_n(beat, *beat + 1, __ATOMIC_RELEASE);
}

void stream_pass(struct stream *stream, int fd)
{
	stream->pass = fd;
}

/* What is sent with a descriptor has at least its first byte sent with it. */
static ssize_t send_some(struct stream *stream, const char *text, size_t length)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
			      .cmsg_len = CMSG_LEN(sizeof(int)),
		      } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)text, .iov_len = length };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	if (stream->pass < 0)
		return send(stream->fd, text, length, MSG_NOSIGNAL);
	memcpy(CMSG_DATA(&control.header), &stream->pass, sizeof(int));
	n = sendmsg(stream->fd, &message, MSG_NOSIGNAL);
	if (n > 0)
		stream->pass = -1;
	return n;
}

static int write_all(struct stream *stream, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = send_some(stream, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

int stream_write(struct stream *stream, const char *text, size_t length)
{
	int r = stream_flush(stream);

	if (r < 0)
		return r;
	__atomic_store_n(&stream->shared->writing, 1, __ATOMIC_RELEASE);
	r = write_all(stream, text, length);
	__atomic_store_n(&stream->shared->writing, 0, __ATOMIC_RELEASE);
	stream_beat(stream);
	return r;
}

bool stream_has_more(const struct stream *stream)
{
	const struct stream_shared *s = stream->shared;

	return s->end - s->begin > s->line;
}

bool stream_hold(struct stream *stream, const char *text, size_t length)
{
	struct stream_shared *s = stream->shared;

	if (s->held > stream->hold_max || length > stream->hold_max - s->held)
		return false;
	memcpy(s->answers + s->held, text, length);
	__atomic_store_n(&s->held, s->held + (uint32_t)length, __ATOMIC_RELEASE);
	return true;
}

int stream_flush(struct stream *stream)
{
	struct stream_shared *s = stream->shared;
	int r;

	if (s->held == 0)
		return 0;
	r = write_all(stream, s->answers, s->held);
	__atomic_store_n(&s->held, 0, __ATOMIC_RELEASE);
	stream_beat(stream);
	return r;
}

void stream_set_edits(struct stream *stream, bool edits)
{
	stream->shared->edits = edits;
}

void stream_set_watches(struct stream *stream, bool watches)
{
	stream->shared->watches = watches;
}

int stream_open_request(struct stream *stream, const char *id, size_t length)
{
	for (int i = 0; i < STREAM_OPEN_MAX; i++) {
		struct stream_open *slot = &stream->shared->open[i];

		if (slot->used)
			continue;
		if (length > sizeof(slot->id))
			return -1;
		memcpy(slot->id, id, length);
		slot->length = (uint32_t)length;
		__atomic_store_n(&slot->used, 1, __ATOMIC_RELEASE);
		return i;
	}
	return -1;
}

void stream_close_request(struct stream *stream, int slot)
{
	if (slot >= 0)
		stream->shared->open[slot].used = 0;
}

struct stream_rest stream_rest(const struct stream *stream)
{
	const struct stream_shared *s = stream->shared;
	struct stream_rest rest = {
		.stage = s->mark.stage,
		.edits = s->edits,
		.watches = s->watches,
	};

	if (s->line > 0) {
		rest.line = s->data + s->begin;
		rest.length = s->line - 1;
	} else {
		rest.stage = STREAM_IDLE;
	}
	return rest;
}

const struct stream_open *stream_slot(const struct stream *stream, int slot)
{
	const struct stream_open *open = &stream->shared->open[slot];

	return open->used && open->length <= sizeof(open->id) ? open : NULL;
}

int stream_mend(struct stream *stream)
{
	/* never both: what is held goes first */
	return stream->shared->writing ? stream_write(stream, "\n", 1) : stream_flush(stream);
}
