/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_WALK_H
#define EXM_WALK_H

#include "verify/node.h"

struct augeas;

/*
 * The tree at the node that the path names, in time that grows with its size. 0; -ENOENT if the
 * path does not name one node, -ENOTSUP if there is one below a node without a label, which no path
 * names, -E2BIG for one that nests too deep, -ENOMEM. A node without a label, as an
 * empty line is with many lenses, is left out.
 */
int walk_tree(struct augeas *aug, const char *path, struct node **ret_tree) must_check;

#endif
