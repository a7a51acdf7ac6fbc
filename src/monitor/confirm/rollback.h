/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFIRM_ROLLBACK_H
#define EXM_CONFIRM_ROLLBACK_H

#include "monitor/client.h"
#include "monitor/journal/journal.h"

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
 * All files that a revision from `first` on has changed become what they were before: as one
 * commit that is taken back by the journal, and so also if this process dies on the way. A file
 * that somebody else has changed since stays as it is. What it did is a revision of its own. 0 or
 * -errno, and then it can be tried again.
 */
int rollback_run(int root_fd, struct journal *journal, const struct client *who, uint64_t first,
		 struct rollback *ret_rollback) must_check;

#endif
