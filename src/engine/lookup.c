/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. Expressions are the client's; each takes the place of the one in its slot. */
#include "engine/lookup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a; a client that makes its own expressions collide slows down itself. */
static size_t slot_of(const char *expr)
{
	uint32_t hash = 2166136261u;

	for (; *expr; expr++)
		hash = (hash ^ (unsigned char)*expr) * 16777619u;
	return hash % LOOKUP_SLOTS;
}

bool lookup_find(const struct lookup *lookup, const char *expr, const char **ret_value)
{
	size_t slot = slot_of(expr);

	if (!lookup->slot[slot].expr || strcmp(lookup->slot[slot].expr, expr) != 0)
		return false;
	*ret_value = lookup->slot[slot].value;
	return true;
}

void lookup_remember(struct lookup *lookup, const char *expr, const char *value)
{
	size_t slot = slot_of(expr);

	if (strlen(expr) > LOOKUP_EXPR_MAX)
		return;
	free(lookup->slot[slot].expr);
	lookup->slot[slot].expr = strdup(expr);
	lookup->slot[slot].value = value;
	lookup->used = true;
}

void lookup_forget(struct lookup *lookup)
{
	if (!lookup->used)
		return;
	for (size_t i = 0; i < LOOKUP_SLOTS; i++) {
		free(lookup->slot[i].expr);
		lookup->slot[i].expr = NULL;
	}
	lookup->used = false;
}
