/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-verify, on two trees of hostile text; the time that it may take is bounded. */
#include "verify/align.h"

#include <errno.h>

#include "common/compare.h"

enum {
	EDITS_MAX = 2000, /* children of one node that the shortest account is looked for of */
	LOOK_AHEAD = 64,  /* children among which one of the same label is looked for */
};

struct pair {
	const struct node *a, *b;
};

static bool same(size_t i, size_t k, const void *data)
{
	const struct pair *pair = data;

	return node_equal(pair->a->child[i], pair->b->child[k]);
}

static void match(struct alignment *al, size_t i, size_t k)
{
	al->became[i] = (ssize_t)k;
	al->was[k] = (ssize_t)i;
}

/* Between two pairs of equal ones: a's children from i, b's from k, both up to the next equal pair.
 */
static void match_labels(const struct pair *pair, struct alignment *al, size_t i, size_t i_end,
			 size_t k, size_t k_end)
{
	for (; i < i_end; i++) {
		for (size_t at = k; at < k_end && at < k + LOOK_AHEAD; at++) {
			if (!node_same_label(pair->a->child[i], pair->b->child[at]))
				continue;
			match(al, i, at);
			k = at + 1;
			break;
		}
	}
}

static void match_all(const struct pair *pair, struct alignment *al, const bool *removed,
		      const bool *added)
{
	const size_t a_count = pair->a->count, b_count = pair->b->count;
	size_t i = 0, k = 0;

	while (i < a_count || k < b_count) {
		size_t i_end = i, k_end = k;

		while (i_end < a_count && removed[i_end])
			i_end++;
		while (k_end < b_count && added[k_end])
			k_end++;
		match_labels(pair, al, i, i_end, k, k_end);
		/* what follows on both sides is the same */
		i = i_end;
		k = k_end;
		if (i < a_count && k < b_count)
			match(al, i++, k++);
	}
}

int align(const struct node *a, const struct node *b, struct alignment *ret_alignment)
{
	scoped_alignment al = {
		.became = calloc(a->count + 1, sizeof(ssize_t)),
		.was = calloc(b->count + 1, sizeof(ssize_t)),
	};
	scoped_ptr bool *removed = calloc(a->count + 1, sizeof(bool));
	scoped_ptr bool *added = calloc(b->count + 1, sizeof(bool));
	const struct pair pair = { a, b };
	const struct comparison comparison = { .a_count = a->count,
					       .b_count = b->count,
					       .same = same,
					       .data = &pair,
					       .removed = removed,
					       .added = added };
	int r;

	if (!al.became || !al.was || !removed || !added)
		return -ENOMEM;
	for (size_t i = 0; i < a->count; i++)
		al.became[i] = -1;
	for (size_t k = 0; k < b->count; k++)
		al.was[k] = -1;
	r = compare(&comparison, EDITS_MAX);
	if (r < 0)
		return r;
	match_all(&pair, &al, removed, added);
	*ret_alignment = al;
	al = (struct alignment){ 0 };
	return 0;
}

void alignment_clear(struct alignment *alignment)
{
	free(alignment->became);
	free(alignment->was);
}
