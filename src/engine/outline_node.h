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
	uint32_t position; /* among the siblings of its label; 0: it is the only one */
};

/* Nodes by a hash, each as 1 more than its number; 0: free. There are twice as many slots. */
struct outline_table {
	uint32_t *slot; /* NULL: nobody has asked yet, or there was no memory */
	uint32_t size;
};

/* The slot that is looked at next. */
static inline uint32_t outline_table_next(const struct outline_table *table, uint32_t at)
{
	return at + 1 < table->size ? at + 1 : 0;
}

/* What only some readers need is made when the first of them comes. */
struct outline {
	augeas *aug;
	char *root;                /* path of node 0 */
	struct outline_node *node; /* in the order of the file */
	uint32_t count;
	bool placed;                 /* the positions are known */
	struct outline_table labels; /* by their labels' addresses */
	struct outline_table steps;  /* by parent, label and position */
};

/* Finds the positions, if that was not done yet. 0 or -ENOMEM. */
int outline_place(struct outline *outline) must_check;

/* FNV-1a, going on from another one. */
uint32_t outline_hash(uint32_t hash, const char *text, size_t length);

/* A place among so many for a hash. */
uint32_t outline_spread(uint32_t hash, uint32_t size);

#endif
