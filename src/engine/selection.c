/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. Expressions are the client's and hostile; only Augeas reads them. */
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

/* A get takes Augeas about as long as it takes to outline so many nodes. */
enum { NODES_OF_A_GET = 32 };

void reads_forget(struct reads *reads)
{
	reads->outline = outline_free(reads->outline);
	reads->once = false;
	reads->gets = 0;
	reads->hopeless = false;
}

void selection_clear(struct selection *selection)
{
	for (size_t i = 0; selection->path && i < selection->count; i++)
		free(selection->path[i]);
	free(selection->path);
	free(selection->node);
	outline_path_clear(&selection->spelled);
	*selection = (struct selection){ 0 };
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

static bool in_outline(struct selection *s, const struct outline *outline)
{
	for (size_t i = 0; i < s->count; i++) {
		ssize_t node = outline_find(outline, s->node[i].label);

		if (node < 0)
			return false;
		s->node[i].node = (uint32_t)node;
	}
	s->outline = outline;
	return true;
}

/* One by one, while they are in the set. */
static int take_paths(struct selection *s)
{
	s->path = calloc(s->count + 1, sizeof(*s->path));
	if (!s->path)
		return -ENOMEM;
	for (size_t i = 0; i < s->count; i++)
		if (aug_ns_path(s->aug, SELECTED, (int)s->node[i].place, &s->path[i]) < 0 ||
		    !s->path[i])
			return -ENOMEM;
	return 0;
}

static int renew_outline(struct tree *tree, const char *root)
{
	struct reads *reads = &tree->reads;
	int r;

	reads_forget(reads);
	reads->once = root[0] == '\0';
	r = outline_new(tree->aug, root, &reads->outline);
	if (r == 0)
		reads->size = outline_size(reads->outline);
	return r;
}

static int make_outline(struct tree *tree, const char *expr, struct selection *s)
{
	struct reads *reads = &tree->reads;
	scoped_ptr char *root = NULL;
	int r;

	if (reads->outline && in_outline(s, reads->outline))
		return 0;
	root = tree_scope(tree, expr);
	r = root ? renew_outline(tree, root) : -ENOMEM;
	if (r == 0 && !in_outline(s, reads->outline))
		r = -ENOTSUP;
	if (r == -ENOTSUP)
		reads->fallbacks++;
	return r == -ENOTSUP ? 0 : r;
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

/* What is in the set, and paths if these are few; how many nodes there will be to tell of. */
static int take_set(struct tree *tree, int count, bool below, struct selection *s, size_t *ret_size)
{
	int r = take_nodes(s, count);

	*ret_size = s->count;
	if (r < 0 || (tree->reads.outline && in_outline(s, tree->reads.outline)))
		return r;
	if (below && s->count > 0 && s->count < MANY)
		*ret_size = size_below(s);
	return below || *ret_size >= MANY ? 0 : take_paths(s);
}

/* By Augeas. */
static int select_nodes(struct tree *tree, const char *expr, bool below, struct selection *s)
{
	size_t size = 0;
	int count = aug_defvar(s->aug, SELECTED, expr), r;

	if (count < 0)
		return -EINVAL;
	/* a number or a string is no set of nodes, which Augeas says only when asked for one */
	if (count == 0 && aug_ns_count(s->aug, SELECTED) < 0)
		r = -EINVAL;
	else
		r = take_set(tree, count, below, s, &size);
	aug_defvar(s->aug, SELECTED, NULL);
	if (r == -EINVAL)
		(void)!aug_match(s->aug, expr, NULL);
	if (r == 0 && !s->outline && size >= MANY) {
		r = make_outline(tree, expr, s);
		tree->reads.outlined += s->outline != NULL;
	}
	return r;
}

/* What most who want many nodes ask for: all of a file, for which its outline is enough. */
#define ALL_BELOW "//*"

static bool is_all_below(const char *expr, const char *root)
{
	size_t length = strlen(root);

	return length > 0 && strncmp(expr, root, length) == 0 &&
	       strcmp(expr + length, ALL_BELOW) == 0;
}

static int take_all_below(struct selection *s, const struct outline *outline)
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
	scoped_ptr char *root = tree_scope(tree, expr), *children = NULL;
	int r;

	if (!root || asprintf(&children, "%s/*", root) < 0)
		return -ENOMEM;
	if (!is_all_below(expr, root) || aug_match(tree->aug, children, NULL) < MANY)
		return 0;
	r = renew_outline(tree, root);
	tree->reads.outlined += r == 0;
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

static int fall_back(struct selection *s, const char *expr)
{
	int count = aug_match(s->aug, expr, &s->path);

	if (count < 0)
		return -EINVAL;
	/* they are as many as before, unless Augeas goes wrong; of those that are more no value is
	 * known */
	for (size_t i = s->count; i < (size_t)count; i++)
		free(s->path[i]);
	if ((size_t)count < s->count)
		s->count = (size_t)count;
	return 0;
}

int selection_new(struct tree *tree, const char *expr, struct selection *ret_selection)
{
	scoped_selection s = { .aug = tree->aug, .spelled = OUTLINE_NOWHERE };
	int r;

	/* as aug_match(3) has it */
	if (strcmp(expr, "/") == 0)
		expr = "/*";
	if (tree->reads.once)
		reads_forget(&tree->reads);
	r = select_all_below(tree, expr, &s);
	if (r == 0 && !s.outline)
		r = select_nodes(tree, expr, false, &s);
	if (r == 0 && !s.outline && !s.path)
		r = fall_back(&s, expr);
	if (r < 0)
		return r;
	*ret_selection = s;
	s = (struct selection){ 0 };
	return 0;
}

static int print_by_augeas(augeas *aug, const char *expr, struct output *out)
{
	scoped_ptr char *text = NULL;
	scoped_file *file = NULL;
	size_t size = 0;
	int r;

	file = open_memstream(&text, &size);
	if (!file)
		return -ENOMEM;
	r = aug_print(aug, file, expr);
	if (fclose(take_ptr(file)) != 0)
		return -ENOMEM;
	if (r < 0)
		return -EINVAL;
	output_add(out, text, size);
	return 0;
}

int selection_below(struct tree *tree, const char *expr, struct selection *ret_selection)
{
	scoped_selection s = { .aug = tree->aug, .spelled = OUTLINE_NOWHERE };
	int r;

	if (tree->reads.once)
		reads_forget(&tree->reads);
	r = select_nodes(tree, expr, true, &s);
	if (r < 0)
		return r;
	*ret_selection = s;
	s = (struct selection){ 0 };
	return 0;
}

int selection_print(struct tree *tree, const char *expr, size_t max, struct output *out)
{
	scoped_selection s = { 0 };
	int r;

	/* as aug_print(3) has it */
	if (expr[0] == '\0')
		expr = "/*";
	r = selection_below(tree, expr, &s);
	if (r == 0 && !s.outline)
		r = print_by_augeas(tree->aug, expr, out);
	for (size_t i = 0; r == 0 && s.outline && i < s.count; i++)
		outline_print(s.outline, s.node[i].node, max, out);
	return r == 0 && out->failed ? -ENOMEM : r;
}

const char *selection_path(struct selection *s, size_t i)
{
	if (!s->outline)
		return s->path[i];
	outline_spell(s->outline, s->node[i].node, &s->spelled);
	return s->spelled.text.failed ? NULL : s->spelled.text.text;
}

int selection_children(struct selection *s, size_t i)
{
	scoped_ptr char *below = NULL;
	int count;

	if (s->outline)
		return (int)outline_children(s->outline, s->node[i].node);
	if (asprintf(&below, "%s/*", s->path[i]) < 0)
		return 0;
	count = aug_match(s->aug, below, NULL);
	return count < 0 ? 0 : count;
}

/* Whether there is one now that the path leads into. */
static bool outline_for_get(struct tree *tree, const char *path)
{
	struct reads *reads = &tree->reads;
	scoped_ptr char *root = NULL;

	if (reads->outline && !reads->once && outline_holds(reads->outline, path))
		return true;
	if (reads->hopeless || ++reads->gets < MANY + reads->size / NODES_OF_A_GET)
		return false;
	reads->gets = 0;
	root = tree_scope(tree, path);
	/* all of the tree is too much for one node */
	if (!root || !root[0])
		return false;
	reads->hopeless = renew_outline(tree, root) < 0;
	return !reads->hopeless;
}

bool reads_get(struct tree *tree, const char *path, const char **ret_value)
{
	ssize_t node = -1;

	if (outline_for_get(tree, path))
		node = outline_locate(tree->reads.outline, path);
	if (node >= 0)
		*ret_value = outline_value(tree->reads.outline, (uint32_t)node);
	return node >= 0;
}
