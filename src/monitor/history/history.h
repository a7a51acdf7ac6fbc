/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HISTORY_H
#define EXM_HISTORY_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/policy.h"

/*
 * The commits that were done, each of them a revision: a file of root's alone in the directory
 * "history" of the state directory, whose name is its number and whose content is the commit's
 * journal entry (journal_entry.h). Numbers count up from 1. None is given twice, whatever was
 * pruned; the file "last" has the highest one that was, where no revision shows it any more.
 *
 * Whoever adds or prunes holds the journal (journal.h).
 */
enum { HISTORY_LAST_MAX = INT64_MAX };

/* The directory. A descriptor; -ENOENT; -EPERM if it is not root's alone; or another -errno. */
int history_open(int state_fd) must_check;

/* The same, made if it is missing. */
int history_make(int state_fd) must_check;

/* The number that the next revision gets. 0; -EBADMSG if "last" cannot be read; or -errno. */
int history_next(int dir, uint64_t *ret_number) must_check;

/*
 * The first half of adding one, before the commit is done, so that it is known that there is room
 * for it: a copy of the journal's file, under a temporary name. 0 or -errno.
 */
int history_prepare(int dir, int journal) must_check;

/* The second half: it has its number. One that is there already stays. 0 or -errno. */
int history_add(int dir, uint64_t number) must_check;

/*
 * The third: it, and what was pruned, is so on disk. Until then the journal has it, from which it
 * is made once more after a failure of power. 0 or -errno.
 */
int history_sync(int dir, uint64_t number) must_check;

/* What was prepared is not needed; it goes, also from the disk. */
void history_drop(int dir);

/* All three, unless it is there already and whole: after a crash. 0 or -errno. */
int history_complete(int dir, int journal, uint64_t number) must_check;

/*
 * Removes the oldest ones, as far as there are more than the limits allow, but none of keep_from
 * and those after it; UINT64_MAX: none is kept for itself. 0 or -errno.
 */
int history_prune(int dir, const struct policy_history *limits, uint64_t keep_from) must_check;

/* The numbers that there are, ascending, in a new list. 0 or -errno. */
int history_numbers(int dir, uint64_t **ret_numbers, size_t *ret_count) must_check;

/*
 * For reading. A descriptor; -ENOENT if there is none of that number, or none any more; -EPERM or
 * -ELOOP for what is not a file of root's alone; or -errno.
 */
int history_revision(int dir, uint64_t number) must_check;

#endif
