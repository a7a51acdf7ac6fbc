/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas. The texts are those of configuration files. */
#include "keep.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

static size_t hash_of(const char *text)
{
	size_t hash = 5381;

	while (*text)
		hash = hash * 33 + (unsigned char)*text++;
	return hash;
}

/* The slot that has the text, or the free one for it. */
static struct kept *find(struct kept *slots, size_t size, const char *text)
{
	size_t at = hash_of(text) % size;

	while (slots[at].text && strcmp(slots[at].text, text) != 0)
		at = (at + 1) % size;
	return &slots[at];
}

/* Moves what is kept to a table of another size. */
static bool resize(struct keep *keep, size_t size)
{
	struct kept *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < keep->size; i++)
		if (keep->slots[i].text)
			*find(slots, size, keep->slots[i].text) = keep->slots[i];
	free(keep->slots);
	keep->slots = slots;
	keep->size = size;
	return true;
}

const char *keep_text(struct keep *keep, char *text, const char *expr)
{
	struct kept *slot;

	if (keep->size == 0 || keep->used >= keep->size / 4 * 3)
		if (!resize(keep, keep->size ? keep->size * 2 : FIRST_SIZE)) {
			free(text);
			return NULL;
		}
	slot = find(keep->slots, keep->size, text);
	if (slot->text) {
		free(text);
	} else {
		slot->text = text;
		keep->used++;
	}
	if (strncmp(expr, "/files/", strlen("/files/")) != 0)
		slot->stays = true;
	return slot->text;
}

void keep_forget_files(struct keep *keep)
{
	for (size_t i = 0; i < keep->size; i++) {
		struct kept *slot = &keep->slots[i];

		if (!slot->text || slot->stays)
			continue;
		free(slot->text);
		*slot = (struct kept){ 0 };
		keep->used--;
	}
	/* others were put behind those that are gone; if memory is short they are kept in vain */
	if (keep->size > 0)
		(void)resize(keep, keep->size);
}

void keep_clear(struct keep *keep)
{
	for (size_t i = 0; i < keep->size; i++)
		free(keep->slots[i].text);
	free(keep->slots);
	*keep = (struct keep){ 0 };
}
