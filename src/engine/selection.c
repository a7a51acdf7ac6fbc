/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. Expressions are the client's and hostile; only Augeas reads them. No path
 * that was made of labels is given to it to read again: where it does not understand one it
 * writes a note into the tree, over strings that are remembered.
 */
#include "engine/selection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tree.h"

/* A client cannot define variables of these names. */
#define SELECTED "exmachina_selected"
#define BELOW "exmachina_below"

/*
 * From how many nodes on an outline is made. It takes as long as Augeas takes for the paths of
 * about as many in a large file.
 */
enum { MANY = 64 };

/* What is wanted of the nodes. */
struct wish {
	const char *expr;
	bool values;
	bool below; /* all below them, and not their paths */
	size_t max;
};

void selection_clear(struct selection *selection)
{
	for (size_t i = 0; selection->path && i < selection->count; i++)
		free(selection->path[i]);
	free(selection->path);
	free(selection->children);
	free(selection->node);
	outline_path_clear(&selection->spelled);
	*selection = (struct selection){ 0 };
}

/* ---- Augeas's set -------------------------------------------------------------------- */

/* How many nodes are in the set now, or -EINVAL. */
static int set_define(struct selection *s, const char *expr)
{
	int count = aug_defvar(s->aug, SELECTED, expr);

	/* a number or a string is no set of nodes, which Augeas says only when asked for one */
	return count < 0 || (count == 0 && aug_ns_count(s->aug, SELECTED) < 0) ? -EINVAL : count;
}

static void set_undefine(struct selection *s)
{
	aug_defvar(s->aug, SELECTED, NULL);
}

/* Augeas tells nothing of nodes without a label, and so does not count them here either. */
static int take_nodes(struct selection *s, int count)
{
	s->node = calloc((size_t)count + 1, sizeof(*s->node));
	if (!s->node)
		return -ENOMEM;
	for (int i = 0; i < count; i++) {
		struct selected *node = &s->node[s->count];

		if (aug_ns_attr(s->aug, SELECTED, i, &node->value, &node->label, NULL) < 0)
			return -EINVAL;
		node->place = (uint32_t)i;
		if (node->label)
			s->count++;
	}
	return 0;
}

static bool in_outline(struct selection *s, struct outline *outline)
{
	uint32_t near = 0;

	for (size_t i = 0; i < s->count; i++) {
		ssize_t node = outline_find(outline, s->node[i].label, near);

		if (node < 0)
			return false;
		s->node[i].node = near = (uint32_t)node;
	}
	s->outline = outline;
	return true;
}

static char *path_of(const struct selection *s, size_t i)
{
	char *path = NULL;

	return aug_ns_path(s->aug, SELECTED, (int)s->node[i].place, &path) < 0 ? NULL : path;
}

/* Of the one that is the i-th of those with a label. */
static int children_of(const struct selection *s, size_t i)
{
	scoped_ptr char *expr = NULL;
	int count;

	if (asprintf(&expr, "$" SELECTED "/self::*[%zu]/*", i + 1) < 0)
		return -ENOMEM;
	count = aug_match(s->aug, expr, NULL);
	if (count < 0)
		return -ENOMEM;
	/* while it is defined, Augeas has a node for it */
	return strcmp(s->path[i], "/augeas/variables") == 0 ? count - 1 : count;
}

/* One by one, while they are in the set. */
static int take_paths(struct selection *s, bool values)
{
	s->path = calloc(s->count + 1, sizeof(*s->path));
	s->children = values ? calloc(s->count + 1, sizeof(*s->children)) : NULL;
	if (!s->path || (values && !s->children))
		return -ENOMEM;
	for (size_t i = 0; i < s->count; i++) {
		s->path[i] = path_of(s, i);
		if (!s->path[i])
			return -ENOMEM;
		if (values)
			s->children[i] = children_of(s, i);
		if (values && s->children[i] < 0)
			return s->children[i];
	}
	return 0;
}

/* How many nodes there are to tell of in the set, or MANY and more. */
static size_t size_below(struct selection *s)
{
	int count = aug_defvar(s->aug, BELOW, "$" SELECTED "/*");

	if (count >= 0 && count < MANY)
		count = aug_defvar(s->aug, BELOW, "$" SELECTED "/descendant-or-self::*");
	aug_defvar(s->aug, BELOW, NULL);
	return count < 0 ? 0 : (size_t)count;
}

/* ---- the outline for it -------------------------------------------------------------- */

/*
 * The node of the one file that all of the set is in, as far as that is seen in the first and the
 * last of it where the expression does not say so; or "".
 */
static char *root_for(struct tree *tree, const char *expr, const struct selection *s)
{
	char *root = tree_scope(tree, expr), *last_root;
	scoped_ptr char *first = NULL, *last = NULL;

	if (!root || root[0])
		return root;
	free(root);
	first = path_of(s, 0);
	last = path_of(s, s->count - 1);
	root = first && last ? tree_scope(tree, first) : NULL;
	last_root = root ? tree_scope(tree, last) : NULL;
	if (root && last_root && strcmp(root, last_root) != 0)
		root[0] = '\0';
	free(last_root);
	return root;
}

static int make_outline(struct tree *tree, const char *root, struct selection *s)
{
	int r = reads_renew(tree, root);

	if (r == 0 && !in_outline(s, tree->reads.outline))
		r = -ENOTSUP;
	/* what names nodes of a file may name others as well */
	return r == -ENOTSUP && root[0] ? make_outline(tree, "", s) : r;
}

/* What is in the set; the paths, or where an outline is to be made that leads to them. */
static int take_set(struct tree *tree, const struct wish *wish, int count, struct selection *s,
		    char **ret_root)
{
	int r = take_nodes(s, count);
	size_t size = s->count;

	if (r < 0 || (tree->reads.outline && in_outline(s, tree->reads.outline)))
		return r;
	if (wish->below && size > 0 && size < MANY)
		size = size_below(s);
	if (size < MANY)
		return wish->below ? 0 : take_paths(s, wish->values);
	*ret_root = root_for(tree, wish->expr, s);
	return *ret_root ? 0 : -ENOMEM;
}

/* By Augeas alone: what there is no outline for, and what is soon done. */
static int fall_back(const struct wish *wish, struct selection *s)
{
	int count, r;

	free(s->node);
	s->node = NULL;
	s->count = 0;
	count = set_define(s, wish->expr);
	r = count < 0 ? count : take_nodes(s, count);
	if (r == 0)
		r = take_paths(s, wish->values);
	set_undefine(s);
	return r;
}

static int outline_set(struct tree *tree, const struct wish *wish, const char *root,
		       struct selection *s)
{
	int r = make_outline(tree, root, s);

	if (r != -ENOTSUP)
		return r;
	tree->reads.fallbacks++;
	return wish->below ? 0 : fall_back(wish, s);
}

static int select_nodes(struct tree *tree, const struct wish *wish, struct selection *s)
{
	scoped_ptr char *root = NULL;
	int count = set_define(s, wish->expr), r = count;

	if (count >= 0 && (size_t)count > wish->max) {
		s->count = (size_t)count;
		r = 0;
	} else if (count >= 0) {
		r = take_set(tree, wish, count, s, &root);
	}
	set_undefine(s);
	/* for its error, which is gone by now */
	if (r == -EINVAL)
		(void)!aug_match(s->aug, wish->expr, NULL);
	return r == 0 && root ? outline_set(tree, wish, root, s) : r;
}

/* Of few nodes Augeas tells the paths soonest without a set. */
static int select_paths(struct tree *tree, const struct wish *wish, struct selection *s)
{
	int count = aug_match(s->aug, wish->expr, NULL);

	if (count >= MANY)
		return select_nodes(tree, wish, s);
	if (count > 0)
		count = aug_match(s->aug, wish->expr, &s->path);
	if (count < 0)
		return -EINVAL;
	s->count = (size_t)count;
	return 0;
}

/* What most who want many nodes ask for: all of a file, for which its outline is enough. */
#define ALL_BELOW "//*"

static bool is_all_below(const char *expr, const char *root)
{
	size_t length = strlen(root);

	return length > 0 && strncmp(expr, root, length) == 0 &&
	       strcmp(expr + length, ALL_BELOW) == 0;
}

static int take_all_below(struct selection *s, struct outline *outline)
{
	uint32_t count = outline_size(outline) - 1, taken = 0;

	s->node = calloc((size_t)count + 1, sizeof(*s->node));
	if (!s->node)
		return -ENOMEM;
	for (uint32_t above = 0; above <= count; above++)
		for (uint32_t node = outline_first_below(outline, above); node > 0;
		     node = outline_next_beside(outline, node))
			s->node[taken++] = (struct selected){
				.label = outline_label(outline, node),
				.value = outline_value(outline, node),
				.node = node,
			};
	s->count = taken;
	s->outline = outline;
	return 0;
}

/* Makes one if it is of a file with many nodes, as far as that is seen quickly. */
static int outline_all_below(struct tree *tree, const char *expr)
{
	scoped_ptr char *root = tree_scope(tree, expr), *last = NULL;
	int r;

	/* Augeas looks no further than to that one */
	if (!root || asprintf(&last, "%s/*[%d]", root, MANY) < 0)
		return -ENOMEM;
	if (!is_all_below(expr, root) || aug_match(tree->aug, last, NULL) != 1)
		return 0;
	r = reads_renew(tree, root);
	return r == -ENOTSUP ? 0 : r;
}

static int select_all_below(struct tree *tree, const char *expr, struct selection *s)
{
	struct reads *reads = &tree->reads;
	size_t length = strlen(expr), rest = strlen(ALL_BELOW);
	int r = 0;

	if (length < rest || strcmp(expr + length - rest, ALL_BELOW) != 0)
		return 0;
	if (!reads->outline || !is_all_below(expr, outline_root(reads->outline)))
		r = outline_all_below(tree, expr);
	/* spelled in another way than Augeas spells it, it may name something else */
	if (r < 0 || !reads->outline || !is_all_below(expr, outline_root(reads->outline)))
		return r;
	return take_all_below(s, reads->outline);
}

static int hand_over(struct tree *tree, struct selection *s, struct selection *ret_selection)
{
	tree->reads.outlined += s->outline != NULL;
	*ret_selection = *s;
	*s = (struct selection){ 0 };
	return 0;
}

int selection_new(struct tree *tree, const char *expr, bool values, size_t max,
		  struct selection *ret_selection)
{
	scoped_selection s = { .aug = tree->aug, .spelled = OUTLINE_NOWHERE };
	/* as aug_match(3) has it */
	const struct wish wish = {
		.expr = strcmp(expr, "/") == 0 ? "/*" : expr,
		.values = values,
		.max = max,
	};
	int r;

	if (tree->reads.once)
		reads_forget(&tree->reads);
	r = select_all_below(tree, wish.expr, &s);
	if (r == 0 && !s.outline)
		r = values || tree->reads.outline ? select_nodes(tree, &wish, &s)
						  : select_paths(tree, &wish, &s);
	return r < 0 ? r : hand_over(tree, &s, ret_selection);
}

int selection_below(struct tree *tree, const char *expr, struct selection *ret_selection)
{
	scoped_selection s = { .aug = tree->aug, .spelled = OUTLINE_NOWHERE };
	const struct wish wish = { .expr = expr, .below = true, .max = SIZE_MAX };
	int r;

	if (tree->reads.once)
		reads_forget(&tree->reads);
	r = select_nodes(tree, &wish, &s);
	return r < 0 ? r : hand_over(tree, &s, ret_selection);
}

const char *selection_path(struct selection *s, size_t i)
{
	if (!s->outline)
		return s->path[i];
	outline_spell(s->outline, s->node[i].node, &s->spelled);
	return s->spelled.text.failed ? NULL : s->spelled.text.text;
}

int selection_children(const struct selection *s, size_t i)
{
	return s->outline ? (int)outline_children(s->outline, s->node[i].node) : s->children[i];
}
