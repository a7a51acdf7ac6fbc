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

/* Where a commit takes place; both stay the caller's. */
struct commit_place {
	int root_fd;
	int state_fd; /* the state directory with the journal; -1: there is none */
};

/*
 * All staged files or none, also if this process dies or the power fails in the midst of it, as
 * long as there is a journal. Compares each with what was handed out, writes down what is going to
 * be done, writes all, then switches all; a failure on the way brings back those already switched.
 * On success all is on disk, and the hand-outs are what was written.
 */
struct commit_result commit_files(const struct commit_place *place, const struct policy *policy,
				  const struct staged *staged, size_t count,
				  struct handouts *handouts);

/* Would a commit of them be refused as the files are now, and by which? Nothing is written. */
struct commit_result commit_look(const struct commit_place *place, const struct policy *policy,
				 const struct staged *staged, size_t count,
				 struct handouts *handouts);

/*
 * Takes back, or clears away, what an interrupted commit has left, once no other server commits.
 * 0 or -errno, which is logged.
 */
int commit_recover(const struct commit_place *place) must_check;

#endif
