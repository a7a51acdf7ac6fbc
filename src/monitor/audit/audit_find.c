/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Trusts no file of the trail further than it can
 * see: the last writer may have been killed in the midst of a record, the disk
 * may have been full, somebody may have cut the file or put another in its place.
 */
#include "monitor/audit/audit_find.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "monitor/audit/audit_rotate.h"
#include "monitor/state.h"

void audit_find_note(const struct audit_turn *turn)
{
	char text[TRAIL_HEAD_SIZE + 1];
	ssize_t n;

	trail_head_print(&turn->head, text);
	do {
		n = pwrite(turn->lock, text, TRAIL_HEAD_SIZE, 0);
	} while (n < 0 && errno == EINTR);
}

static void tell(struct audit_turn *turn, const char *format, ...) printf_like(2, 3);

static void tell(struct audit_turn *turn, const char *format, ...)
{
	size_t used = strlen(turn->repair);
	va_list arguments;

	if (used > 0)
		used += (size_t)snprintf(turn->repair + used, sizeof(turn->repair) - used, "; ");
	if (used >= sizeof(turn->repair))
		return;
	va_start(arguments, format);
	vsnprintf(turn->repair + used, sizeof(turn->repair) - used, format, arguments);
	va_end(arguments);
}

static void take_record(struct trail_head *head, const struct export_record *record,
			const char *bytes, uint64_t end)
{
	uint64_t number;

	if (!export_number(export_find(record, TRAIL_NUMBER), &number))
		number = head->number + 1;
	*head = (struct trail_head){
		.number = number,
		.start = end - record->size,
		.end = end,
	};
	trail_hash(bytes, record->size, head->hash);
}

/* Reads all records from `from` on. 0 with *ret_end where the last whole one ends, or -errno. */
static int read_on(int fd, uint64_t from, struct trail_head *head, uint64_t *ret_end)
{
	scoped_trail reader = trail_reader_of(fd, from);
	struct export_record record;
	const char *bytes;
	int r;

	while ((r = trail_next(&reader, &record, &bytes)) > 0)
		take_record(head, &record, bytes, reader.offset);
	if (r < 0 && r != -ENODATA && r != -EBADMSG)
		return r;
	*ret_end = reader.offset;
	return 0;
}

/* The file is not touched, and a new one is begun. */
static int put_aside(struct audit_turn *turn, uint64_t size, const char *why)
{
	tell(turn, "%s; that file, of %" PRIu64 " bytes, was put aside as it is", why, size);
	turn->head.start = turn->head.end = 0;
	return audit_rotate(turn->state_fd, &turn->fd);
}

/*
 * What no record ends is cut off, or the next one would become a part of it. It
 * is kept in the record that tells of this; what is longer than any of our records is no such
 * thing.
 */
static int cut_torn(struct audit_turn *turn, uint64_t end, uint64_t size)
{
	size_t length = (size_t)(size - end);
	ssize_t n;

	if (end == size)
		return 0;
	if (size - end > AUDIT_TORN_MAX)
		return put_aside(turn, size, "what is behind the last whole record is none");
	turn->torn = malloc(length);
	if (!turn->torn)
		return -ENOMEM;
	n = pread(turn->fd, turn->torn, length, (off_t)end);
	if (n < 0 || ftruncate(turn->fd, (off_t)end) < 0)
		return -errno;
	turn->torn_length = (size_t)n;
	tell(turn, "%zu bytes of a record that was not finished were cut off", length);
	return 0;
}

/* Records that a writer could not enter in the head any more, and what one left unfinished. */
static int find_later(struct audit_turn *turn, uint64_t size)
{
	uint64_t end;
	int r = read_on(turn->fd, turn->head.end, &turn->head, &end);

	return r < 0 ? r : cut_torn(turn, end, size);
}

/* The chain goes on from the record that is known to be the last one, so that the gap is seen. */
static int find_cut(struct audit_turn *turn, uint64_t size)
{
	struct trail_head found = { .hash = TRAIL_NO_HASH };
	uint64_t end;
	int r = read_on(turn->fd, 0, &found, &end);

	if (r < 0)
		return r;
	tell(turn,
	     "the file ended at byte %" PRIu64 ", and record %" PRIu64 " had ended at byte %" PRIu64
	     ": somebody took that away, or a failure of power did",
	     size, turn->head.number, turn->head.end);
	turn->head.start = turn->head.end = end;
	return cut_torn(turn, end, size);
}

/* Without a head: from what is in the files. */
static int find_anew(struct audit_turn *turn, uint64_t size)
{
	char name[TRAIL_NAME_SIZE];
	scoped_fd older = -1;
	uint64_t end, unused;
	struct stat st;
	int r;

	turn->head = (struct trail_head){ .hash = TRAIL_NO_HASH };
	r = read_on(turn->fd, 0, &turn->head, &end);
	trail_name(1, name);
	if (r == 0 && end == 0 && fstatat(turn->state_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		older = state_file_open(turn->state_fd, name);
		r = older < 0 ? older : read_on(older, 0, &turn->head, &unused);
		turn->head.start = turn->head.end = 0;
	}
	if (r < 0)
		return r;
	if (turn->head.number > 0)
		tell(turn, TRAIL_HEAD " was missing or damaged, and was made anew");
	return cut_torn(turn, end, size);
}

int audit_find_end(struct audit_turn *turn)
{
	int r = trail_head_read(turn->lock, &turn->head);
	bool known = r == 0;
	struct stat st;
	uint64_t size;

	if (r < 0 && r != -ENODATA && r != -EBADMSG)
		return r;
	if (fstat(turn->fd, &st) < 0)
		return -errno;
	size = (uint64_t)st.st_size;
	if (known && size == turn->head.end)
		return 0;
	if (!known)
		turn->head = (struct trail_head){ .hash = TRAIL_NO_HASH };
	if (size > 2 * (uint64_t)TRAIL_FILE_MAX)
		r = put_aside(turn, size, "more than is ever written into one file");
	else if (!known)
		r = find_anew(turn, size);
	else
		r = size > turn->head.end ? find_later(turn, size) : find_cut(turn, size);
	if (r == 0)
		audit_find_note(turn);
	return r;
}
