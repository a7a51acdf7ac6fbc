/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-run, for one job. The bytes are those of any program, and trusted with nothing.
 */
#include "run/tail.h"

#include <string.h>

#include "common/utf8.h"

void tail_add(struct tail *tail, const char *data, size_t size)
{
	if (size > MESSAGE_LOG_MAX) {
		data += size - MESSAGE_LOG_MAX;
		size = MESSAGE_LOG_MAX;
		tail->cut = true;
		tail->used = 0;
	}
	if (tail->used + size > sizeof(tail->data)) {
		size_t keep = MESSAGE_LOG_MAX;

		memmove(tail->data, tail->data + tail->used - keep, keep);
		tail->used = keep;
		tail->cut = true;
	}
	memcpy(tail->data + tail->used, data, size);
	tail->used += size;
}

static void make_valid(char *text, size_t length)
{
	size_t at = 0, end;

	for (size_t i = 0; i < length; i++)
		if (text[i] == '\0')
			text[i] = '?';
	while (!utf8_valid(text + at, length - at, &end)) {
		at += end;
		text[at++] = '?';
	}
}

/* Where a line begins, or at least a character. */
static const char *find_begin(const char *from, const char *end)
{
	const char *newline = memchr(from, '\n', (size_t)(end - from));

	if (newline && newline + 1 < end)
		return newline + 1;
	while (from < end && (*from & 0xc0) == 0x80)
		from++;
	return from;
}

void tail_text(const struct tail *tail, char text[static MESSAGE_LOG_MAX + 1])
{
	const char *from = tail->data, *end = tail->data + tail->used;

	if (tail->used > MESSAGE_LOG_MAX)
		from = end - MESSAGE_LOG_MAX;
	if (tail->cut || tail->used > MESSAGE_LOG_MAX)
		from = find_begin(from, end);
	memcpy(text, from, (size_t)(end - from));
	text[end - from] = '\0';
	make_valid(text, (size_t)(end - from));
}
