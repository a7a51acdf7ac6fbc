/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMMIT_H
#define EXM_COMMIT_H

#include "monitor/handout.h"
#include "monitor/replace.h"

/* What a commit is told to do with one file. */
struct staged {
	uint32_t entry;
	char *path;
	int content; /* sealed memfd, -1: remove the file */
};

struct commit_result {
	enum mon_outcome outcome;
	uint32_t index; /* the staged file that stopped it */
	struct replace_failure failure;
};

/*
 * All staged files or none. Compares each with what was handed out, prepares
 * all, then switches all; a failure on the way brings back those already switched. On
 * success the hand-outs are what was written.
 */
struct commit_result commit_files(int root_fd, const struct policy *policy,
				  const struct staged *staged, size_t count,
				  struct handouts *handouts);

#endif
