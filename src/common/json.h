/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_JSON_H
#define EXM_JSON_H

/*
 * The only door to json-c: json.c includes its headers and nobody else does.
 * Linked into the engine, the library and the CLI; never into the monitor.
 *
 * A parsed or built value is a struct json_object, owned by whoever holds the
 * root of it. Building functions return NULL when memory is short, and take
 * NULL as an argument then, so that only the last result needs a check.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

struct json_object;

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,
	JSON_DOUBLE,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_error {
	size_t offset; /* of the first byte that is wrong */
	const char *reason;
};

/*
 * Reads one JSON text (RFC 8259) that fills the buffer but for white space
 * around it, nested at most `depth` deep, in valid UTF-8, without half surrogate
 * pairs, equal names in one object, NULs in names or integers that an int64_t
 * does not hold. -EBADMSG with ret_error filled, or -ENOMEM.
 */
int json_parse(const char *text, size_t length, unsigned int depth, struct json_object **ret_value,
	       struct json_error *ret_error) must_check;

/* The same for many texts, without making a parser for each. NULL when memory is short. */
struct json_reader;
struct json_reader *json_reader_new(unsigned int depth);
struct json_reader *json_reader_free(struct json_reader *reader);
int json_read(struct json_reader *reader, const char *text, size_t length,
	      struct json_object **ret_value, struct json_error *ret_error) must_check;

struct json_object *json_free(struct json_object *value);

static inline void json_freep(struct json_object **value)
{
	json_free(*value);
}

#define scoped_json scoped(json_freep) struct json_object

/* Reading. A NULL value is JSON's null. Pointers live as long as the value. */
enum json_kind json_kind(const struct json_object *value);
const char *json_kind_name(enum json_kind kind);
bool json_boolean(const struct json_object *value);
int64_t json_int(const struct json_object *value);
const char *json_string(const struct json_object *value, size_t *ret_length);
size_t json_length(const struct json_object *value); /* of an array or an object */
struct json_object *json_at(const struct json_object *array, size_t index);
struct json_object *json_get(const struct json_object *object,
			     const char *key); /* NULL: absent or null */
bool json_has(const struct json_object *object, const char *key);
/* Calls visit for each member until it returns non-zero, and returns that. */
int json_each(const struct json_object *object,
	      int (*visit)(const char *key, struct json_object *value, void *data), void *data);

/*
 * Text that need not be UTF-8: a JSON string, or {"base64": "..."}.
 * Returns 0 with a new string; -EINVAL if it is neither, -EILSEQ if it holds a
 * NUL, -ENOMEM.
 */
int json_get_bytes(const struct json_object *value, char **ret_text) must_check;

/* Building. json_put and json_append take the value over. */
struct json_object *json_new_object(void);
struct json_object *json_new_array(void);
struct json_object *json_new_string(const char *text);
struct json_object *json_new_text(const char *text);  /* bytes that are not UTF-8 become "?" */
struct json_object *json_new_bytes(const char *text); /* NULL: null; see json_get_bytes */
struct json_object *json_new_data(const char *bytes, size_t length); /* the same, also with NULs */
struct json_object *json_new_int(int64_t value);
struct json_object *json_new_bool(bool value);
struct json_object *json_share(struct json_object *value); /* one more owner */
/* 0 or -ENOMEM, whatever went wrong before. */
int json_put(struct json_object *object, const char *key, struct json_object *value);
int json_append(struct json_object *array, struct json_object *value);

/* The value on one line. The text belongs to the value and lives until it changes. */
const char *json_text(struct json_object *value, size_t *ret_length);
/* The same over several lines, for people. */
const char *json_text_pretty(struct json_object *value);

#endif
