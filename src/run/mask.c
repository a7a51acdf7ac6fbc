/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, for one check. The output is that of any program; the secrets are values
 * of a client's file. What a program makes of them, by quoting or encoding, is not recognized.
 */
#include "run/mask.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { LONG_ENOUGH = 4 };

/* Whatever separates words in the syntax of configuration files. */
#define SEPARATORS " \t\r\n\"'`=:,;()[]{}<>"

static bool is_word(const struct tail *tail, size_t at, size_t length)
{
	bool before = at > 0 && isalnum((unsigned char)tail->data[at - 1]);
	bool after = at + length < tail->used && isalnum((unsigned char)tail->data[at + length]);

	return !before && !after;
}

/* Puts the mask in place of so many bytes; at most as many of it as there is room for. */
static size_t replace(struct tail *tail, size_t at, size_t length)
{
	size_t mask = strlen(MASK_TEXT);

	if (mask > length && tail->used + mask - length > sizeof(tail->data))
		mask = length;
	memmove(tail->data + at + mask, tail->data + at + length, tail->used - at - length);
	memcpy(tail->data + at, MASK_TEXT, mask);
	tail->used = tail->used - length + mask;
	return at + mask;
}

static void mask_one(struct tail *tail, const char *text, size_t length)
{
	size_t at = 0;

	while (length > 0 && at + length <= tail->used) {
		const char *found = memmem(tail->data + at, tail->used - at, text, length);

		if (!found)
			return;
		at = (size_t)(found - tail->data);
		if (length >= LONG_ENOUGH || is_word(tail, at, length))
			at = replace(tail, at, length);
		else
			at++;
	}
}

static void mask_words(struct tail *tail, const char *text)
{
	while (*text) {
		size_t length;

		text += strspn(text, SEPARATORS);
		length = strcspn(text, SEPARATORS);
		if (length >= LONG_ENOUGH)
			mask_one(tail, text, length);
		text += length;
	}
}

/* How much of the beginning may be the rest of the text, whose own beginning is lost. */
static size_t rest_of(const struct tail *tail, const char *text, size_t length)
{
	size_t rest = length > 0 ? length - 1 : 0;

	if (rest > tail->used)
		rest = tail->used;
	while (rest > 0 && memcmp(tail->data, text + length - rest, rest) != 0)
		rest--;
	return rest;
}

static void drop_rests(struct tail *tail, const char *const *secrets, size_t count)
{
	size_t longest = 0;

	for (size_t i = 0; i < count; i++) {
		size_t rest = rest_of(tail, secrets[i], strlen(secrets[i]));

		if (rest > longest)
			longest = rest;
	}
	memmove(tail->data, tail->data + longest, tail->used - longest);
	tail->used -= longest;
}

void mask_tail(struct tail *tail, const char *const *secrets, size_t count)
{
	if (tail->cut)
		drop_rests(tail, secrets, count);
	for (size_t i = 0; i < count; i++)
		mask_one(tail, secrets[i], strlen(secrets[i]));
	for (size_t i = 0; i < count; i++)
		mask_words(tail, secrets[i]);
}
