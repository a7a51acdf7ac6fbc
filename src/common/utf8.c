/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine and in clients, on hostile bytes; reads only what it is given. */
#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

/* Length of the sequence at s (RFC 3629, section 4), or 0. */
static size_t sequence(const unsigned char *s, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		length = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		length = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (length > left)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool utf8_valid(const char *text, size_t length, size_t *ret_end)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0, step;

	while (at < length) {
		uint64_t word;

		if (length - at >= sizeof(word)) {
			memcpy(&word, s + at, sizeof(word));
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				at += sizeof(word);
				continue;
			}
		}
		step = sequence(s + at, length - at);
		if (step == 0)
			break;
		at += step;
	}
	if (ret_end)
		*ret_end = at;
	return at == length;
}
