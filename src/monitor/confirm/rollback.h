/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFIRM_ROLLBACK_H
#define EXM_CONFIRM_ROLLBACK_H

#include "monitor/client.h"
#include "monitor/commit.h"
#include "monitor/confirm/pending.h"
#include "monitor/journal/journal.h"

/* What the history and the audit trail call it */
#define METHOD_ROLLBACK "config.rollback"

/* What a rollback has come to. */
struct rollback {
	char **path; /* of its files */
	size_t count;
	bool restored; /* all of them are what they were */
};

/* One more path, copied. 0 or -ENOMEM. */
int rollback_add(struct rollback *rollback, const char *path) must_check;
void rollback_clear(struct rollback *rollback);

#define scoped_rollback scoped(rollback_clear) struct rollback

/*
 * All files that a revision from the first one on has changed become what they were before: as one
 * commit that is taken back by the journal, and so also if this process dies on the way. A file
 * that somebody else has changed since stays as it is. What it did is a revision of its own. 0 or
 * -errno, and then it can be tried again; again is nothing if all was done.
 */
int rollback_run(int root_fd, struct journal *journal, const struct client *who,
		 const struct pending *pending, struct rollback *ret_rollback) must_check;

/*
 * Can it still be taken back at once if these files are changed as well? 0; -E2BIG: they would be
 * more than JOURNAL_FILES_MAX; or -errno.
 */
int rollback_room(int state_fd, const struct pending *pending, const struct staged *staged,
		  size_t count) must_check;

#endif
