/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_JOURNAL_H
#define EXM_JOURNAL_H

#include "monitor/history/revision.h"

/*
 * One commit at a time, of all servers on a root, and what is written of it before the first
 * file is touched: the revision "pending" in the state directory. A server that dies in the midst
 * of a commit leaves it there, and the next one to look brings all files back, or removes what is
 * left over of a commit that was done (recover.h).
 */
struct journal {
	int state_fd; /* the state directory; the caller's */
	int lock;     /* -1: not held */
	int pending;  /* the revision; -1: none was begun */
};

#define JOURNAL_NONE ((struct journal){ .state_fd = -1, .lock = -1, .pending = -1 })

/*
 * Waits until no other server commits, for `timeout_ms` at most. 0, -ETIMEDOUT, or -errno. To be
 * followed by recovery, if journal_is_open() says that another one was interrupted.
 */
int journal_lock(struct journal *journal, int state_fd, uint32_t timeout_ms) must_check;

/* Is there a commit that was not ended? */
bool journal_is_open(const struct journal *journal);

/* Writes the revision and brings it to disk: from here on the commit is taken back after a failure.
 * 0 or -errno. */
int journal_begin(struct journal *journal, struct revision *revision, const int *content,
		  int changes) must_check;

/* The new state has been brought to disk, and counts. 0 or -errno, and then it does not. */
int journal_done(struct journal *journal) must_check;

/* Ends it: the revision becomes an entry of the history, or is removed. 0 or -errno. */
int journal_keep(struct journal *journal, uint32_t number) must_check;
int journal_drop(struct journal *journal) must_check;

/* Lets others commit. */
void journal_unlock(struct journal *journal);

/* Of recovery: opens what was left. A descriptor or -errno. */
int journal_open_pending(const struct journal *journal) must_check;

#endif
