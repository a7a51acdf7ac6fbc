/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and in the command line client. The files of the trail are root's, but
 * what is in them may be cut off or changed, and the client reads any file.
 */
#include "common/trail.h"

#include <errno.h>
#include <inttypes.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

enum {
	ROOM_MIN = 64 << 10,
	ROOM_MAX = EXPORT_RECORD_MAX + ROOM_MIN, /* more than a record may have */
	CHECK_LENGTH = 16,
};

#define HEAD_MARK "exmachina-audit"

void trail_name(unsigned int number, char name[static TRAIL_NAME_SIZE])
{
	snprintf(name, TRAIL_NAME_SIZE, number ? TRAIL_FILE ".%u" : TRAIL_FILE, number);
}

void trail_hash(const void *data, size_t size, char hash[static TRAIL_HASH_SIZE])
{
	SHA256Data(data, size, hash);
}

/* Half of a head must not look like one: what stands before the check is hashed into it. */
void trail_head_print(const struct trail_head *head, char text[static TRAIL_HEAD_SIZE + 1])
{
	char check[TRAIL_HASH_SIZE];
	int length = snprintf(text, TRAIL_HEAD_SIZE + 1,
			      HEAD_MARK " %020" PRIu64 " %020" PRIu64 " %020" PRIu64 " %s ",
			      head->number, head->start, head->end, head->hash);

	trail_hash(text, (size_t)length, check);
	snprintf(text + length, TRAIL_HEAD_SIZE + 1 - (size_t)length, "%.*s\n", CHECK_LENGTH,
		 check);
}

int trail_head_read(int fd, struct trail_head *ret_head)
{
	char text[TRAIL_HEAD_SIZE + 1] = "", again[TRAIL_HEAD_SIZE + 1];
	struct trail_head head = { 0 };
	ssize_t n = pread(fd, text, TRAIL_HEAD_SIZE, 0);

	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENODATA;
	/* NOLINTNEXTLINE(cert-err34-c): what it takes for a number is printed and compared */
	if (sscanf(text, HEAD_MARK " %" SCNu64 " %" SCNu64 " %" SCNu64 " %64[0-9a-f]", &head.number,
		   &head.start, &head.end, head.hash) != 4)
		return -EBADMSG;
	trail_head_print(&head, again);
	if (strcmp(text, again) != 0 || head.start > head.end)
		return -EBADMSG;
	*ret_head = head;
	return 0;
}

struct trail_reader trail_reader_of(int fd, uint64_t offset)
{
	return (struct trail_reader){ .fd = fd, .offset = offset };
}

void trail_reader_clear(struct trail_reader *reader)
{
	free(reader->buffer);
	reader->buffer = NULL;
}

/* Room behind the bytes that have not been taken yet; most records are small. */
static int make_room(struct trail_reader *reader)
{
	size_t room = reader->room == 0             ? ROOM_MIN
		      : reader->room < ROOM_MAX / 2 ? 2 * reader->room
						    : ROOM_MAX;
	char *buffer;

	if (reader->begin > 0) {
		memmove(reader->buffer, reader->buffer + reader->begin,
			reader->filled - reader->begin);
		reader->filled -= reader->begin;
		reader->begin = 0;
	}
	if (reader->filled < reader->room || room == reader->room)
		return 0;
	buffer = realloc(reader->buffer, room);
	if (!buffer)
		return -ENOMEM;
	reader->buffer = buffer;
	reader->room = room;
	return 0;
}

/* More bytes behind those that are there. 1, 0 at the end of the file, or -errno. */
static int fill(struct trail_reader *reader)
{
	ssize_t n = make_room(reader);

	if (n < 0)
		return (int)n;
	do {
		n = pread(reader->fd, reader->buffer + reader->filled,
			  reader->room - reader->filled, (off_t)(reader->offset + reader->filled));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	reader->filled += (size_t)n;
	return n > 0;
}

int trail_next(struct trail_reader *reader, struct export_record *ret_record,
	       const char **ret_bytes)
{
	for (;;) {
		size_t left = reader->filled - reader->begin;
		int r = left > 0 ? export_parse(reader->buffer + reader->begin, left, ret_record)
				 : 0;

		if (r < 0)
			return r;
		if (r > 0) {
			*ret_bytes = reader->buffer + reader->begin;
			reader->begin += ret_record->size;
			reader->offset += ret_record->size;
			return 1;
		}
		r = fill(reader);
		if (r < 0)
			return r;
		if (r == 0)
			return left > 0 ? -ENODATA : 0;
	}
}
