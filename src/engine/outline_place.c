/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: which of the siblings of its label a node is. Labels are what lenses made of
 * the system's files, and hostile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/outline_node.h"

/* Of so few siblings each is compared with each. */
enum { FEW = 8 };

uint32_t outline_hash(uint32_t hash, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

uint32_t outline_spread(uint32_t hash, uint32_t size)
{
	return (uint32_t)((uint64_t)(hash * 0x9e3779b1u) * size >> 32);
}

static void put_behind(struct outline_node *node, struct outline_node *twin)
{
	if (twin->position == 0)
		twin->position = 1;
	node->position = twin->position + 1;
}

static void place_few(struct outline *outline, uint32_t first)
{
	struct outline_node *sibling[FEW];
	size_t count = 0;

	for (uint32_t i = first; i > 0; i = outline_next_beside(outline, i)) {
		struct outline_node *node = &outline->node[i];
		size_t twin = count;

		while (twin > 0 && strcmp(sibling[twin - 1]->label, node->label) != 0)
			twin--;
		if (twin > 0)
			put_behind(node, sibling[twin - 1]);
		sibling[count++] = node;
	}
}

/* As lenses write the numbers of entries; 0: it is no such label. */
static uint32_t number_of(const char *label)
{
	uint32_t number = 0;
	size_t i;

	for (i = 0; i < 9 && label[i] >= '0' && label[i] <= '9'; i++)
		number = 10 * number + (uint32_t)(label[i] - '0');
	return label[0] != '0' && label[i] == '\0' ? number : 0;
}

/*
 * Of the last sibling that has the label, or where it would be. A file whose labels collide takes
 * longer, and is as slow as it was without an outline.
 */
static uint32_t *slot_of_twin(const struct outline *outline, const struct outline_table *table,
			      const char *label)
{
	uint32_t hash = outline_hash(2166136261u, label, strlen(label));
	uint32_t at = outline_spread(hash, table->size);

	for (;; at = outline_table_next(table, at)) {
		uint32_t *slot = &table->slot[at];

		if (*slot == 0 || strcmp(outline->node[*slot - 1].label, label) == 0)
			return slot;
	}
}

/* Entries whose numbers grow need no table, if all that have a number are such. False: not so. */
static bool place_many(struct outline *outline, uint32_t first, bool numbered,
		       const struct outline_table *table)
{
	uint32_t last = 0;

	memset(table->slot, 0, table->size * sizeof(*table->slot));
	for (uint32_t i = first; i > 0; i = outline_next_beside(outline, i)) {
		struct outline_node *node = &outline->node[i];
		uint32_t number = numbered ? number_of(node->label) : 0, *slot;

		node->position = 0;
		if (number > last) {
			last = number;
			continue;
		}
		if (number > 0)
			return false;
		slot = slot_of_twin(outline, table, node->label);
		if (*slot > 0)
			put_behind(node, &outline->node[*slot - 1]);
		*slot = i + 1;
	}
	return true;
}

static void place_children(struct outline *outline, uint32_t parent, struct outline_table *table)
{
	uint32_t count = outline->node[parent].children;
	uint32_t first = outline_first_below(outline, parent);

	if (count <= FEW) {
		place_few(outline, first);
		return;
	}
	table->size = 2 * count;
	if (!place_many(outline, first, true, table))
		(void)place_many(outline, first, false, table);
}

int outline_place(struct outline *outline)
{
	struct outline_table table = { 0 };
	uint32_t most = 0;

	if (outline->placed)
		return 0;
	for (uint32_t i = 0; i < outline->count; i++)
		if (outline->node[i].children > most)
			most = outline->node[i].children;
	table.slot = malloc(2 * ((size_t)most + 1) * sizeof(*table.slot));
	if (!table.slot)
		return -ENOMEM;
	for (uint32_t i = 0; i < outline->count; i++)
		if (outline->node[i].children > 1)
			place_children(outline, i, &table);
	free(table.slot);
	outline->placed = true;
	return 0;
}
