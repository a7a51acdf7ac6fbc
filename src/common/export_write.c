/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. Names are the program's own; values may be any bytes,
 * and can't end a field or a record, because their length stands before them
 * where they could. Touches nothing but memory.
 */
#include "common/export.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ROOM_MIN = 1024 };

void export_clear(struct export_writer *writer)
{
	free(writer->data);
	*writer = (struct export_writer){ 0 };
}

static bool make_room(struct export_writer *writer, size_t more)
{
	size_t room = writer->room ? writer->room : ROOM_MIN;
	char *data;

	if (writer->error == 0 && more > EXPORT_RECORD_MAX - writer->length)
		writer->error = -E2BIG;
	if (writer->error < 0)
		return false;
	while (room - writer->length < more)
		room *= 2;
	if (room == writer->room)
		return true;
	data = realloc(writer->data, room);
	if (!data) {
		writer->error = -ENOMEM;
		return false;
	}
	writer->data = data;
	writer->room = room;
	return true;
}

void export_append(struct export_writer *writer, const char *fields, size_t length)
{
	if (length == 0 || !make_room(writer, length))
		return;
	memcpy(writer->data + writer->length, fields, length);
	writer->length += length;
}

static void append_length(struct export_writer *writer, uint64_t length)
{
	char bytes[sizeof(length)];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(length >> (8 * i));
	export_append(writer, bytes, sizeof(bytes));
}

void export_put(struct export_writer *writer, const char *name, const char *value, size_t length)
{
	bool text = export_is_text(value, length);

	export_append(writer, name, strlen(name));
	export_append(writer, text ? "=" : "\n", 1);
	if (!text)
		append_length(writer, length);
	export_append(writer, value, length);
	export_append(writer, "\n", 1);
}

void export_text(struct export_writer *writer, const char *name, const char *text)
{
	export_put(writer, name, text, strlen(text));
}

void export_print(struct export_writer *writer, const char *name, const char *format, ...)
{
	scoped_ptr char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text = NULL;
		writer->error = -ENOMEM;
		return;
	}
	export_put(writer, name, text, (size_t)length);
}

int export_end(struct export_writer *writer)
{
	export_append(writer, "\n", 1);
	return writer->error;
}
