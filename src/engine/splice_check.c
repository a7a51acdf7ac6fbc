/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine, on trees of hostile text. The last look at a text that was put together: it
 * knows nothing of how that was done.
 */
#include "engine/splice_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "verify/node.h"

/* The children of one node as they were read, as far as they were seen. */
struct numbers {
	uint32_t last;
	bool is_count; /* those that are numbers are 1, 2, 3 ... */
	bool differ;   /* one was wanted with another number */
};

static bool same_value(const char *a, const char *b)
{
	return !a == !b && (!a || strcmp(a, b) == 0);
}

static bool same_label(const char *read, const char *wanted, struct numbers *siblings)
{
	char expected[16];
	bool same = strcmp(read, wanted) == 0;

	if (!node_is_number(read))
		return same;
	snprintf(expected, sizeof(expected), "%u", ++siblings->last);
	siblings->is_count = siblings->is_count && strcmp(read, expected) == 0;
	siblings->differ = siblings->differ || !same;
	return node_is_number(wanted);
}

static bool same_nodes(const struct outline *read, const struct outline *wanted,
		       struct numbers *below)
{
	uint32_t count = outline_size(read);

	for (uint32_t i = 1; i < count; i++) {
		struct numbers *siblings = &below[outline_parent(read, i)];

		/* which one is whose child follows from how many each has */
		if (outline_children(read, i) != outline_children(wanted, i) ||
		    !same_value(outline_value(read, i), outline_value(wanted, i)) ||
		    !same_label(outline_label(read, i), outline_label(wanted, i), siblings))
			return false;
	}
	for (uint32_t i = 0; i < count; i++)
		if (below[i].differ && !below[i].is_count)
			return false;
	return true;
}

int splice_check(const struct outline *read, const struct outline *wanted)
{
	uint32_t count = outline_size(read);
	scoped_ptr struct numbers *below = NULL;

	if (count != outline_size(wanted) ||
	    outline_children(read, 0) != outline_children(wanted, 0))
		return 0;
	below = calloc(count, sizeof(*below));
	if (!below)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		below[i].is_count = true;
	return same_nodes(read, wanted, below);
}
