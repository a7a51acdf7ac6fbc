/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: nodes by their labels' addresses, and by what paths call them. Labels are
 * what lenses made of the system's files, paths are the client's; both are hostile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/outline_node.h"

static int make_table(const struct outline *outline, struct outline_table *table)
{
	table->size = 2 * outline->count;
	table->slot = calloc(table->size, sizeof(*table->slot));
	return table->slot ? 0 : -ENOMEM;
}

/* A place among so many for a hash. */
static uint32_t spread(uint32_t hash, uint32_t size)
{
	return (uint32_t)((uint64_t)hash * size >> 32);
}

static uint32_t behind(const struct outline_table *table, uint32_t at)
{
	return at + 1 < table->size ? at + 1 : 0;
}

/* What a step of a path names: label and position of a child. */
struct step {
	uint32_t parent;
	const char *label;
	size_t length;
	uint32_t position;
};

/* FNV-1a; a file whose labels collide takes longer, and is as slow as it was without an outline. */
static uint32_t hash_of(const struct step *step)
{
	uint32_t hash = (2166136261u ^ step->parent) * 16777619u;

	for (size_t i = 0; i < step->length; i++)
		hash = (hash ^ (unsigned char)step->label[i]) * 16777619u;
	hash = (hash ^ step->position) * 16777619u;
	return hash * 0x9e3779b1u;
}

static bool is_step(const struct outline_node *node, const struct step *step)
{
	return node->parent == step->parent && node->position == step->position &&
	       strncmp(node->label, step->label, step->length) == 0 &&
	       node->label[step->length] == '\0';
}

/*
 * Of the node that the step leads to, or where it would be. Children have their slots about where
 * all that is below their parent has, so that a walk of the tree is one of the table.
 */
static uint32_t *slot_of_step(const struct outline *outline, const struct step *step)
{
	const struct outline_table *table = &outline->twins;
	uint32_t below = outline->node[step->parent].end - step->parent;
	uint32_t at = 2 * step->parent + spread(hash_of(step), 2 * below);

	for (;; at = behind(table, at)) {
		uint32_t *slot = &table->slot[at];

		if (*slot == 0 || is_step(&outline->node[*slot - 1], step))
			return slot;
	}
}

/* Labels lie about in memory: those of the next nodes are on their way while one is looked at. */
enum { AHEAD = 16 };

static void find_twins(struct outline *outline)
{
	for (uint32_t i = 1; i < outline->count; i++) {
		struct outline_node *node = &outline->node[i];
		struct step step = { node->parent, node->label, strlen(node->label), 1 };
		uint32_t *slot = slot_of_step(outline, &step);

		if (i + AHEAD < outline->count)
			__builtin_prefetch(outline->node[i + AHEAD].label);
		node->first = *slot == 0 ? i : *slot - 1;
		node->position = step.position = ++outline->node[node->first].twins;
		if (*slot != 0)
			slot = slot_of_step(outline, &step);
		*slot = i + 1;
	}
}

/* Of the one with that address, or where it would be. */
static uint32_t *slot_of_label(const struct outline *outline, const char *label)
{
	const struct outline_table *table = &outline->labels;
	uint64_t hash = (uintptr_t)label * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t at = spread((uint32_t)(hash >> 32), table->size);

	for (;; at = behind(table, at)) {
		uint32_t *slot = &table->slot[at];

		if (*slot == 0 || outline->node[*slot - 1].label == label)
			return slot;
	}
}

static int find_labels(struct outline *outline)
{
	for (uint32_t i = outline->node[0].label ? 0 : 1; i < outline->count; i++) {
		uint32_t *slot = slot_of_label(outline, outline->node[i].label);

		if (*slot != 0)
			return -ENOTSUP;
		*slot = i + 1;
	}
	return 0;
}

int outline_index(struct outline *outline)
{
	if (make_table(outline, &outline->labels) < 0 || make_table(outline, &outline->twins) < 0)
		return -ENOMEM;
	find_twins(outline);
	return find_labels(outline);
}

ssize_t outline_find(const struct outline *outline, const char *label)
{
	return (ssize_t)*slot_of_label(outline, label) - 1;
}

bool outline_holds(const struct outline *outline, const char *path)
{
	size_t length = strlen(outline->root);

	return strncmp(path, outline->root, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

/* Returns what is behind it; NULL if it is anything but a label of plain bytes and a position. */
static const char *read_step(const char *path, struct step *step)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_#-";
	size_t digits;

	step->label = path;
	step->length = strspn(path, plain);
	step->position = 0;
	path += step->length;
	if (step->length == 0 || *path != '[')
		return step->length == 0 ? NULL : path;
	digits = strspn(++path, "0123456789");
	if (digits == 0 || digits > 9 || path[digits] != ']')
		return NULL;
	step->position = (uint32_t)strtoul(path, NULL, 10);
	return step->position > 0 ? path + digits + 1 : NULL;
}

/* -1: there is none, or there are several. */
static ssize_t follow(const struct outline *outline, struct step *step)
{
	bool alone = step->position == 0;
	uint32_t taken;

	if (alone)
		step->position = 1;
	taken = *slot_of_step(outline, step);
	return taken == 0 || (alone && outline->node[taken - 1].twins > 1) ? -1
									   : (ssize_t)taken - 1;
}

ssize_t outline_locate(const struct outline *outline, const char *path)
{
	ssize_t node = 0;

	if (!outline_holds(outline, path) || outline->root[0] == '\0')
		return -1;
	path += strlen(outline->root);
	while (*path && node >= 0) {
		struct step step = { .parent = (uint32_t)node };

		path = *path == '/' ? read_step(path + 1, &step) : NULL;
		if (!path)
			return -1;
		node = follow(outline, &step);
	}
	return node;
}
