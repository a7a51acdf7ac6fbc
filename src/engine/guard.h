/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_GUARD_H
#define EXM_GUARD_H

#include "common/node_path.h"
#include "engine/tree.h"

/*
 * The policy, node by node, before an edit is made: it looks at the nodes that
 * Augeas found, whatever the expression was. Each returns 0, or -1 with the
 * call answered DENIED or BAD_VALUE. `canonical` is as aug_match(3) gives it.
 */
int guard_change(struct call *call, const char *canonical, const char *value) must_check;

/* A node that exists already, but was just made: may it stay? */
int guard_created(struct call *call, const char *canonical, const char *value) must_check;

/* A node that would be made; `alone`: without others of its label beside it. */
int guard_insert(struct call *call, const struct node_path *node, bool alone,
		 const char *value) must_check;

/* The node and all below it. */
int guard_remove(struct call *call, const char *canonical) must_check;

/* What an answer says of a node of the file; `node` as the policy spells it, "" for its own. */
struct json_object *guard_data(const struct policy_file *entry, const char *file, const char *node);

/* Labels down to the node of the file that this node belongs to; 0 if to none. */
size_t guard_file_depth(struct call *call, const char *canonical);

/* An edit was made in this file. */
void guard_edited(struct call *call, const char *canonical);

#endif
