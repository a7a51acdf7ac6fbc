/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMPARE_H
#define EXM_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/* Two sequences, and which items of each the other one does not have. */
struct comparison {
	size_t a_count, b_count;
	/* Is item i of a the same as item k of b? */
	bool (*same)(size_t i, size_t k, const void *data);
	const void *data;
	bool *removed; /* a_count of them, of a */
	bool *added;   /* b_count of them, of b */
};

/*
 * Fills removed and added, which are false before, so that what is unmarked is
 * the same in both, in the same order, and as much as there can be: E. Myers, "An
 * O(ND) Difference Algorithm and Its Variations" (1986). Beyond max_edits, everything between
 * the common beginning and the common end is marked. 1 if the result is the
 * best, 0 if it was given up, -ENOMEM.
 */
int compare(const struct comparison *c, size_t max_edits) must_check;

#endif
