/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFY_ALIGN_H
#define EXM_VERIFY_ALIGN_H

#include <sys/types.h>

#include "verify/node.h"

/* Which child of one node has become which child of another. */
struct alignment {
	ssize_t *became; /* of a's child i the index in b, or -1: it is gone */
	ssize_t *was;    /* of b's child k the index in a, or -1: it is new */
};

/*
 * Pairs the children that are equal in both, in an order that both have, as
 * many as there are; between those the ones of which half is equal, and then
 * the ones that have the same label. Whatever comes out is a true account of the
 * difference; it is a short one as long as not too much is different. 0 or -ENOMEM.
 */
int align(const struct node *a, const struct node *b, struct alignment *ret_alignment) must_check;
void alignment_clear(struct alignment *alignment);

/* The same entry, of which something has changed: its label, and half of what is below. */
bool align_similar(const struct node *a, const struct node *b);

#define scoped_alignment scoped(alignment_clear) struct alignment

#endif
