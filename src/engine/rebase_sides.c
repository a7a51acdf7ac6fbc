/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine, on three trees of hostile texts; the time of a request is bounded. */
#include "engine/rebase_sides.h"

#include <errno.h>

int sides_align(const struct node *base, const struct node *ours, const struct node *theirs,
		struct sides *ret_sides)
{
	scoped_sides sides = { .base = base, .ours = ours, .theirs = theirs };
	int r = align(base, ours, &sides.to_ours);

	if (r == 0)
		r = align(base, theirs, &sides.to_theirs);
	if (r < 0)
		return r;
	*ret_sides = sides;
	sides.to_ours = sides.to_theirs = (struct alignment){ 0 };
	return 0;
}

void sides_clear(struct sides *sides)
{
	alignment_clear(&sides->to_ours);
	alignment_clear(&sides->to_theirs);
}

static bool kept_by_both(const struct sides *sides, ssize_t i)
{
	return i >= 0 && sides->to_ours.became[i] >= 0 && sides->to_theirs.became[i] >= 0;
}

static ssize_t place(const struct sides *sides, const ssize_t *was, size_t k)
{
	while (k > 0 && !kept_by_both(sides, was[k - 1]))
		k--;
	return k > 0 ? was[k - 1] : -1;
}

ssize_t sides_place_ours(const struct sides *sides, size_t k)
{
	return place(sides, sides->to_ours.was, k);
}

ssize_t sides_place_theirs(const struct sides *sides, size_t j)
{
	return place(sides, sides->to_theirs.was, j);
}

ssize_t sides_place_base(const struct sides *sides, size_t i)
{
	ssize_t at = (ssize_t)i - 1;

	while (at >= 0 && !kept_by_both(sides, at))
		at--;
	return at;
}

/* How many new children of ours before k are equal to it and at its place. */
static size_t equal_before(const struct sides *sides, size_t k, ssize_t place_of_k)
{
	size_t count = 0;

	for (size_t i = 0; i < k; i++)
		if (sides->to_ours.was[i] < 0 &&
		    node_equal(sides->ours->child[i], sides->ours->child[k]) &&
		    sides_place_ours(sides, i) == place_of_k)
			count++;
	return count;
}

bool sides_made_by_both(const struct sides *sides, size_t k)
{
	ssize_t place_of_k = sides_place_ours(sides, k);
	size_t before = equal_before(sides, k, place_of_k);

	for (size_t j = 0; j < sides->theirs->count; j++)
		if (sides->to_theirs.was[j] < 0 &&
		    node_equal(sides->ours->child[k], sides->theirs->child[j]) &&
		    sides_place_theirs(sides, j) == place_of_k && before-- == 0)
			return true;
	return false;
}
