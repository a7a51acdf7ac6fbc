/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMMIT_H
#define EXM_COMMIT_H

#include "monitor/handout.h"
#include "monitor/replace.h"

/* What a commit is told to do with one file. */
struct staged {
	uint32_t entry;
	char *path;
	int content;           /* sealed memfd, -1: remove the file */
	struct former *former; /* of a file that is made again; NULL: as the policy says */
};

static inline void staged_clear(struct staged *staged)
{
	free(staged->path);
	close_fd(staged->content);
	former_free(staged->former);
}

struct commit_result {
	enum mon_outcome outcome;
	uint32_t index; /* the staged file that stopped it */
	struct replace_failure failure;
	uint64_t revision; /* what the history calls it; 0: it is not kept there */
	bool restored;     /* of commit_keep(): all is as it was, unless it is done */
};

/* Where a commit takes place; both stay the caller's. */
struct commit_place {
	int root_fd;
	int state_fd; /* the state directory with journal and history; -1: there is none */
};

/* Whose commit it is, for the history. */
struct commit_origin {
	const struct client *who;
	const char *method;
	uint64_t reverts;       /* the revision that it takes back; 0: none */
	int changes;            /* as history_changes_keep() gives them; -1: no list */
	const uint64_t *counts; /* of changes, for each file; NULL: none */
};

/*
 * A commit under way: the files are what they shall be, and that is on disk, but what they were is
 * still there beside them and in the journal. Nobody else commits meanwhile, and if this process
 * dies it is taken back by whoever looks next.
 */
struct commit;
struct journal;
struct rollback;

/*
 * All staged files or none, also if this process dies or the power fails in the midst of it, as
 * long as there is a journal. Compares each with what was handed out, writes down what is going to
 * be done, writes all, then switches all; a failure on the way brings back those already switched.
 * OUTCOME_DONE brings a commit, to be kept or taken back; place, staged and the policy must outlive
 * it, and so must the origin. With one, and as far as the policy wants it, what is kept is a
 * revision of the history; also if it does not, while others wait to be confirmed, which it will be
 * taken back with (confirm/confirm.h). OUTCOME_LIMIT if they would be too many files then.
 */
struct commit_result commit_begin(const struct commit_place *place, const struct policy *policy,
				  const struct commit_origin *origin, const struct staged *staged,
				  size_t count, struct handouts *handouts,
				  struct commit **ret_commit) must_check;

/*
 * It is done, and that is on disk: the hand-outs are what was written, and what is left of it is
 * commit_finish()'s. If that cannot be written down it is taken back
 * and gone, and the result says so.
 */
struct commit_result commit_keep(struct commit *commit, struct handouts *handouts) must_check;

/*
 * That it is a revision and what the files were is gone is brought to disk. Nobody need wait for
 * that: it is done by whoever looks next if it is not now. Takes NULL.
 */
struct commit *commit_finish(struct commit *commit);

/* The revision that it becomes; 0: none. */
uint64_t commit_revision(const struct commit *commit);

/* All is as it was. 0 or -errno, which is logged, for a file that could not be brought back. */
int commit_take_back(struct commit *commit) must_check;

/* commit_begin(), commit_keep() and commit_finish(). */
struct commit_result commit_files(const struct commit_place *place, const struct policy *policy,
				  const struct commit_origin *origin, const struct staged *staged,
				  size_t count, struct handouts *handouts) must_check;

/* Would a commit of them be refused as the files are now, and by which? Nothing is written. */
struct commit_result commit_look(const struct commit_place *place, const struct policy *policy,
				 const struct staged *staged, size_t count,
				 struct handouts *handouts) must_check;

/*
 * Nobody else commits until the journal is closed, and what an interrupted commit has left is taken
 * back, or cleared away. 0 or -errno, and the step that failed.
 */
int commit_take_turn(const struct commit_place *place, struct journal *ret_journal,
		     const char **ret_step) must_check;

/*
 * The same for whoever starts, who also takes back what was not confirmed in time, and is told
 * which files were taken back. 0 or -errno, which is logged.
 */
int commit_recover(const struct commit_place *place, struct rollback *ret_rollback) must_check;

#endif
