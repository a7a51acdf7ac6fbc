/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Written in the monitor and in exmachina-run, read in the monitor and in the
 * engine. Texts are cut to their bounds where they are written; where they are
 * read nothing is believed that the descriptor does not hold.
 */
#include "common/report.h"

#include <errno.h>
#include <string.h>

#include "common/fd.h"

enum { HEADER_SIZE = 8, INTEGER_SIZE = 8, STR_OVERHEAD = 5 };

#define WHOLE_MAX (HEADER_SIZE + REPORT_SIZE_MAX + REPORT_TEXT_MAX + STR_OVERHEAD)

struct report report_begin(enum report_kind kind)
{
	return (struct report){ .kind = kind };
}

void report_clear(struct report *report)
{
	free(report->data);
	report->data = NULL;
}

/* Room for `more` bytes behind what is there. */
static int reserve(struct report *report, size_t more)
{
	size_t room = report->room ? report->room : 4096;
	char *data;

	if (report->length + more > REPORT_SIZE_MAX)
		return -E2BIG;
	if (report->length + more <= report->room)
		return 0;
	while (room < report->length + more)
		room *= 2;
	data = realloc(report->data, room);
	if (!data)
		return -ENOMEM;
	report->data = data;
	report->room = room;
	return 0;
}

static size_t bounded(const char *text, size_t max)
{
	return text ? strnlen(text, max) : 0;
}

static void put_cut(struct wire *w, const char *text, size_t max)
{
	char cut[REPORT_TEXT_MAX + 1];
	size_t length = bounded(text, max);

	/* not in the middle of a character, of which only the first byte has other top bits */
	if (length == max)
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	memcpy(cut, text ? text : "", length);
	cut[length] = '\0';
	wire_put_str(w, cut, max);
}

#define SIZE_INTEGER(field) size += INTEGER_SIZE;
#define SIZE_STR(field, max) size += bounded(row->field, max) + STR_OVERHEAD;
#define PUT_U8(field) wire_put_u8(&w, row->field);
#define PUT_U32(field) wire_put_u32(&w, row->field);
#define PUT_U64(field) wire_put_u64(&w, row->field);
#define PUT_I32(field) wire_put_i32(&w, row->field);
#define PUT_STR(field, max) put_cut(&w, row->field, max);
#define GET_U8(field) row.field = wire_get_u8(w);
#define GET_U32(field) row.field = wire_get_u32(w);
#define GET_U64(field) row.field = wire_get_u64(w);
#define GET_I32(field) row.field = wire_get_i32(w);
#define GET_STR(field, max) row.field = wire_get_str(w, max);

/* Is there another row? 1, or 0 when the trailer was read and nothing is left. */
static int next(struct report_reader *reader)
{
	struct wire *w = &reader->wire;

	if (w->bad)
		return -EBADMSG;
	if (reader->trailer)
		return 0;
	if (reader->read < reader->rows) {
		reader->read++;
		return 1;
	}
	reader->trailer = wire_get_str(w, REPORT_TEXT_MAX);
	w->bad = !wire_done(w);
	return w->bad ? -EBADMSG : 0;
}

#define X(NAME, name) \
	int report_add_##name(struct report *report, const struct name *row) \
	{ \
		size_t size = 0; \
		struct wire w; \
		int r; \
\
		FIELDS_##name(SIZE_INTEGER, SIZE_INTEGER, SIZE_INTEGER, SIZE_INTEGER, \
			      SIZE_STR) if (report->kind != REPORT_##NAME || \
					    report->rows == REPORT_ROWS_MAX) return -E2BIG; \
		r = reserve(report, size); \
		if (r < 0) \
			return r; \
		w = wire_over(report->data + report->length, report->room - report->length); \
		FIELDS_##name(PUT_U8, PUT_U32, PUT_U64, PUT_I32, \
			      PUT_STR) if (w.bad) return -E2BIG; \
		report->length += w.pos; \
		report->rows++; \
		return 0; \
	} \
\
	int report_next_##name(struct report_reader *reader, struct name *ret_row) \
	{ \
		struct wire *w = &reader->wire; \
		struct name row; \
		int r = next(reader); \
\
		if (r <= 0) \
			return r; \
		FIELDS_##name(GET_U8, GET_U32, GET_U64, GET_I32, \
			      GET_STR) if (w->bad) return -EBADMSG; \
		*ret_row = row; \
		return 1; \
	}
REPORTS(X)
#undef X

int report_write(const struct report *report, const char *trailer, int fd)
{
	uint8_t header[HEADER_SIZE], end[REPORT_TEXT_MAX + STR_OVERHEAD];
	struct wire first = wire_over(header, sizeof(header)), last = wire_over(end, sizeof(end));
	int r;

	wire_put_u32(&first, report->kind);
	wire_put_u32(&first, (uint32_t)report->rows);
	put_cut(&last, trailer, REPORT_TEXT_MAX);
	r = fd_write_all(fd, header, first.pos);
	if (r == 0 && report->length > 0)
		r = fd_write_all(fd, report->data, report->length);
	return r < 0 ? r : fd_write_all(fd, end, last.pos);
}

int report_seal(const struct report *report, const char *trailer)
{
	scoped_fd fd = memfd_new("exmachina-report");
	int r;

	if (fd < 0)
		return fd;
	r = report_write(report, trailer, fd);
	if (r == 0)
		r = memfd_seal(fd);
	return r < 0 ? r : take_fd(&fd);
}

int report_open(int fd, enum report_kind kind, struct report_reader *ret_reader)
{
	struct report_reader reader = { .trailer = NULL };
	int r = memfd_map(fd, WHOLE_MAX, &reader.mapping);

	if (r < 0)
		return r;
	reader.wire = wire_over(reader.mapping.data, reader.mapping.size);
	if (wire_get_u32(&reader.wire) != kind)
		reader.wire.bad = true;
	reader.rows = wire_get_u32(&reader.wire);
	if (reader.wire.bad || reader.rows > REPORT_ROWS_MAX) {
		mapping_clear(&reader.mapping);
		return -EBADMSG;
	}
	*ret_reader = reader;
	return 0;
}

void report_close(struct report_reader *reader)
{
	mapping_clear(&reader->mapping);
}
