/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SPLICE_SUM_H
#define EXM_SPLICE_SUM_H

#include "engine/outline.h"
#include "verify/node.h"

/* What is kept of a file's top-level entries, to see later which of them are others by then. */
struct splice_sum {
	uint64_t exact; /* of all labels and values */
	uint64_t loose; /* of the same, with all labels that are numbers alike */
	uint64_t label; /* of the entry's own label */
};

struct splice_sums {
	struct splice_sum *entry;
	size_t count;
};

/* Of the children of the outline's root. 0 or -ENOMEM. */
int splice_sums_new(const struct outline *outline, struct splice_sums *ret_sums) must_check;
void splice_sums_clear(struct splice_sums *sums);

#define scoped_sums scoped(splice_sums_clear) struct splice_sums

/* One number for all of them, by their loose sums. */
uint64_t splice_sums_total(const struct splice_sums *sums);

struct splice_sum splice_sum_of(const struct node *node);

#endif
