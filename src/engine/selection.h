/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SELECTION_H
#define EXM_SELECTION_H

/*
 * The nodes that an expression names, in Augeas's order: it is Augeas that evaluates it. Only the
 * paths of many nodes do not come from there, but from an outline of the tree, in a time that grows
 * with their number and not with its square.
 */

#include <stdbool.h>

#include "common/cleanup.h"
#include "engine/outline.h"

struct tree;

/*
 * An outline that was made stays until the tree changes. One of the whole tree counts for a single
 * read: Augeas's own notes are in it, which change when an expression cannot be parsed.
 */
struct reads {
	struct outline *outline; /* NULL: none */
	bool once;
	uint64_t outlined;  /* reads of many nodes that an outline served, ... */
	uint64_t fallbacks; /* ... and those that it could not, and Augeas did */

	unsigned int gets; /* that Augeas did since the outline was of use for one */
	uint32_t size;     /* of the last outline */
	bool hopeless;     /* for gets there is none until the tree changes */
};

void reads_forget(struct reads *reads);

/*
 * The value of the one node that a path of labels and positions names, from an outline: Augeas
 * walks the list of siblings for each, and reads the path anew. Makes one once there were so many
 * gets that it pays. False: Augeas has to be asked. What the path needs was brought in.
 */
bool reads_get(struct tree *tree, const char *path, const char **ret_value);

struct selected {
	const char *label; /* Augeas's own, as is the value */
	const char *value; /* NULL: none */
	uint32_t place;    /* in Augeas's set, without an outline */
	uint32_t node;     /* in the outline */
};

struct selection {
	augeas *aug;
	const struct outline *outline; /* NULL: the paths are Augeas's */
	struct selected *node;
	char **path; /* without an outline */
	size_t count;
	struct outline_path spelled;
};

/*
 * Of what was brought in (tree_need()). 0, -EINVAL with Augeas's error (tree_fail()), or -ENOMEM.
 * The selection counts until the tree changes or another is made.
 */
int selection_new(struct tree *tree, const char *expr, struct selection *ret_selection) must_check;
void selection_clear(struct selection *selection);

/*
 * The same for who wants all below the nodes as well: by the outline, or where there is none from
 * Augeas, since then not even the paths are known.
 */
int selection_below(struct tree *tree, const char *expr,
		    struct selection *ret_selection) must_check;

#define scoped_selection scoped(selection_clear) struct selection

/* The path of one, as aug_match(3) gives it. It counts until the next call; NULL without memory. */
const char *selection_path(struct selection *selection, size_t i);

/* How many children it has. */
int selection_children(struct selection *selection, size_t i);

/*
 * Adds what aug_print(3) prints; stops once there are more than max bytes. 0, -EINVAL with
 * Augeas's error, or -ENOMEM.
 */
int selection_print(struct tree *tree, const char *expr, size_t max, struct output *out) must_check;

#endif
