/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_EDIT_H
#define EXM_EDIT_H

#include "engine/tree.h"

/* The nodes that an expression names. */
struct nodes {
	char **path;
	int count;
};

void nodes_clear(struct nodes *nodes);

#define scoped_nodes scoped(nodes_clear) struct nodes

/* 0, or -1 with the call answered; none is no error. */
int nodes_match(struct call *call, const char *expr, struct nodes *ret_nodes) must_check;

/* The same, but exactly one is expected. */
int nodes_match_one(struct call *call, const char *expr, struct nodes *ret_nodes) must_check;

/*
 * Makes the node that an expression describes, with the missing ones above it,
 * if the policy allows each of them; else takes back what was made. 0 with the
 * canonical path of the topmost new node and of the node itself, or -1 with the call answered.
 */
struct creation {
	char *top;
	char *path;
};

void creation_clear(struct creation *creation);

int edit_create(struct call *call, const char *expr, const char *value,
		struct creation *ret_creation) must_check;

/*
 * Adds a node beside the one of that canonical path, if the policy allows it. 0 with its
 * canonical path, or -1 with the call answered.
 */
int edit_insert(struct call *call, const char *beside, char *label, bool before, const char *value,
		char **ret_path) must_check;

/* Sets the value, if that is a change and the policy allows it. 0, or -1 with the call answered. */
int edit_set(struct call *call, const char *canonical, const char *value) must_check;

/* augeas.set: the one node that the expression names, made if it is missing. 0 or -1. */
int edit_set_one(struct call *call, const char *expr, const char *value) must_check;

/* Would a child of this label, beside the node, be the only one? */
bool edit_label_is_free(struct call *call, const char *canonical, const char *label);

#endif
