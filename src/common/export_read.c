/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, on the audit trail, which is root's, and in the command line
 * client, on any file that it is given: those bytes are hostile. Touches
 * nothing but memory.
 */
#include "common/export.h"

#include <errno.h>
#include <string.h>

#include "common/utf8.h"

bool export_name_valid(const char *name, size_t length)
{
	if (length == 0 || length > EXPORT_NAME_MAX || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!(name[i] >= 'A' && name[i] <= 'Z') && !(name[i] >= '0' && name[i] <= '9') &&
		    name[i] != '_')
			return false;
	return true;
}

bool export_is_text(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
		/* U+0080 to U+009F, of which a terminal obeys some */
		if (c == 0xc2 && i + 1 < length && (unsigned char)value[i + 1] < 0xa0)
			return false;
	}
	return utf8_valid(value, length, NULL);
}

static uint64_t little_endian(const char *bytes)
{
	uint64_t number = 0;

	for (size_t i = 0; i < sizeof(number); i++)
		number |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
	return number;
}

/* A field whose name ends with a line feed; `at` is behind that. */
static int parse_binary(const char *data, size_t size, size_t *at, struct export_field *field)
{
	uint64_t length;

	if (size - *at < sizeof(length))
		return 0;
	length = little_endian(data + *at);
	if (length > EXPORT_RECORD_MAX)
		return -EBADMSG;
	*at += sizeof(length);
	if (size - *at < length + 1)
		return 0;
	field->value = data + *at;
	field->length = (size_t)length;
	field->binary = true;
	*at += (size_t)length + 1;
	return data[*at - 1] == '\n' ? 1 : -EBADMSG;
}

/* The field at *at, which is left behind it. */
static int parse_field(const char *data, size_t size, size_t *at, struct export_field *field)
{
	const char *line = data + *at, *end = memchr(line, '\n', size - *at), *equals;

	/* a name and the '=' have to come soon, also in what has no line feed yet */
	equals = memchr(line, '=', end ? (size_t)(end - line) : size - *at);
	*field = (struct export_field){ .name = line };
	if (!end && !equals)
		return size - *at > EXPORT_NAME_MAX ? -EBADMSG : 0;
	field->name_length = (size_t)((equals ? equals : end) - line);
	if (!export_name_valid(line, field->name_length))
		return -EBADMSG;
	if (!end)
		return 0;
	*at += (size_t)(end - line) + 1;
	if (!equals)
		return parse_binary(data, size, at, field);
	field->value = equals + 1;
	field->length = (size_t)(end - equals) - 1;
	return export_is_text(field->value, field->length) ? 1 : -EBADMSG;
}

int export_parse(const char *data, size_t size, struct export_record *ret_record)
{
	bool whole = size <= EXPORT_RECORD_MAX;
	size_t at = 0;
	int r = 1;

	if (!whole)
		size = EXPORT_RECORD_MAX;
	ret_record->count = 0;
	while (r > 0 && at < size && data[at] != '\n') {
		if (ret_record->count == EXPORT_FIELDS_MAX)
			return -EBADMSG;
		r = parse_field(data, size, &at, &ret_record->field[ret_record->count]);
		if (r > 0)
			ret_record->count++;
	}
	if (r < 0)
		return r;
	if (r == 0 || at == size)
		return whole ? 0 : -EBADMSG;
	ret_record->size = at + 1;
	return ret_record->count > 0 ? 1 : -EBADMSG;
}

const struct export_field *export_find(const struct export_record *record, const char *name)
{
	for (size_t i = 0; i < record->count; i++)
		if (record->field[i].name_length == strlen(name) &&
		    memcmp(record->field[i].name, name, strlen(name)) == 0)
			return &record->field[i];
	return NULL;
}

bool export_is(const struct export_field *field, const char *text)
{
	return field && field->length == strlen(text) &&
	       memcmp(field->value, text, field->length) == 0;
}

bool export_number(const struct export_field *field, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!field || field->length == 0)
		return false;
	for (size_t i = 0; i < field->length; i++) {
		unsigned int digit = (unsigned int)(unsigned char)field->value[i] - '0';

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return true;
}
