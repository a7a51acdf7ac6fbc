/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_JOURNAL_H
#define EXM_JOURNAL_H

#include "monitor/journal/journal_entry.h"

/*
 * One commit at a time, of all servers with the same state directory, and what is written of it
 * before the first file is touched: the file "journal" there, which is also the lock. A server that
 * dies in the midst of a commit leaves it in a phase other than JOURNAL_OVER, and whoever looks
 * next brings the old files back, or clears away what is left of a commit that was done
 * (journal_recover.h).
 */
struct journal {
	int state_fd;             /* the state directory, the caller's */
	int file;                 /* -1: nothing is written down */
	enum journal_phase phase; /* what was written last, whether it is on disk or not */
};

#define JOURNAL_NONE ((struct journal){ .state_fd = -1, .file = -1 })

/* How long a server waits for another one's commit. */
enum { JOURNAL_LOCK_MSEC = 5000 };

/*
 * Waits until no other server commits; what one left behind is to be looked at then
 * (journal_recover.h). 0, -ETIMEDOUT, -EPERM if the file is not root's alone, or -errno. Without a
 * state directory, -1, there is nobody to wait for, and all the rest does nothing.
 */
int journal_open(int state_fd, uint32_t timeout_msec, struct journal *ret_journal) must_check;

/* Lets others commit. */
void journal_close(struct journal *journal);

#define scoped_journal scoped(journal_close) struct journal

/*
 * Writes the entry, in phase JOURNAL_WRITING, and brings it to disk; content and changes as in
 * journal_entry_write(). 0 or -errno, and then nothing was begun.
 */
int journal_begin(struct journal *journal, struct journal_entry *entry, const int *content,
		  int changes) must_check;

/*
 * The same in phase JOURNAL_SWITCHING: each file is new already, and whoever looks next brings the
 * old ones back.
 */
int journal_begin_back(struct journal *journal, struct journal_entry *entry,
		       const int *content) must_check;

/*
 * JOURNAL_SWITCHING. What counts is that this process may die: after a failure of power the phase
 * on disk may be the one before, and recovery knows that. 0 or -errno.
 */
int journal_switch(struct journal *journal) must_check;

/* JOURNAL_DONE, on disk. 0 or -errno, and then it may be either on disk. */
int journal_done(struct journal *journal) must_check;

/* JOURNAL_OVER: what was done is cleared away, and that is on disk. What a failure of power keeps
 * from the journal is looked at once more. */
void journal_over(struct journal *journal);

/* JOURNAL_OVER, on disk, because all was taken back. 0 or -errno. */
int journal_taken_back(struct journal *journal) must_check;

/* Copies it to a file of its own, for whoever has to look at it. 0 or -errno. */
int journal_put_aside(struct journal *journal, char name[static NAME_MAX + 1]) must_check;

#endif
