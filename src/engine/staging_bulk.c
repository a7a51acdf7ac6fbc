/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: many files at once. After each one that it loads by itself Augeas throws
 * away what it has made of the expressions of its lens, and to make that anew takes ten times as
 * long as to read a small file. Of all files in one row of a table it does so once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/staging.h"
#include "engine/texts.h"

void staging_bulk_begin(struct tree *tree)
{
	/* aug_load() would define these anew, and look at those again */
	tree->bulk = aug_match(tree->aug, "/augeas/variables/*", NULL) == 0;
	for (size_t i = 0; i < tree->count; i++)
		/* it would drop the file, or what is known of its error */
		if (tree->file[i].state == TREE_LOADED ||
		    tree->file[i].state == TREE_PARSE_FAILED || tree->file[i].edited)
			tree->bulk = false;
}

/* Files that follow each other with one lens are one row, so the order of all stays. */
static int put_table(struct tree *tree)
{
	const char *lens = NULL;
	int r = 0;

	for (size_t i = 0; i < tree->count && r == 0; i++) {
		const struct tree_file *file = &tree->file[i];

		if (file->state != TREE_STAGED)
			continue;
		if (lens && strcmp(lens, file->lens) == 0)
			r = load_table_add_file(tree->aug, file->path);
		else
			r = load_table_add(tree->aug, file->lens, file->path);
		lens = file->lens;
	}
	return r;
}

/* Did Augeas get as far as the file? A lens that is not there it tells elsewhere. */
static bool was_tried(const struct tree *tree, const struct tree_file *file)
{
	scoped_ptr char *node = staging_node(file->path), *meta = NULL;

	return node && asprintf(&meta, "/augeas%s/path", node) >= 0 &&
	       aug_match(tree->aug, meta, NULL) > 0;
}

static int load_staged(struct tree *tree)
{
	int r = load_table_begin(tree->aug);

	if (r < 0)
		return r;
	r = put_table(tree);
	if (r == 0 && aug_load(tree->aug) < 0)
		r = -EINVAL;
	load_table_end(tree->aug);
	return r;
}

static bool any_staged(const struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree->file[i].state == TREE_STAGED)
			return true;
	return false;
}

int staging_bulk_end(struct tree *tree)
{
	int r;

	tree->bulk = false;
	if (!any_staged(tree))
		return 0;
	r = load_staged(tree);
	for (size_t i = 0; i < tree->count; i++) {
		struct tree_file *file = &tree->file[i];

		if (file->state != TREE_STAGED)
			continue;
		file->state = was_tried(tree, file) && !staging_has_error(tree, file)
				      ? TREE_LOADED
				      : TREE_PARSE_FAILED;
		texts_read(tree, file, false);
	}
	return r;
}
