/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HISTORY_VIEW_H
#define EXM_HISTORY_VIEW_H

#include <stdint.h>

#include "common/policy.h"
#include "common/report.h"
#include "monitor/journal/journal_entry.h"

/*
 * What a session may see of the history: the files that its policy names now, whoever changed them.
 * Of others it is told only that there are some. `dir` is history_open()'s.
 */
struct history_query {
	uint64_t before;  /* 0: from the newest on */
	uint32_t limit;   /* revisions with at least one file, at most REVISIONS_MAX */
	const char *glob; /* of paths; "": all */
};

/* How many revisions are looked at for one answer, whether the session may see them or not. */
enum { HISTORY_LOOKED_AT_MAX = 2000 };

/*
 * Adds a row for each file of the newest revisions before that number. What is no whole revision
 * is passed over. ret_next: where to go on, or 0. 0 or -errno.
 */
int history_view_list(int dir, const struct policy *policy, const struct history_query *query,
		      struct report *report, uint64_t *ret_next) must_check;

/* The rows of one revision; "" stands for any glob. How many there are. 0 or -errno. */
int history_view_add(const struct policy *policy, const struct journal_entry *entry,
		     const char *glob, struct report *report, uint32_t *ret_count) must_check;

/* The section that governs a file of the revision now; NULL if none does, or there is no such file.
 */
const struct policy_file *history_view_section(const struct policy *policy,
					       const struct journal_entry *entry, uint32_t file);

/* Opens a revision and reads all but the contents. A descriptor, -EBADMSG, or as
 * history_revision().
 */
int history_view_open(int dir, uint64_t number, struct journal_entry *ret_entry) must_check;

#endif
