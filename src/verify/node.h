/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFY_NODE_H
#define EXM_VERIFY_NODE_H

/*
 * A tree as Augeas made it of one text, in memory that can be walked: labels,
 * values, children, and what it takes to compare it with another.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/node_path.h"

struct node {
	char *label;
	char *value; /* NULL: none */
	struct node *parent;
	struct node **child;
	size_t count;
	uint64_t hash; /* of the whole subtree, numbered labels being all the same */
	/* among the siblings of its label: which one, counted from 1, of how many */
	unsigned int position, twins;
	/* its label is a number that says no more than its place: its parent's are 1, 2, 3 ... */
	bool numbered;
};

/* Without children. NULL when memory is short. value may be NULL. */
struct node *node_new(const char *label, const char *value);
struct node *node_free(struct node *node);

static inline void node_freep(struct node **node)
{
	node_free(*node);
}

/* Takes the child over, also on failure. 0 or -ENOMEM. */
int node_append(struct node *parent, struct node *child) must_check;

/* All children are there: fills hash, position, twins and numbered, from below. 0 or -ENOMEM. */
int node_complete(struct node *node) must_check;

/* Do the labels mean the same? Numbered ones do. */
bool node_same_label(const struct node *a, const struct node *b);
/* Equal down to the last value? */
bool node_equal(const struct node *a, const struct node *b);

/* A label that may mean no more than the place of its node. */
bool node_is_number(const char *label);

/* For sums that only save time: whoever wants two texts of one sum finds them. */
#define NODE_SUM_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t node_sum_text(uint64_t sum, const char *text);
uint64_t node_sum_number(uint64_t sum, uint64_t number);

/*
 * The canonical path below the root of its tree, as aug_match(3) prints it:
 * "/1/alias[2]". 0, -ENOMEM, or -E2BIG for more than `max` bytes.
 */
int node_canonical(const struct node *node, size_t max, char **ret_path) must_check;

#endif
