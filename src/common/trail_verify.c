/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client, on any files; what they hold is hostile. */
#include "common/trail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct verification {
	const struct trail_head *head;
	void (*tell)(const struct trail_fault *fault, void *data);
	void *data;
	struct trail_summary *summary;
	size_t file;
	uint64_t offset; /* of the record that is looked at */
	uint64_t before; /* the same of the record before it */
	bool begun;      /* there is a record before it */
	bool head_seen;
};

static void fault(struct verification *v, uint64_t number, const char *format, ...)
	printf_like(3, 4);

static void fault(struct verification *v, uint64_t number, const char *format, ...)
{
	char text[512];
	const struct trail_fault found = {
		.file = v->file,
		.number = number,
		.offset = v->offset,
		.text = text,
	};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (v->summary->faults++ < TRAIL_FAULTS_MAX)
		v->tell(&found, v->data);
}

/* The record's hash of the one before it, or "" for what is none. */
static void previous_of(const struct export_record *record, char hash[static TRAIL_HASH_SIZE])
{
	const struct export_field *field = export_find(record, TRAIL_PREVIOUS);

	hash[0] = '\0';
	if (!field || field->length != TRAIL_HASH_SIZE - 1)
		return;
	for (size_t i = 0; i < field->length; i++)
		if (!strchr("0123456789abcdef", field->value[i]) || field->value[i] == '\0')
			return;
	memcpy(hash, field->value, field->length);
	hash[field->length] = '\0';
}

static void look_at_link(struct verification *v, uint64_t number, const char *previous)
{
	const struct trail_summary *s = v->summary;
	uint64_t expected = s->last + 1;

	if (!v->begun) {
		if (number == 1 && strcmp(previous, TRAIL_NO_HASH) != 0)
			fault(v, number,
			      "it is the first, and says that one with the hash %s was "
			      "before it",
			      previous);
		return;
	}
	if (number > expected)
		fault(v, number,
		      "it follows record %" PRIu64 "; %" PRIu64 " between them are not "
		      "there",
		      s->last, number - expected);
	else if (number < expected)
		fault(v, number, "it follows record %" PRIu64 "; it was put here, or copied",
		      s->last);
	else if (strcmp(previous, s->hash) != 0)
		fault(v, number,
		      "it was written after a record with the hash %s, but record %" PRIu64
		      " at byte %" PRIu64 " before it has %s; one of the two was changed",
		      previous, s->last, v->before, s->hash);
}

/* By its number: where it stands may have changed since, if the files were rotated. */
static void look_at_head(struct verification *v, uint64_t number)
{
	if (!v->head || number != v->head->number)
		return;
	v->head_seen = true;
	if (strcmp(v->head->hash, v->summary->hash) != 0)
		fault(v, number,
		      "it was changed after it was written: its hash is %s, and " TRAIL_HEAD
		      " says %s",
		      v->summary->hash, v->head->hash);
}

static void look_at(struct verification *v, const struct export_record *record, const char *bytes)
{
	struct trail_summary *s = v->summary;
	char previous[TRAIL_HASH_SIZE];
	uint64_t number;

	previous_of(record, previous);
	if (!export_number(export_find(record, TRAIL_NUMBER), &number) || !previous[0]) {
		fault(v, s->last + 1,
		      "it is no record of an audit trail: it has no " TRAIL_NUMBER
		      "= or no " TRAIL_PREVIOUS "=");
		number = s->last + 1;
	} else {
		look_at_link(v, number, previous);
	}
	if (!v->begun)
		s->first = number;
	v->begun = true;
	s->records++;
	s->last = number;
	trail_hash(bytes, record->size, s->hash);
	look_at_head(v, number);
	v->before = v->offset;
}

static int look_at_file(struct verification *v, int fd)
{
	scoped_trail reader = trail_reader_of(fd, 0);
	struct export_record record;
	const char *bytes;
	int r;

	while ((r = trail_next(&reader, &record, &bytes)) > 0) {
		v->offset = reader.offset - record.size;
		look_at(v, &record, bytes);
	}
	v->offset = reader.offset;
	if (r == -EBADMSG)
		fault(v, v->summary->last + 1,
		      "what stands here is no record; nothing behind it "
		      "in this file can be read");
	else if (r == -ENODATA)
		fault(v, v->summary->last + 1, "the file ends within this record");
	else if (r < 0)
		return r;
	return 0;
}

int trail_verify(const int *fds, size_t count, const struct trail_head *head,
		 void (*tell)(const struct trail_fault *fault, void *data), void *data,
		 struct trail_summary *ret_summary)
{
	struct trail_summary summary = { .hash = TRAIL_NO_HASH };
	struct verification v = {
		.head = head,
		.tell = tell,
		.data = data,
		.summary = &summary,
	};
	int r = 0;

	for (v.file = 0; r == 0 && v.file < count; v.file++)
		r = look_at_file(&v, fds[v.file]);
	if (r < 0)
		return r;
	v.file = count > 0 ? count - 1 : 0;
	if (head && !v.head_seen && head->number > 0)
		fault(&v, head->number,
		      "it is the last one that was written, as " TRAIL_HEAD " says, and is not "
		      "there");
	*ret_summary = summary;
	return 0;
}
