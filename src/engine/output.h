/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_OUTPUT_H
#define EXM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Text that grows while an answer is put together, and keeps its room for the next one. */
struct output {
	char *text;
	size_t length;
	size_t size;
	bool failed; /* memory ran out; stays until the next output_start() */
};

void output_clear(struct output *output);
void output_start(struct output *output);
void output_add(struct output *output, const char *text, size_t length);

/* A JSON value; those that need no escaping go without a detour through json-c's own buffer. */
struct json_object;
void output_json(struct output *output, struct json_object *value);

/* A text as json_new_bytes() has it, without making a value of it; NULL is null. */
void output_bytes(struct output *output, const char *text);

/*
 * The part that stands for itself in a JSON string (RFC 8259, section 7), and wherever else only
 * printable ASCII, and neither quote nor backslash, does.
 */
size_t output_plain_length(const char *text);

#define output_literal(output, literal) output_add(output, literal, sizeof(literal) - 1)

#endif
