/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: a time in an answer. */
#include "engine/when.h"

#include <stdio.h>
#include <time.h>

#include "common/json.h"

enum { TIME_SIZE = 40 };

struct json_object *when_json(uint64_t usec)
{
	const time_t seconds = (time_t)(usec / 1000000);
	char text[TIME_SIZE];
	size_t length;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
		return NULL;
	length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + length, sizeof(text) - length, ".%06uZ", (unsigned int)(usec % 1000000));
	return json_new_string(text);
}
