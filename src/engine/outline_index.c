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

/* ---- labels -------------------------------------------------------------------------- */

/* Of the one with that address, or where it would be. */
static uint32_t *slot_of_label(const struct outline *outline, const char *label)
{
	const struct outline_table *table = &outline->labels;
	uint64_t hash = (uintptr_t)label * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t at = outline_spread((uint32_t)(hash >> 32), table->size);

	for (;; at = outline_table_next(table, at)) {
		uint32_t *slot = &table->slot[at];

		if (*slot == 0 || outline->node[*slot - 1].label == label)
			return slot;
	}
}

static int index_labels(struct outline *outline)
{
	if (make_table(outline, &outline->labels) < 0)
		return -ENOMEM;
	for (uint32_t i = outline->node[0].label ? 0 : 1; i < outline->count; i++)
		*slot_of_label(outline, outline->node[i].label) = i + 1;
	return 0;
}

/* So many nodes are looked at before there is a need for a table: most ask for one after another.
 */
enum { NEAR = 8 };

ssize_t outline_find(struct outline *outline, const char *label, uint32_t near)
{
	uint32_t beside = outline_next_beside(outline, near);

	for (uint32_t i = near; i < outline->count && i < near + NEAR; i++)
		if (outline->node[i].label == label)
			return i;
	if (outline->node[beside].label == label)
		return beside;
	if (!outline->labels.slot && index_labels(outline) < 0)
		return -1;
	return (ssize_t)*slot_of_label(outline, label) - 1;
}

/* ---- paths --------------------------------------------------------------------------- */

/* What a step of a path names: label and position of a child. */
struct step {
	uint32_t parent;
	const char *label;
	size_t length;
	uint32_t position;
};

/* As a path has it. */
static uint32_t position_of(const struct outline_node *node)
{
	return node->position > 0 ? node->position : 1;
}

static bool is_step(const struct outline_node *node, const struct step *step)
{
	return node->parent == step->parent && position_of(node) == step->position &&
	       strncmp(node->label, step->label, step->length) == 0 &&
	       node->label[step->length] == '\0';
}

/*
 * Of the node that the step leads to, or where it would be. Children have their slots about where
 * all that is below their parent has, so that a walk of the tree is one of the table.
 */
static uint32_t *slot_of_step(const struct outline *outline, const struct step *step)
{
	const struct outline_table *table = &outline->steps;
	uint32_t below = outline->node[step->parent].end - step->parent;
	uint32_t hash =
		outline_hash((2166136261u ^ step->parent) * 16777619u, step->label, step->length);
	uint32_t at =
		2 * step->parent + outline_spread((hash ^ step->position) * 16777619u, 2 * below);

	for (;; at = outline_table_next(table, at)) {
		uint32_t *slot = &table->slot[at];

		if (*slot == 0 || is_step(&outline->node[*slot - 1], step))
			return slot;
	}
}

static int index_steps(struct outline *outline)
{
	if (outline_place(outline) < 0 || make_table(outline, &outline->steps) < 0)
		return -ENOMEM;
	for (uint32_t i = 1; i < outline->count; i++) {
		const struct outline_node *node = &outline->node[i];
		struct step step = {
			.parent = node->parent,
			.label = node->label,
			.length = strlen(node->label),
			.position = position_of(node),
		};

		*slot_of_step(outline, &step) = i + 1;
	}
	return 0;
}

bool outline_holds(const struct outline *outline, const char *path)
{
	size_t length = strlen(outline->root);

	return strncmp(path, outline->root, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

/* A label of this length, that is no step without a label either: "." or "..". */
static bool is_label(const char *label, size_t length)
{
	return length > 2 || strspn(label, ".") < length;
}

/* Returns what is behind it; NULL if it is anything but a label of plain bytes and a position. */
static const char *read_step(const char *path, struct step *step)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_#-.";
	size_t digits;

	step->label = path;
	step->length = strspn(path, plain);
	step->position = 0;
	path += step->length;
	if (!is_label(step->label, step->length))
		return NULL;
	if (*path != '[')
		return path;
	digits = strspn(++path, "0123456789");
	if (digits == 0 || digits > 9 || path[digits] != ']')
		return NULL;
	step->position = (uint32_t)strtoul(path, NULL, 10);
	return step->position > 0 ? path + digits + 1 : NULL;
}

static ssize_t follow(const struct outline *outline, struct step *step)
{
	bool alone = step->position == 0;
	uint32_t taken;

	if (alone)
		step->position = 1;
	taken = *slot_of_step(outline, step);
	if (taken == 0)
		return OUTLINE_NONE;
	return alone && outline->node[taken - 1].position > 0 ? OUTLINE_UNKNOWN
							      : (ssize_t)taken - 1;
}

ssize_t outline_locate(struct outline *outline, const char *path)
{
	ssize_t node = 0;

	if (!outline_holds(outline, path) || outline->root[0] == '\0' ||
	    (!outline->steps.slot && index_steps(outline) < 0))
		return OUTLINE_UNKNOWN;
	path += strlen(outline->root);
	/* also where nothing is there: the rest may be malformed */
	while (*path && node != OUTLINE_UNKNOWN) {
		struct step step = { .parent = node < 0 ? 0 : (uint32_t)node };

		path = *path == '/' ? read_step(path + 1, &step) : NULL;
		if (!path)
			return OUTLINE_UNKNOWN;
		if (node >= 0)
			node = follow(outline, &step);
	}
	return node;
}
