/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_EXPORT_H
#define EXM_EXPORT_H

/*
 * systemd's Journal Export Format (https://systemd.io/JOURNAL_EXPORT_FORMATS/), in
 * which the audit trail is kept: a record is a number of fields and an empty line. A
 * field is NAME=TEXT and a line feed, if the value is UTF-8 without control characters but tabs;
 * else NAME, a line feed, the length as 64 bits little-endian, the bytes, a line feed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

enum {
	EXPORT_FIELDS_MAX = 128,
	EXPORT_NAME_MAX = 64,        /* bytes of a field's name, as the journal has it */
	EXPORT_RECORD_MAX = 1 << 20, /* bytes of a record */
};

/* Both point into the record's bytes, and end without a NUL. */
struct export_field {
	const char *name;
	const char *value;
	size_t name_length;
	size_t length;
	bool binary; /* as it is written, not as it has to be */
};

struct export_record {
	size_t count;
	size_t size; /* bytes of all of it, the empty line among them */
	struct export_field field[EXPORT_FIELDS_MAX];
};

/*
 * Reads the record that the bytes begin with. 1 with the record; 0 if they end
 * before it does; -EBADMSG for what is none, or is larger than one may be. Nothing
 * behind the record is looked at.
 */
int export_parse(const char *data, size_t size, struct export_record *ret_record) must_check;

/* The first field of that name, or NULL. */
const struct export_field *export_find(const struct export_record *record, const char *name);

/* Is the value of the field just this text? */
bool export_is(const struct export_field *field, const char *text);

/* A decimal number and nothing else? */
bool export_number(const struct export_field *field, uint64_t *ret_number);

/* A record that is being made, in memory. Begins as { 0 }; what fails is told by export_end(). */
struct export_writer {
	char *data;
	size_t length, room;
	int error; /* the first one, negative; nothing is added after it */
};

void export_clear(struct export_writer *writer);

#define scoped_export scoped(export_clear) struct export_writer

/* One more field. The name is one that the journal takes; the value may be any bytes. */
void export_put(struct export_writer *writer, const char *name, const char *value, size_t length);
void export_text(struct export_writer *writer, const char *name, const char *text);
void export_print(struct export_writer *writer, const char *name, const char *format, ...)
	printf_like(3, 4);

/* Bytes that are fields already. */
void export_append(struct export_writer *writer, const char *fields, size_t length);

/* The empty line. 0, -ENOMEM, or -E2BIG for more than EXPORT_RECORD_MAX. */
int export_end(struct export_writer *writer) must_check;

/* Is it what a field may be called: A-Z, 0-9 and '_', no digit first? */
bool export_name_valid(const char *name, size_t length);

/* May the value stand behind NAME= as it is? */
bool export_is_text(const char *value, size_t length);

#endif
