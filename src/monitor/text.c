/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. What a service printed is copied here; it may be any bytes,
 * and is to travel in JSON, which is UTF-8.
 */
#include "monitor/text.h"

#include <string.h>

#include "common/utf8.h"

/* An incomplete character at the end is what the cut has left of a good one. */
static size_t without_half_character(const char *text, size_t length)
{
	for (size_t back = 1; back <= 3 && back <= length; back++) {
		unsigned char c = (unsigned char)text[length - back];

		if (c >= 0xc0)
			return (c >= 0xf0   ? 4u
				: c >= 0xe0 ? 3u
					    : 2u) > back
				       ? length - back
				       : length;
		if (c < 0x80)
			break;
	}
	return length;
}

size_t text_copy(char *to, size_t size, const char *from, size_t length)
{
	size_t at = 0, good;

	if (length > size - 1)
		length = without_half_character(from, size - 1);
	if (length > 0)
		memcpy(to, from, length);
	to[length] = '\0';
	while (at < length && !utf8_valid(to + at, length - at, &good)) {
		to[at + good] = '?';
		at += good + 1;
	}
	for (char *nul = to; (nul = memchr(nul, '\0', length - (size_t)(nul - to))) != NULL;)
		*nul = '?';
	return length;
}
