/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-verify and in the engine, on trees of hostile text. Augeas hands out sets of
 * nodes in linear time: all below one, in the order of the file, and those of each depth. A node is
 * known by its label's address: Augeas frees each label with its node, so no two have the same.
 */
#include "verify/walk.h"

#include <augeas.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A client cannot define variables of this name. */
#define SET "exmachina_walk"

struct level {
	const char **label;
	size_t count;
	size_t next;
	struct node *last; /* of this depth, and so the parent of what comes next below */
};

struct walk {
	augeas *aug;
	struct level level[NODE_DEPTH_MAX];
	size_t depth;
};

static void walk_clear(struct walk *walk)
{
	for (size_t i = 0; i < walk->depth; i++)
		free(walk->level[i].label);
	aug_defvar(walk->aug, SET, NULL);
}

static int define(struct walk *walk, const char *path, const char *rest)
{
	scoped_ptr char *expr = NULL;
	int count;

	if (asprintf(&expr, "%s%s", path, rest) < 0)
		return -ENOMEM;
	count = aug_defvar(walk->aug, SET, expr);
	if (count >= 0)
		return count;
	return aug_error(walk->aug) == AUG_ENOMEM ? -ENOMEM : -ENOENT;
}

static int take_level(struct walk *walk, int count)
{
	struct level *level = &walk->level[walk->depth];

	level->label = calloc((size_t)count, sizeof(*level->label));
	if (!level->label)
		return -ENOMEM;
	walk->depth++;
	level->count = (size_t)count;
	for (int i = 0; i < count; i++)
		if (aug_ns_attr(walk->aug, SET, i, NULL, &level->label[i], NULL) < 0)
			return -ENOENT;
	return 0;
}

static int take_levels(struct walk *walk, const char *path)
{
	int r = 0, count = define(walk, path, "/*");

	while (r == 0 && count > 0) {
		if (walk->depth + 1 == NODE_DEPTH_MAX)
			return -E2BIG;
		r = take_level(walk, count);
		if (r == 0)
			count = define(walk, "$" SET, "/*");
	}
	return r < 0 ? r : count < 0 ? count : 0;
}

static bool is_next(const struct walk *walk, size_t depth, const char *label)
{
	const struct level *level = &walk->level[depth];

	return depth < walk->depth && level->next < level->count &&
	       level->label[level->next] == label;
}

/* The next node is a child of the last one, or a sibling of it or of one above it. */
static int add_node(struct walk *walk, struct node *root, size_t *depth, int index)
{
	const char *label = NULL, *value = NULL;
	struct node *node, *parent;
	int r;

	if (aug_ns_attr(walk->aug, SET, index, &value, &label, NULL) < 0)
		return -ENOENT;
	while (!is_next(walk, *depth, label))
		if ((*depth)-- == 0)
			return -ENOTSUP;
	parent = *depth > 0 ? walk->level[*depth - 1].last : root;
	node = node_new(label, value);
	r = node ? node_append(parent, node) : -ENOMEM;
	walk->level[*depth].last = node;
	walk->level[(*depth)++].next++;
	return r;
}

static int add_nodes(struct walk *walk, const char *path, struct node *root)
{
	int count = define(walk, path, "/descendant::*"), r = count < 0 ? count : 0;
	size_t depth = 0;

	for (int i = 0; r == 0 && i < count; i++)
		r = add_node(walk, root, &depth, i);
	/* none is left out */
	for (size_t i = 0; r == 0 && i < walk->depth; i++)
		r = walk->level[i].next == walk->level[i].count ? 0 : -ENOENT;
	return r;
}

static int take_root(struct walk *walk, const char *path, struct node **ret_root)
{
	const char *label = NULL, *value = NULL;
	int count = define(walk, path, "");

	if (count != 1 || aug_ns_attr(walk->aug, SET, 0, &value, &label, NULL) < 0)
		return count == -ENOMEM ? -ENOMEM : -ENOENT;
	*ret_root = node_new(label, value);
	return *ret_root ? 0 : -ENOMEM;
}

int walk_tree(struct augeas *aug, const char *path, struct node **ret_tree)
{
	scoped(walk_clear) struct walk walk = { .aug = aug };
	scoped(node_freep) struct node *root = NULL;
	int r = take_root(&walk, path, &root);

	if (r == 0)
		r = take_levels(&walk, path);
	if (r == 0)
		r = add_nodes(&walk, path, root);
	if (r == 0)
		r = node_complete(root);
	if (r == 0)
		*ret_tree = take_ptr(root);
	return r;
}
