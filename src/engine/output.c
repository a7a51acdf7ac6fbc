/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. What is added may be long; it is the caller who bounds it. */
#include "engine/output.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"

enum { FIRST_SIZE = 4096, KEPT_SIZE = 1 << 20 };

void output_clear(struct output *output)
{
	free(output->text);
	*output = (struct output){ 0 };
}

void output_start(struct output *output)
{
	/* one long answer shall not hold its memory for the rest of the session */
	if (output->size > KEPT_SIZE)
		output_clear(output);
	output->length = 0;
	output->failed = false;
}

void output_add(struct output *output, const char *text, size_t length)
{
	if (!output->failed && length > output->size - output->length) {
		size_t size = output->size > 0 ? 2 * output->size : FIRST_SIZE;
		char *grown;

		while (size - output->length < length)
			size *= 2;
		grown = realloc(output->text, size);
		output->failed = !grown;
		if (grown) {
			output->text = grown;
			output->size = size;
		}
	}
	/* before the first byte there is no memory to copy none to */
	if (output->failed || length == 0)
		return;
	memcpy(output->text + output->length, text, length);
	output->length += length;
}

size_t output_plain_length(const char *text)
{
	size_t length = 0;

	while (text[length] >= ' ' && text[length] <= '~' && text[length] != '"' &&
	       text[length] != '\\')
		length++;
	return length;
}

void output_json(struct output *output, struct json_object *value)
{
	size_t length;
	const char *text = json_string(value, &length);

	if (text && output_plain_length(text) == length) {
		output_literal(output, "\"");
		output_add(output, text, length);
		output_literal(output, "\"");
		return;
	}
	text = json_text(value, &length);
	if (text)
		output_add(output, text, length);
	else
		output->failed = true;
}

/* Is what has to be escaped in it only what has an escape of two letters in each way of writing
 * JSON? */
static bool is_simple(const char *text)
{
	for (; *text; text++)
		if ((*text < ' ' || *text > '~') && *text != '\n' && *text != '\t')
			return false;
	return true;
}

static void add_simple(struct output *output, const char *text)
{
	output_literal(output, "\"");
	for (;; text++) {
		size_t length = output_plain_length(text);
		char escape[2] = "\\";

		output_add(output, text, length);
		text += length;
		if (!*text)
			break;
		escape[1] = *text == '\n' ? 'n' : *text == '\t' ? 't' : *text;
		output_add(output, escape, sizeof(escape));
	}
	output_literal(output, "\"");
}

void output_bytes(struct output *output, const char *text)
{
	scoped_json *value = NULL;

	if (!text) {
		output_literal(output, "null");
	} else if (is_simple(text)) {
		add_simple(output, text);
	} else {
		value = json_new_bytes(text);
		/* NULL would be null */
		if (value)
			output_json(output, value);
		else
			output->failed = true;
	}
}
