/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: the tree as it was when the session began, for the next program that uses
 * it. What is removed is the client's own; the lenses that were compiled stay.
 */
#include <errno.h>
#include <string.h>

#include "engine/load_check.h"
#include "engine/tree.h"

static int forget_variables(augeas *aug)
{
	char **nodes = NULL;
	int count = aug_match(aug, "/augeas/variables/*", &nodes), r = count < 0 ? -ENOMEM : 0;

	for (int i = 0; i < count; i++) {
		scoped_ptr char *copy = NULL;
		const char *name = NULL;

		/* the label is gone with the node */
		if (aug_label(aug, nodes[i], &name) == 1)
			copy = strdup(name);
		if (!copy || aug_defvar(aug, copy, NULL) < 0)
			r = -ENOMEM;
		free(nodes[i]);
	}
	free(nodes);
	return r;
}

static int forget_nodes(augeas *aug)
{
	static const char *const own[] = { "/*[label() != 'files'][label() != 'augeas']",
					   "/augeas/events", "/augeas/error", "/augeas/text",
					   LOAD_TABLE };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (aug_rm(aug, own[i]) < 0)
			return -ENOMEM;
	return 0;
}

int tree_begin_anew(struct tree *tree)
{
	int r = tree_forget(tree);

	if (r == 0)
		r = forget_variables(tree->aug);
	if (r == 0)
		r = forget_nodes(tree->aug);
	tree->load = load_table_free(tree->load);
	tree->load_edited = false;
	tree->save_mode = "overwrite";
	tree_set_saved(tree, NULL);
	if (r == 0)
		r = load_table_show(tree->aug, tree->policy);
	if (r == 0)
		r = tree_save_mode(tree, tree->save_mode);
	if (r == 0 && (aug_set(tree->aug, TREE_CONTEXT, "/files") < 0 ||
		       aug_set(tree->aug, TREE_SPAN, "enable") < 0))
		r = -ENOMEM;
	/* which makes Augeas look at the last one */
	return r == 0 ? load_check(tree->aug, tree->policy) : r;
}
