/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REBASE_SIDES_H
#define EXM_REBASE_SIDES_H

#include "verify/align.h"

/* One node as both began with it, and what each side has made of it. */
struct sides {
	const struct node *base, *ours, *theirs;
	struct alignment to_ours, to_theirs; /* of their children */
};

/* The children are paired. 0 or -ENOMEM. */
int sides_align(const struct node *base, const struct node *ours, const struct node *theirs,
		struct sides *ret_sides) must_check;
void sides_clear(struct sides *sides);

#define scoped_sides scoped(sides_clear) struct sides

/*
 * Where a new child stands: behind which of the base's children that both keep; -1: before
 * them all. The same for a child of the base that is gone.
 */
ssize_t sides_place_ours(const struct sides *sides, size_t k);
ssize_t sides_place_theirs(const struct sides *sides, size_t j);
ssize_t sides_place_base(const struct sides *sides, size_t i);

/* Have they made the same node as our new child k, at the same place? */
bool sides_made_by_both(const struct sides *sides, size_t k);

#endif
