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

struct selected {
	const char *label; /* Augeas's own, as is the value */
	const char *value; /* NULL: none */
	uint32_t place;    /* in Augeas's set, without an outline */
	uint32_t node;     /* in the outline */
};

struct selection {
	augeas *aug;
	struct outline *outline; /* NULL: the paths are Augeas's */
	struct selected *node;   /* NULL: nobody has asked for values */
	char **path;             /* without an outline */
	int *children;           /* the same, if values were asked for */
	size_t count;
	struct outline_path spelled;
};

/*
 * Of what was brought in (tree_need()); for values has those of the nodes, and how many children
 * they have, as well. If there are more than max, only their number is known. 0, -EINVAL with
 * Augeas's error (tree_fail()), or -ENOMEM. The selection counts until the tree changes or another
 * is made.
 */
int selection_new(struct tree *tree, const char *expr, bool values, size_t max,
		  struct selection *ret_selection) must_check;
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
int selection_children(const struct selection *selection, size_t i);

/*
 * Adds what aug_print(3) prints; stops once there are more than max bytes. 0, -EINVAL with
 * Augeas's error, or -ENOMEM.
 */
int selection_print(struct tree *tree, const char *expr, size_t max, struct output *out) must_check;

#endif
