/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMMIT_HISTORY_H
#define EXM_COMMIT_HISTORY_H

#include "monitor/commit.h"
#include "monitor/journal/journal.h"

/*
 * A commit's way into the history: what the journal says of it beside its bytes, and the revision
 * that this becomes. Where nothing is kept all of these do nothing.
 */
struct commit_history {
	const struct commit_origin *origin;
	const struct policy *policy;
	int state_fd; /* the caller's */
	int dir;      /* -1: it is not kept */
	uint64_t number;
	int changes; /* the origin's; -1: none */
};

#define COMMIT_HISTORY_NONE ((struct commit_history){ .state_fd = -1, .dir = -1, .changes = -1 })

/*
 * With its turn to commit: the number is known. 0 or -errno. origin, which may be NULL, and policy
 * must outlive it.
 */
int commit_history_open(const struct commit_place *place, const struct policy *policy,
			const struct commit_origin *origin,
			struct commit_history *ret_history) must_check;
void commit_history_clear(struct commit_history *history);

/* Fills in all but the files' bytes and metadata. 0 or -ENOMEM. */
int commit_history_describe(const struct commit_history *history, const struct staged *staged,
			    size_t count, struct journal_entry *entry) must_check;

/* The journal has it: there is room for the revision. 0 or -errno. */
int commit_history_prepare(struct commit_history *history,
			   const struct journal *journal) must_check;

/* It was taken back. */
void commit_history_drop(struct commit_history *history);

/*
 * It is done: a revision. 0, or -errno if that has to be done by whoever looks at the journal next;
 * logs why.
 */
int commit_history_add(struct commit_history *history) must_check;

/* That is so on disk. 0 or -errno. */
int commit_history_sync(const struct commit_history *history) must_check;

#endif
