/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMMIT_RECORD_H
#define EXM_COMMIT_RECORD_H

#include "common/report.h"
#include "monitor/audit/audit.h"
#include "monitor/commit.h"

/*
 * A commit that is to be recorded: what it does to each of its files, by which method, and since
 * when.
 */
struct commit_record {
	struct audit_changes *changes;
	size_t count;
	int list;         /* the changes as the engine gets them, sealed; -1: none */
	int kept;         /* as the history does (history/history_changes.h); -1: none */
	uint64_t *counts; /* of changes, for each file */
	const char *method;
	uint64_t begin;
};

/* Everything that takes memory is done before the commit, so that it is not done unrecorded. 0 or
 * -errno. */
int commit_record_prepare(struct commit_record *record, const struct policy *policy,
			  const struct staged *staged, size_t count,
			  const struct report *changes) must_check;

/* Room for the records of all its files. 0 or -errno, and then it must not be done. */
int commit_record_make_room(const struct commit_record *record, struct audit *audit) must_check;

void commit_record_clear(struct commit_record *record);

/* How it ended. */
struct commit_verdict {
	const char *result; /* AUDIT_DONE, or another for the file that it failed for */
	const char *detail;
	uint32_t index; /* of that file */
};

/* One record for each file of a commit that was done, or for the one that it failed for. */
void commit_record_write(const struct commit_record *record, struct audit *audit,
			 const struct client *who, const struct policy *policy,
			 const struct staged *staged, size_t count,
			 const struct commit_verdict *verdict);

#endif
