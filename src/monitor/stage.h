/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_STAGE_H
#define EXM_STAGE_H

#include "monitor/session.h"

/* One file that the next commit is to change, make or remove. */
struct stage_order {
	const char *method; /* that asked for it, for the audit trail */
	uint32_t entry;     /* of the policy, which governs the path */
	const char *path;
	int *content; /* sealed; taken over if it is staged. -1: the file is to be removed */
	struct former **former; /* what it was, if it is made again; likewise, and may be NULL */
};

/*
 * OUTCOME_DONE; OUTCOME_DENIED where the section as a whole does not permit it, which is recorded;
 * OUTCOME_LIMIT. -EPROTO if it was not handed out, or is staged already; -ENOMEM.
 */
int stage_file(struct session *session, const struct stage_order *order,
	       enum mon_outcome *ret_outcome) must_check;

#endif
