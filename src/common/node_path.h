/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_NODE_PATH_H
#define EXM_NODE_PATH_H

/*
 * A canonical path as aug_match(3) prints it, taken apart: labels without
 * escapes, positions beside them. And the patterns of the policy over labels.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

enum { NODE_DEPTH_MAX = 128 };

struct node_path {
	char *text; /* holds the labels */
	size_t depth;
	char *label[NODE_DEPTH_MAX];
	unsigned int position[NODE_DEPTH_MAX]; /* 0: none printed, the label is the only one */
};

/*
 * Takes apart "/a/b[2]/c\/d". A label is taken as it is, also "..", "*" and the
 * like: a canonical path names one node and is never evaluated again. Returns
 * 0, -EINVAL for what is not a plain absolute path of labels and positions,
 * -E2BIG, -ENOMEM.
 */
int node_path_parse(const char *canonical, struct node_path *ret_path) must_check;
void node_path_clear(struct node_path *path);

/* The labels path[from..] with their positions; they belong to the path, so nothing is to be
 * cleared. */
struct node_path node_path_below(const struct node_path *path, size_t from);

/*
 * The labels path[from..] as a pattern of the policy that means just this node, in
 * a new string; NULL when memory is short.
 */
char *node_path_spell(const struct node_path *path, size_t from);

#define scoped_node_path scoped(node_path_clear) struct node_path

/*
 * Does the pattern name the node path[from..]? Pattern labels are separated by
 * '/'; the label "**" stands for any number of labels, also none, so that after
 * a label it names that node and all below it. Within a label the wildcards are
 * those of glob.h, and a backslash keeps a '/' from separating. Time is bounded
 * by the product of the two lengths, without recursion.
 */
bool node_pattern_match(const char *pattern, const struct node_path *path, size_t from);

/* Does the pattern name the node, or one of those above it down from path[from]? */
bool node_pattern_covers(const char *pattern, const struct node_path *path, size_t from);

/* Could it name a node below this one, if that has the right labels? */
bool node_pattern_goes_below(const char *pattern, const struct node_path *path, size_t from);

#endif
