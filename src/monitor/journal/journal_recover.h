/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_JOURNAL_RECOVER_H
#define EXM_JOURNAL_RECOVER_H

#include "monitor/journal/journal.h"

/*
 * What a commit that was interrupted left below root_fd, as the journal tells: unless it was done,
 * all its files become what they were before, and nothing is left beside them; if it was done, it
 * is in the history afterwards. A file that somebody
 * else has changed since stays as he made it, and is logged; then the entry is kept, too.
 * 0 or -errno, and then it is to be tried again; logs what it does.
 */
int journal_recover(int root_fd, struct journal *journal) must_check;

/* The same; the entry of what was taken back just now is the caller's, and else has no files. */
int journal_recover_entry(int root_fd, struct journal *journal,
			  struct journal_entry *ret_entry) must_check;

#endif
