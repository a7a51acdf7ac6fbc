/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFIRM_ROLLBACK_SUM_H
#define EXM_CONFIRM_ROLLBACK_SUM_H

/* What rollback.c takes back. */
#include "monitor/confirm/pending.h"
#include "monitor/confirm/rollback.h"
#include "monitor/journal/journal_entry.h"

/*
 * The commits from the first one on, as if they were one: its files are what is to be brought back,
 * contents as of journal_entry_write().
 */
struct rollback_sum {
	struct journal_entry entry;
	int content[2 * JOURNAL_FILES_MAX];
	struct journal_file now[JOURNAL_FILES_MAX]; /* owner, mode and attributes, before it is */
	bool is_torn;                               /* a revision of them is missing */
	bool is_told;                               /* the history has the rollback already */
};

int rollback_sum_new(struct rollback_sum **ret_sum) must_check;
void rollback_sum_free(struct rollback_sum **sum);

#define scoped_rollback_sum scoped(rollback_sum_free) struct rollback_sum

static inline int rollback_old(const struct rollback_sum *sum, size_t index)
{
	return sum->content[2 * index];
}

static inline int rollback_new(const struct rollback_sum *sum, size_t index)
{
	return sum->content[2 * index + 1];
}

/*
 * Adds what the history has of the pending commits; dir is the history's. 0; -E2BIG: they are more
 * files than JOURNAL_FILES_MAX; or another -errno, which is logged for a revision that cannot be
 * read.
 */
int rollback_sum_add(struct rollback_sum *sum, int dir, const struct pending *pending) must_check;

#endif
