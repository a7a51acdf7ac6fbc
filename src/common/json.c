/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine and in clients. The text is hostile: depth, encoding and
 * numbers are checked while it is read. See json.h for why this file exists.
 */
#include "common/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <limits.h>
#include <resolv.h>
#include <string.h>

#include "common/json_scan.h"
#include "common/utf8.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int count_members(json_object *value, int flags, json_object *parent, const char *key,
			 size_t *index, void *data)
{
	size_t *count = data;

	(void)parent;
	(void)key;
	(void)index;
	if (!(flags & JSON_C_VISIT_SECOND) && json_object_is_type(value, json_type_object))
		*count += (size_t)json_object_object_length(value);
	return JSON_C_VISIT_RETURN_CONTINUE;
}

/* Of two equal names json-c keeps the last; what another reader keeps is anybody's guess. */
static bool has_all_names(struct json_object *value, size_t names)
{
	size_t members = 0;

	return json_c_visit(value, 0, count_members, &members) == 0 && members == names;
}

struct json_reader {
	struct json_tokener *tokener;
	unsigned int depth;
};

struct json_reader *json_reader_new(unsigned int depth)
{
	struct json_reader *reader = malloc(sizeof(*reader));

	if (!reader)
		return NULL;
	reader->depth = depth;
	/* json-c counts the innermost value as one level more */
	reader->tokener = json_tokener_new_ex((int)depth + 1);
	if (!reader->tokener) {
		free(reader);
		return NULL;
	}
	json_tokener_set_flags(reader->tokener,
			       JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	return reader;
}

struct json_reader *json_reader_free(struct json_reader *reader)
{
	if (reader)
		json_tokener_free(reader->tokener);
	free(reader);
	return NULL;
}

/* What json-c makes of a text that was looked at before. */
static enum json_tokener_error tokenize(struct json_reader *reader, const char *text, size_t length,
					struct json_object **ret_value, size_t *ret_end)
{
	enum json_tokener_error error;

	json_tokener_reset(reader->tokener);
	*ret_value = json_tokener_parse_ex(reader->tokener, text, (int)length);
	*ret_end = json_tokener_get_parse_end(reader->tokener);
	error = json_tokener_get_error(reader->tokener);
	if (error != json_tokener_continue)
		return error;
	/* a number at the very end is complete only when something follows it */
	*ret_value = json_tokener_parse_ex(reader->tokener, " ", 1);
	*ret_end = length;
	return json_tokener_get_error(reader->tokener);
}

int json_read(struct json_reader *reader, const char *text, size_t length,
	      struct json_object **ret_value, struct json_error *ret_error)
{
	struct json_object *value;
	enum json_tokener_error error;
	size_t end, names;

	while (length > 0 && is_space(text[length - 1]))
		length--;
	if (length == 0 || length > INT_MAX) {
		*ret_error = (struct json_error){ 0, "no JSON text" };
		return -EBADMSG;
	}
	if (!utf8_valid(text, length, &end)) {
		*ret_error = (struct json_error){ end, "not UTF-8" };
		return -EBADMSG;
	}
	if (json_scan(text, length, reader->depth, &names, ret_error) < 0)
		return -EBADMSG;

	error = tokenize(reader, text, length, &value, &end);
	if (error == json_tokener_success && end == length && has_all_names(value, names)) {
		*ret_value = value;
		return 0;
	}
	json_object_put(value);
	ret_error->offset = end;
	if (error == json_tokener_success && end == length)
		ret_error->reason = "a name twice in one object";
	else if (error == json_tokener_success)
		ret_error->reason = "text after the end";
	else if (error == json_tokener_continue)
		ret_error->reason = "it ends too early";
	else
		ret_error->reason = json_tokener_error_desc(error);
	return -EBADMSG;
}

int json_parse(const char *text, size_t length, unsigned int depth, struct json_object **ret_value,
	       struct json_error *ret_error)
{
	struct json_reader *reader = json_reader_new(depth);
	int r;

	if (!reader)
		return -ENOMEM;
	r = json_read(reader, text, length, ret_value, ret_error);
	json_reader_free(reader);
	return r;
}

struct json_object *json_free(struct json_object *value)
{
	json_object_put(value);
	return NULL;
}

enum json_kind json_kind(const struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_int:
		return JSON_INT;
	case json_type_double:
		return JSON_DOUBLE;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	case json_type_null:
	default:
		return JSON_NULL;
	}
}

const char *json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",     [JSON_BOOL] = "boolean",  [JSON_INT] = "integer",
		[JSON_DOUBLE] = "number", [JSON_STRING] = "string", [JSON_ARRAY] = "array",
		[JSON_OBJECT] = "object",
	};

	return names[kind];
}

bool json_boolean(const struct json_object *value)
{
	return json_object_get_boolean(value);
}

int64_t json_int(const struct json_object *value)
{
	return json_object_get_int64(value);
}

/* json-c's readers keep a cache inside the value and so take it without const. */
static struct json_object *unconst(const struct json_object *value)
{
	return (struct json_object *)(uintptr_t)value;
}

const char *json_string(const struct json_object *value, size_t *ret_length)
{
	if (json_kind(value) != JSON_STRING)
		return NULL;
	if (ret_length)
		*ret_length = (size_t)json_object_get_string_len(value);
	return json_object_get_string(unconst(value));
}

size_t json_length(const struct json_object *value)
{
	switch (json_kind(value)) {
	case JSON_ARRAY:
		return json_object_array_length(value);
	case JSON_OBJECT:
		return (size_t)json_object_object_length(value);
	default:
		return 0;
	}
}

struct json_object *json_at(const struct json_object *array, size_t index)
{
	return json_kind(array) == JSON_ARRAY ? json_object_array_get_idx(array, index) : NULL;
}

struct json_object *json_get(const struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_kind(object) == JSON_OBJECT)
		json_object_object_get_ex(object, key, &value);
	return value;
}

bool json_has(const struct json_object *object, const char *key)
{
	return json_kind(object) == JSON_OBJECT && json_object_object_get_ex(object, key, NULL);
}

int json_each(const struct json_object *object,
	      int (*visit)(const char *key, struct json_object *value, void *data), void *data)
{
	if (json_kind(object) != JSON_OBJECT)
		return 0;
	json_object_object_foreach (unconst(object), key, value) {
		int r = visit(key, value, data);

		if (r != 0)
			return r;
	}
	return 0;
}

static int decode_base64(const struct json_object *value, char **ret_text)
{
	scoped_ptr char *text = NULL;
	const char *encoded;
	size_t length;
	int size;

	encoded = json_string(json_get(value, "base64"), &length);
	/* b64_pton(3) passes over white space */
	if (!encoded || json_length(value) != 1 || strlen(encoded) != length ||
	    strpbrk(encoded, " \t\n\v\f\r"))
		return -EINVAL;
	text = malloc(length + 1);
	if (!text)
		return -ENOMEM;
	size = b64_pton(encoded, (unsigned char *)text, length + 1);
	if (size < 0)
		return -EINVAL;
	text[size] = '\0';
	if (strlen(text) != (size_t)size)
		return -EILSEQ;
	*ret_text = take_ptr(text);
	return 0;
}

int json_get_bytes(const struct json_object *value, char **ret_text)
{
	const char *text;
	size_t length;
	char *copy;

	if (json_kind(value) == JSON_OBJECT)
		return decode_base64(value, ret_text);
	text = json_string(value, &length);
	if (!text)
		return -EINVAL;
	if (strlen(text) != length)
		return -EILSEQ;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	*ret_text = copy;
	return 0;
}

struct json_object *json_new_object(void)
{
	return json_object_new_object();
}

struct json_object *json_new_array(void)
{
	return json_object_new_array();
}

struct json_object *json_new_string(const char *text)
{
	return json_object_new_string(text);
}

struct json_object *json_new_text(const char *text)
{
	scoped_ptr char *copy = strdup(text);
	size_t at = 0, end;

	if (!copy)
		return NULL;
	while (!utf8_valid(copy + at, strlen(copy + at), &end)) {
		at += end;
		copy[at] = '?';
	}
	return json_object_new_string(copy);
}

struct json_object *json_new_bytes(const char *text)
{
	return text ? json_new_data(text, strlen(text)) : NULL;
}

struct json_object *json_new_data(const char *bytes, size_t length)
{
	scoped_ptr char *encoded = NULL;
	struct json_object *object;
	size_t size;

	if (utf8_valid(bytes, length, NULL) && !memchr(bytes, '\0', length))
		return json_object_new_string_len(bytes, (int)length);
	size = (length + 2) / 3 * 4 + 1;
	encoded = malloc(size);
	object = json_object_new_object();
	if (!encoded || b64_ntop((const unsigned char *)bytes, length, encoded, size) < 0 ||
	    json_put(object, "base64", json_new_string(encoded)) < 0)
		return json_free(object);
	return object;
}

struct json_object *json_new_int(int64_t value)
{
	return json_object_new_int64(value);
}

struct json_object *json_new_bool(bool value)
{
	return json_object_new_boolean(value);
}

struct json_object *json_share(struct json_object *value)
{
	return json_object_get(value);
}

int json_put(struct json_object *object, const char *key, struct json_object *value)
{
	if (object && json_object_object_add(object, key, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

int json_append(struct json_object *array, struct json_object *value)
{
	if (array && json_object_array_add(array, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

const char *json_text(struct json_object *value, size_t *ret_length)
{
	return json_object_to_json_string_length(
		value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, ret_length);
}

const char *json_text_pretty(struct json_object *value)
{
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
							     JSON_C_TO_STRING_SPACED |
							     JSON_C_TO_STRING_NOSLASHESCAPE);
}
