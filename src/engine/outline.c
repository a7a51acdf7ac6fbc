/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. Labels are what lenses made of the system's files, and hostile. What Augeas
 * hands out in linear time are sets of nodes: one of all nodes in the order of the file, and one
 * for each depth. Together they say who is whose child. A node is known by its label's address,
 * since each has a string of its own; where one does not, there is no outline.
 */
#include "engine/outline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A client cannot define variables of this name. */
#define SET "exmachina_outline"

struct outline_node {
	const char *label;
	const char *value;
	uint32_t parent;
	uint32_t end; /* the node behind the last one below */
	uint32_t children;
	uint32_t first;    /* of the siblings that have its label */
	uint32_t position; /* among them */
	uint32_t twins;    /* how many there are; only in the first */
};

struct outline {
	augeas *aug;
	char *root;                /* path of node 0 */
	struct outline_node *node; /* in the order of the file */
	uint32_t count;
	uint32_t *slot; /* nodes by their labels' addresses, 1 more than the number; 0: free */
	uint32_t mask;
};

struct outline *outline_free(struct outline *outline)
{
	if (!outline)
		return NULL;
	free(outline->root);
	free(outline->node);
	free(outline->slot);
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

static int take_level(augeas *aug, int count, uint32_t max, struct levels *levels)
{
	int r = begin_level(levels);

	for (int i = 0; r == 0 && i < count; i++) {
		const char *label = NULL;

		if (aug_ns_attr(aug, SET, i, NULL, &label, NULL) < 0 || !label)
			return -ENOTSUP;
		/* while it is defined, Augeas has a node for it */
		if (strcmp(label, SET) == 0)
			continue;
		if (levels->count == max)
			return -ENOTSUP;
		levels->label[levels->count++] = label;
	}
	levels->depth++;
	return r;
}

static int take_levels(struct outline *outline, const char *root, struct levels *levels)
{
	uint32_t max = outline->count - 1;
	int count, r = 0;

	levels->label = malloc((max + 1) * sizeof(*levels->label));
	if (!levels->label)
		return -ENOMEM;
	count = set_define(outline->aug, root, "/*");
	while (r == 0 && count > 0) {
		r = take_level(outline->aug, count, max, levels);
		if (r == 0)
			count = set_define(outline->aug, "$" SET, "/*");
	}
	if (r == 0)
		r = count < 0 ? count : begin_level(levels);
	return r < 0 || levels->count == max ? r : -ENOTSUP;
}

/* ---- what it comes to ---------------------------------------------------------------- */

static bool is_next(const struct levels *levels, uint32_t level, const char *label)
{
	uint32_t next = level < levels->depth ? levels->next[level] : 0;

	return level < levels->depth && next < levels->begin[level + 1] &&
	       levels->label[next] == label;
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

static int make_table(struct outline *outline)
{
	uint32_t size = 16;

	while (size < 2 * outline->count)
		size *= 2;
	outline->slot = calloc(size, sizeof(*outline->slot));
	outline->mask = size - 1;
	return outline->slot ? 0 : -ENOMEM;
}

/* FNV-1a; a file whose labels collide takes longer, and is as slow as it was without an outline. */
static uint32_t hash_of(const struct outline_node *node)
{
	uint32_t hash = (2166136261u ^ node->parent) * 16777619u;

	for (const char *p = node->label; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return hash ^ hash >> 15;
}

static void find_twins(struct outline *outline)
{
	for (uint32_t i = 1; i < outline->count; i++) {
		struct outline_node *node = &outline->node[i], *first;
		uint32_t at = hash_of(node) & outline->mask;

		for (;; at = (at + 1) & outline->mask) {
			if (outline->slot[at] == 0)
				outline->slot[at] = i + 1;
			first = &outline->node[outline->slot[at] - 1];
			if (first->parent == node->parent && strcmp(first->label, node->label) == 0)
				break;
		}
		node->first = outline->slot[at] - 1;
		node->position = ++first->twins;
	}
	memset(outline->slot, 0, (outline->mask + 1) * sizeof(*outline->slot));
}

/* Of the one with that address, or where it would be. */
static uint32_t slot_of(const struct outline *outline, const char *label)
{
	uint32_t at = (uint32_t)((uintptr_t)label * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (;; at++) {
		uint32_t taken = outline->slot[at & outline->mask];

		if (taken == 0 || outline->node[taken - 1].label == label)
			return at & outline->mask;
	}
}

static int find_labels(struct outline *outline)
{
	for (uint32_t i = outline->node[0].label ? 0 : 1; i < outline->count; i++) {
		uint32_t at = slot_of(outline, outline->node[i].label);

		if (outline->slot[at] != 0)
			return -ENOTSUP;
		outline->slot[at] = i + 1;
	}
	return 0;
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
	if (r == 0)
		r = make_table(outline);
	if (r < 0)
		return r;
	find_ends(outline);
	find_twins(outline);
	return find_labels(outline);
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

ssize_t outline_find(const struct outline *outline, const char *label)
{
	return (ssize_t)outline->slot[slot_of(outline, label)] - 1;
}

uint32_t outline_children(const struct outline *outline, uint32_t node)
{
	return outline->node[node].children;
}

uint32_t outline_count(const struct outline *outline)
{
	return outline->count;
}

const char *outline_label(const struct outline *outline, uint32_t node)
{
	return outline->node[node].label;
}

const char *outline_value(const struct outline *outline, uint32_t node)
{
	return outline->node[node].value;
}

uint32_t outline_parent(const struct outline *outline, uint32_t node)
{
	return outline->node[node].parent;
}

uint32_t outline_end(const struct outline *outline, uint32_t node)
{
	return outline->node[node].end;
}

/* ---- paths --------------------------------------------------------------------------- */

/* What never needs an escape goes the short way; of the rest Augeas knows best. */
static void add_label(augeas *aug, const char *label, struct output *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-.:#@*";
	size_t length = strspn(label, plain);
	scoped_ptr char *escaped = NULL;

	if (label[length]) {
		if (aug_escape_name(aug, label, &escaped) < 0)
			out->failed = true;
		label = escaped ? escaped : label;
		length = strlen(label);
	}
	output_literal(out, "/");
	output_add(out, label, length);
}

static void add_step(const struct outline *outline, uint32_t node, struct output *out)
{
	const struct outline_node *n = &outline->node[node];
	char position[16];

	add_label(outline->aug, n->label, out);
	if (outline->node[n->first].twins > 1)
		output_add(out, position,
			   (size_t)snprintf(position, sizeof(position), "[%u]", n->position));
}

static void add_path(const struct outline *outline, uint32_t node, struct outline_path *path)
{
	struct output *text = &path->text;

	if (node == 0) {
		text->length = 0;
		output_add(text, outline->root, strlen(outline->root));
	} else if (node != path->node) {
		uint32_t parent = outline->node[node].parent;

		if (path->node != UINT32_MAX && path->node > 0 &&
		    outline->node[path->node].parent == parent)
			text->length = path->parent;
		else
			add_path(outline, parent, path);
		path->parent = text->length;
		add_step(outline, node, text);
	}
	path->node = node;
}

void outline_spell(const struct outline *outline, uint32_t node, struct outline_path *path)
{
	add_path(outline, node, path);
	output_add(&path->text, "", 1);
	path->text.length--;
}

/* ---- printing ------------------------------------------------------------------------ */

static void add_escaped(unsigned char c, struct output *out)
{
	static const char names[] = "abtnvfr";
	char text[5];
	int length;

	if (c >= '\a' && c <= '\r')
		length = snprintf(text, sizeof(text), "\\%c", names[c - '\a']);
	else if (c == '"' || c == '\\')
		length = snprintf(text, sizeof(text), "\\%c", c);
	else
		length = snprintf(text, sizeof(text), "\\%03o", c);
	output_add(out, text, (size_t)length);
}

static void add_value(const char *value, struct output *out)
{
	output_literal(out, " = \"");
	while (*value) {
		size_t length = 0;

		while (value[length] >= ' ' && value[length] <= '~' && value[length] != '"' &&
		       value[length] != '\\')
			length++;
		output_add(out, value, length);
		value += length;
		if (*value)
			add_escaped((unsigned char)*value++, out);
	}
	output_literal(out, "\"");
}

void outline_print(const struct outline *outline, uint32_t node, size_t max, struct output *out)
{
	scoped(outline_path_clear) struct outline_path path = OUTLINE_NOWHERE;

	for (uint32_t i = node; i < outline->node[node].end && out->length <= max; i++) {
		add_path(outline, i, &path);
		out->failed |= path.text.failed;
		output_add(out, path.text.text, path.text.length);
		if (outline->node[i].value)
			add_value(outline->node[i].value, out);
		output_literal(out, "\n");
	}
}
