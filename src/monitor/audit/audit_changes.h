/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_AUDIT_CHANGES_H
#define EXM_AUDIT_CHANGES_H

#include <stdbool.h>

#include "common/policy.h"
#include "common/report.h"
#include "common/trail.h"

enum {
	AUDIT_CHANGES_SIZE = 32 << 10, /* bytes of the list in one record */
	AUDIT_CHANGE_SHOWN = 256,      /* bytes of a path and of a value in a line that is cut */
};

/*
 * What a commit does to the nodes of one file, for the audit trail: a line for each node. The
 * values of secret nodes, and of those below them, are not in it.
 */
struct audit_changes {
	char *text; /* a line feed between two lines; or NULL for none */
	size_t length;
	uint64_t count;    /* of all changes */
	uint64_t left_out; /* of these, since there was no room */
	bool cut;          /* so is something of a line */
	/* of all lines in full, each with a line feed, but for what is secret */
	char hash[TRAIL_HASH_SIZE];
};

/*
 * Reads a list of REPORT_CHANGE, and fills one of `changes` for each of the files of a commit,
 * whose sections are given in the order in which the list counts them. 0, -ENOMEM,
 * -EBADMSG, another -errno; what was filled has to be cleared in any case.
 */
int audit_changes_read(int fd, const struct policy_file *const *files, size_t count,
		       struct audit_changes *changes) must_check;
void audit_changes_clear(struct audit_changes *changes);

#endif
