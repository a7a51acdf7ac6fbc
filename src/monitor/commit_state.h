/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMMIT_STATE_H
#define EXM_COMMIT_STATE_H

/* What commit.c and commit_back.c share. */
#include "monitor/commit.h"
#include "monitor/commit_history.h"
#include "monitor/journal/journal.h"

struct commit {
	const struct staged *staged;
	struct replacement *item;
	size_t count;
	struct journal journal;
	struct commit_history history;
	bool is_begun;    /* the journal knows of it */
	bool has_removed; /* what a file was, after it was done */
	bool has_left;    /* something of that to be done later */
};

/* The directories of all files, to disk. 0 or -errno, with the file that it is of. */
int commit_sync_directories(const struct commit *t, uint32_t *ret_index) must_check;

/*
 * Everything is as it was before. If that fails the journal still has it, and the next one to look
 * tries once more. 0 or -errno if not all was brought back. The commit stays the caller's.
 */
int commit_undo(struct commit *t);

#endif
