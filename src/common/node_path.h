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
 * Takes apart "/a/b[2]/c\/d". Returns 0, -EINVAL for what is not a plain
 * absolute path of labels and positions, -E2BIG, -ENOMEM.
 */
int node_path_parse(const char *canonical, struct node_path *ret_path) must_check;
void node_path_clear(struct node_path *path);

#define scoped_node_path scoped(node_path_clear) struct node_path

/*
 * Does the pattern name the node path[from..]? Pattern labels are separated by
 * '/'; "**" stands for any number of labels, also none; within a label the
 * wildcards are those of glob.h.
 */
bool node_pattern_match(const char *pattern, const struct node_path *path, size_t from);

#endif
