/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-verify, on two trees of hostile text; the time that it may take is bounded. */
#include "verify/align.h"

#include <errno.h>

#include "common/compare.h"

enum {
	EDITS_MAX = 2000,          /* children up to which the shortest account is looked for */
	SIMILAR_CHILDREN_MAX = 16, /* a longer list has lists of its own to be compared */
	LOOK_AHEAD = 64,           /* children among which one of the same label is looked for */
};

/* A part of the children of both. */
struct gap {
	const struct node *a, *b;
	size_t a_from, a_to, b_from, b_to;
};

static const struct node *child_of_a(const struct gap *gap, size_t i)
{
	return gap->a->child[gap->a_from + i];
}

static const struct node *child_of_b(const struct gap *gap, size_t k)
{
	return gap->b->child[gap->b_from + k];
}

static bool equal(size_t i, size_t k, const void *data)
{
	return node_equal(child_of_a(data, i), child_of_b(data, k));
}

/* How many children of one are found in the other, in any order. */
static size_t common_children(const struct node *a, const struct node *b)
{
	size_t common = 0;

	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < b->count; k++)
			if (node_equal(a->child[i], b->child[k])) {
				common++;
				break;
			}
	return common;
}

bool align_similar(const struct node *a, const struct node *b)
{
	size_t most = a->count > b->count ? a->count : b->count;

	return node_same_label(a, b) && a->count > 0 && b->count > 0 &&
	       most <= SIMILAR_CHILDREN_MAX && 2 * common_children(a, b) >= most;
}

static bool similar(size_t i, size_t k, const void *data)
{
	return align_similar(child_of_a(data, i), child_of_b(data, k));
}

/* What makes two children a pair: the first that finds them counts. */
static bool (*const rules[])(size_t i, size_t k, const void *data) = { equal, similar };

static void match(struct alignment *al, size_t i, size_t k)
{
	al->became[i] = (ssize_t)k;
	al->was[k] = (ssize_t)i;
}

/* What has no better partner gets the next one of its label. */
static void match_labels(const struct gap *gap, struct alignment *al)
{
	size_t k = gap->b_from;

	for (size_t i = gap->a_from; i < gap->a_to; i++) {
		for (size_t at = k; at < gap->b_to && at < k + LOOK_AHEAD; at++) {
			if (!node_same_label(gap->a->child[i], gap->b->child[at]))
				continue;
			match(al, i, at);
			k = at + 1;
			break;
		}
	}
}

static int align_gap(const struct gap *gap, size_t rule, struct alignment *al);

/* Pairs what is marked on neither side, which is in the same order on both, and looks into the
 * gaps. */
static int match_unmarked(const struct gap *gap, size_t rule, const bool *removed,
			  const bool *added, struct alignment *al)
{
	size_t i = gap->a_from, k = gap->b_from;
	int r = 0;

	while (r == 0 && (i < gap->a_to || k < gap->b_to)) {
		struct gap part = { .a = gap->a, .b = gap->b, .a_from = i, .b_from = k };

		while (i < gap->a_to && removed[i - gap->a_from])
			i++;
		while (k < gap->b_to && added[k - gap->b_from])
			k++;
		part.a_to = i;
		part.b_to = k;
		r = align_gap(&part, rule + 1, al);
		if (i < gap->a_to && k < gap->b_to)
			match(al, i++, k++);
	}
	return r;
}

static int align_gap(const struct gap *gap, size_t rule, struct alignment *al)
{
	const size_t a_count = gap->a_to - gap->a_from, b_count = gap->b_to - gap->b_from;
	scoped_ptr bool *removed = NULL, *added = NULL;
	struct comparison comparison = { .a_count = a_count, .b_count = b_count, .data = gap };
	int r;

	if (a_count == 0 || b_count == 0)
		return 0;
	if (rule == ARRAY_SIZE(rules)) {
		match_labels(gap, al);
		return 0;
	}
	comparison.same = rules[rule];
	comparison.removed = removed = calloc(a_count, sizeof(bool));
	comparison.added = added = calloc(b_count, sizeof(bool));
	if (!removed || !added)
		return -ENOMEM;
	r = compare(&comparison, EDITS_MAX);
	return r < 0 ? r : match_unmarked(gap, rule, removed, added, al);
}

int align(const struct node *a, const struct node *b, struct alignment *ret_alignment)
{
	const struct gap all = { .a = a, .b = b, .a_to = a->count, .b_to = b->count };
	scoped_alignment al = {
		.became = calloc(a->count + 1, sizeof(ssize_t)),
		.was = calloc(b->count + 1, sizeof(ssize_t)),
	};
	int r;

	if (!al.became || !al.was)
		return -ENOMEM;
	for (size_t i = 0; i < a->count; i++)
		al.became[i] = -1;
	for (size_t k = 0; k < b->count; k++)
		al.was[k] = -1;
	r = align_gap(&all, 0, &al);
	if (r < 0)
		return r;
	*ret_alignment = al;
	al = (struct alignment){ 0 };
	return 0;
}

void alignment_clear(struct alignment *alignment)
{
	free(alignment->became);
	free(alignment->was);
}
