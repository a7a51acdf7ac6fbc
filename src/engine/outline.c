/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. Labels are what lenses made of the system's files, and hostile. What Augeas
 * hands out in linear time are sets of nodes: one of all nodes in the order of the file, and one
 * for each depth. Together they say who is whose child. A node is known by its label's address,
 * since each has a string of its own, which is freed with it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/outline_node.h"

/* A client cannot define variables of this name. */
#define SET "exmachina_outline"

struct outline *outline_free(struct outline *outline)
{
	if (!outline)
		return NULL;
	free(outline->root);
	free(outline->node);
	free(outline->labels.slot);
	free(outline->steps.slot);
	free(outline);
	return NULL;
}

/* ---- what Augeas hands out ----------------------------------------------------------- */

/* How many nodes are in the set now. */
static int set_define(augeas *aug, const char *root, const char *rest)
{
	scoped_ptr char *expr = NULL;
	int count;

	if (asprintf(&expr, "%s%s", root, rest) < 0)
		return -ENOMEM;
	count = aug_defvar(aug, SET, expr);
	if (count >= 0)
		return count;
	return aug_error(aug) == AUG_ENOMEM ? -ENOMEM : -ENOTSUP;
}

static int take_root(struct outline *outline, const char *root)
{
	char **path = NULL;
	int count = root[0] ? aug_match(outline->aug, root, &path) : 0;

	if (count == 1) {
		outline->root = path[0];
	} else {
		for (int i = 0; i < count; i++)
			free(path[i]);
		outline->root = strdup("");
	}
	free(path);
	if (!outline->root)
		return -ENOMEM;
	if (!root[0])
		return 0;
	if (count != 1 || set_define(outline->aug, root, "") != 1)
		return -ENOTSUP;
	aug_ns_attr(outline->aug, SET, 0, &outline->node[0].value, &outline->node[0].label, NULL);
	return 0;
}

static int take_nodes(struct outline *outline, const char *root)
{
	int count = set_define(outline->aug, root, "/descendant::*");

	if (count < 0)
		return count;
	outline->count = (uint32_t)count + 1;
	outline->node = calloc(outline->count, sizeof(*outline->node));
	if (!outline->node)
		return -ENOMEM;
	for (int i = 0; i < count; i++) {
		struct outline_node *node = &outline->node[i + 1];

		if (aug_ns_attr(outline->aug, SET, i, &node->value, &node->label, NULL) < 0 ||
		    !node->label)
			return -ENOTSUP;
	}
	return 0;
}

/* The labels of each depth, one behind the other. */
struct levels {
	const char **label;
	uint32_t count;
	uint32_t max;
	bool whole;      /* they are of all of the tree */
	bool deepest;    /* all others are on the next one, whose labels nobody has to look at */
	uint32_t *begin; /* of each level, and where the next one of it is */
	uint32_t *next;
	uint32_t depth;
	uint32_t room;
};

static void levels_clear(struct levels *levels)
{
	free(levels->label);
	free(levels->begin);
	free(levels->next);
}

static int begin_level(struct levels *levels)
{
	if (levels->depth + 1 >= levels->room) {
		uint32_t room = levels->room > 0 ? 2 * levels->room : 16;
		uint32_t *begin = realloc(levels->begin, room * sizeof(*begin)), *next;

		if (!begin)
			return -ENOMEM;
		levels->begin = begin;
		next = realloc(levels->next, room * sizeof(*next));
		if (!next)
			return -ENOMEM;
		levels->next = next;
		levels->room = room;
	}
	levels->begin[levels->depth] = levels->next[levels->depth] = levels->count;
	return 0;
}

static int take_level(augeas *aug, int count, struct levels *levels)
{
	int r = begin_level(levels);

	for (int i = 0; r == 0 && i < count; i++) {
		const char *label = NULL;

		if (aug_ns_attr(aug, SET, i, NULL, &label, NULL) < 0 || !label)
			return -ENOTSUP;
		/* while it is defined, Augeas has a node for it */
		if (levels->whole && strcmp(label, SET) == 0)
			continue;
		if (levels->count == levels->max)
			return -ENOTSUP;
		levels->label[levels->count++] = label;
	}
	levels->depth++;
	return r;
}

static int take_levels(struct outline *outline, const char *root, struct levels *levels)
{
	int count, r = 0;

	levels->max = outline->count - 1;
	levels->whole = root[0] == '\0';
	levels->label = malloc(outline->count * sizeof(*levels->label));
	if (!levels->label)
		return -ENOMEM;
	count = set_define(outline->aug, root, "/*");
	while (r == 0 && count > 0) {
		/* of the whole tree the set's own node is one */
		levels->deepest = !levels->whole && (uint32_t)count == levels->max - levels->count;
		if (levels->deepest)
			break;
		r = take_level(outline->aug, count, levels);
		if (r == 0)
			count = set_define(outline->aug, "$" SET, "/*");
	}
	if (r == 0)
		r = count < 0 ? count : begin_level(levels);
	return r < 0 || levels->deepest || levels->count == levels->max ? r : -ENOTSUP;
}

/* ---- what it comes to ---------------------------------------------------------------- */

static bool is_next_of(const struct levels *levels, uint32_t level, const char *label)
{
	uint32_t next = levels->next[level];

	return next < levels->begin[level + 1] && levels->label[next] == label;
}

static bool is_next(const struct levels *levels, uint32_t level, const char *label)
{
	bool deepest = levels->deepest && level == levels->depth;

	if (level < levels->depth)
		return is_next_of(levels, level, label);
	for (uint32_t above = 0; deepest && above < level; above++)
		deepest = !is_next_of(levels, above, label);
	return deepest;
}

/* The next node is a child of the last one, or a sibling of it or of one above it. */
static int find_parents(struct outline *outline, struct levels *levels)
{
	uint32_t last = 0, depth = 0; /* its children are in levels[depth] */

	for (uint32_t i = 1; i < outline->count; i++) {
		struct outline_node *node = &outline->node[i];

		node->parent = last;
		while (!is_next(levels, depth, node->label)) {
			if (depth == 0)
				return -ENOTSUP;
			depth--;
			node->parent = outline->node[node->parent].parent;
		}
		levels->next[depth++]++;
		outline->node[node->parent].children++;
		last = i;
	}
	return 0;
}

static void find_ends(struct outline *outline)
{
	for (uint32_t i = outline->count; i-- > 0;) {
		struct outline_node *node = &outline->node[i];
		struct outline_node *parent = &outline->node[node->parent];

		if (node->end == 0)
			node->end = i + 1;
		if (parent->end < node->end)
			parent->end = node->end;
	}
}

static int build(struct outline *outline, const char *root)
{
	scoped(levels_clear) struct levels levels = { 0 };
	int r = take_nodes(outline, root);

	if (r == 0)
		r = take_root(outline, root);
	if (r == 0)
		r = take_levels(outline, root, &levels);
	if (r == 0)
		r = find_parents(outline, &levels);
	if (r < 0)
		return r;
	find_ends(outline);
	return 0;
}

int outline_new(augeas *aug, const char *root, struct outline **ret_outline)
{
	scoped_outline *outline = calloc(1, sizeof(*outline));
	int r;

	if (!outline)
		return -ENOMEM;
	outline->aug = aug;
	r = build(outline, root);
	aug_defvar(aug, SET, NULL);
	if (r == 0)
		*ret_outline = take_ptr(outline);
	return r;
}

const char *outline_root(const struct outline *outline)
{
	return outline->root;
}

const char *outline_label(const struct outline *outline, uint32_t node)
{
	return outline->node[node].label;
}

const char *outline_value(const struct outline *outline, uint32_t node)
{
	return outline->node[node].value;
}

uint32_t outline_size(const struct outline *outline)
{
	return outline->count;
}

uint32_t outline_parent(const struct outline *outline, uint32_t node)
{
	return outline->node[node].parent;
}

uint32_t outline_end(const struct outline *outline, uint32_t node)
{
	return outline->node[node].end;
}

uint32_t outline_first_below(const struct outline *outline, uint32_t node)
{
	return outline->node[node].end > node + 1 ? node + 1 : 0;
}

uint32_t outline_next_beside(const struct outline *outline, uint32_t node)
{
	uint32_t end = outline->node[node].end;

	return end < outline->node[outline->node[node].parent].end ? end : 0;
}

uint32_t outline_children(const struct outline *outline, uint32_t node)
{
	return outline->node[node].children;
}
