/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A JSON text: one that is taken is printed as one that is taken, and is printed so again. */
#include "fuzz.h"

#include "common/json.h"

enum { DEPTH = 64 };

static int look(const char *key, struct json_object *value, void *data)
{
	scoped_ptr char *bytes = NULL;

	(void)data;
	expect(key);
	if (json_get_bytes(value, &bytes) == 0)
		expect(json_kind(value) == JSON_STRING || json_kind(value) == JSON_OBJECT);
	for (size_t i = 0; json_kind(value) == JSON_ARRAY && i < json_length(value); i++)
		look("", json_at(value, i), NULL);
	return json_each(value, look, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr char *text = fuzz_bytes(data, size), *printed = NULL;
	scoped_json *value = NULL, *same = NULL;
	struct json_error error = { .reason = NULL };
	size_t length;

	if (json_parse(text, size, DEPTH, &value, &error) < 0) {
		expect(error.reason && error.offset <= size);
		return 0;
	}
	look("", value, NULL);
	if (!value)
		return 0;
	printed = strdup(json_text(value, &length));
	expect(printed && strlen(printed) == length);
	expect(json_parse(printed, length, DEPTH, &same, &error) == 0);
	expect(strcmp(printed, json_text(same, &length)) == 0);
	return 0;
}
