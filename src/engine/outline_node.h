/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_OUTLINE_NODE_H
#define EXM_OUTLINE_NODE_H

#include "engine/outline.h"

/* What outline.h is made of, for its own files. */
struct outline_node {
	const char *label;
	const char *value;
	uint32_t parent;
	uint32_t end; /* the node behind the last one below */
	uint32_t children;
	uint32_t first;    /* of the siblings that have its label */
	uint32_t position; /* among them */
	uint32_t twins;    /* how many there are; only in the first */
};

/* Nodes by a hash, each as 1 more than its number; 0: free. There are twice as many slots. */
struct outline_table {
	uint32_t *slot;
	uint32_t size;
};

struct outline {
	augeas *aug;
	char *root;                /* path of node 0 */
	struct outline_node *node; /* in the order of the file */
	uint32_t count;
	struct outline_table labels; /* by their labels' addresses */
	struct outline_table twins;  /* by parent, label and position */
};

/* Fills both tables. 0; -ENOMEM; or -ENOTSUP if two nodes have one label at the same address. */
int outline_index(struct outline *outline) must_check;

#endif
