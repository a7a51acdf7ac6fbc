/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: what is kept of the tree between reads. Paths are the client's and hostile.
 */
#include "engine/reads.h"

#include <stdlib.h>

#include "engine/tree.h"

/*
 * An outline pays from so many gets on, and more for more nodes: a get takes Augeas about as long
 * as it takes to outline NODES_OF_A_GET.
 */
enum { GETS_MIN = 64, NODES_OF_A_GET = 32 };

void reads_forget(struct reads *reads)
{
	reads->outline = outline_free(reads->outline);
	reads->once = false;
	reads->gets = 0;
	reads->hopeless = false;
}

int reads_renew(struct tree *tree, const char *root)
{
	struct reads *reads = &tree->reads;
	int r;

	reads_forget(reads);
	reads->once = root[0] == '\0';
	r = outline_new(tree->aug, root, &reads->outline);
	if (r == 0 && !reads->once)
		reads->size = outline_size(reads->outline);
	return r;
}

static bool leads_into(const struct reads *reads, const char *path)
{
	return reads->outline && !reads->once && outline_holds(reads->outline, path);
}

bool reads_takes_time(const struct reads *reads, const char *path)
{
	return !leads_into(reads, path) && !reads->hopeless &&
	       reads->gets + 1 >= GETS_MIN + reads->size / NODES_OF_A_GET;
}

/* Whether there is one now that the path leads into. */
static bool outline_for_get(struct tree *tree, const char *path)
{
	struct reads *reads = &tree->reads;
	bool takes_time = reads_takes_time(reads, path);
	scoped_ptr char *root = NULL;

	if (leads_into(reads, path))
		return true;
	reads->gets++;
	if (!takes_time)
		return false;
	reads->gets = 0;
	root = tree_scope(tree, path);
	/* all of the tree is too much for one node */
	if (!root || !root[0])
		return false;
	reads->hopeless = reads_renew(tree, root) < 0;
	return !reads->hopeless;
}

enum reads_found reads_get(struct tree *tree, const char *path, const char **ret_label,
			   const char **ret_value)
{
	struct reads *reads = &tree->reads;
	ssize_t node = OUTLINE_UNKNOWN;

	if (outline_for_get(tree, path))
		node = outline_locate(reads->outline, path);
	if (node < 0)
		return node == OUTLINE_NONE ? READS_NONE : READS_UNKNOWN;
	*ret_label = outline_label(reads->outline, (uint32_t)node);
	*ret_value = outline_value(reads->outline, (uint32_t)node);
	return READS_FOUND;
}
