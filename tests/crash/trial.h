/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CRASH_TRIAL_H
#define EXM_CRASH_TRIAL_H

/* One scene on one ground: what it was, what it shall be, and who may do it or bring it back. */
#include "session.h"

enum verdict { VERDICT_OLD, VERDICT_NEW };

/* What is interrupted. */
enum trial_kind {
	TRIAL_COMMIT,
	TRIAL_CONFIRM,  /* a commit that waits to be confirmed */
	TRIAL_ROLLBACK, /* such a commit is taken back */
};

struct trial {
	const struct scene *scene;
	enum trial_kind kind;
	struct message message; /* what is said, and is to make it wanted */
	enum verdict wanted;
	char token[MESSAGE_TEXT_MAX + 1];
	struct ground ground;
	struct tree base;     /* before the commit, with the state directory */
	struct tree old, new; /* what may be there behind it */
	size_t revisions;     /* before it; behind it there is one more, if it was done */
	struct session session;
	struct trace_original recovery;
	char why[PATH_MAX]; /* of the last that was not as it should be */
};

/* The server stands before the commit. A ground is where nothing is yet. */
void trial_begin(struct trial *trial, const struct scene *scene, enum trial_kind kind,
		 const char *dir);
void trial_end(struct trial *trial);

/* With a ground, trees and recovery of its own, and no server. */
void trial_begin_without_server(struct trial *trial, const struct trial *from, const char *dir);

/* What is on disk now. */
void trial_read(const struct trial *trial, struct tree *tree);

/* All old or all new, nothing beside, and a revision of it if it was done? False, and trial->why.
 */
bool trial_judge(struct trial *trial, const struct tree *tree, enum verdict *ret_verdict);

/* Has a recovery look at it, to its end, and then is asked the same. */
bool trial_recover(struct trial *trial, enum verdict *ret_verdict);

/*
 * What a rollback begins with: all files are new, nothing is beside them, no revision tells of it,
 * and only the journal has the old ones, which it says are to be put back.
 */
void trial_only_in_journal(struct trial *trial, struct tree *tree);

/* What was wrong, and where; what the programs had to say. False. */
bool trial_blame(const struct trial *trial, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A hook that has it run. */
enum trace_step trial_go(void *data, pid_t pid, const struct trace_stop *stop);

/* ---- the kinds of test: false if one was not as it should be ------------------------------ */

bool kills(const struct scene *scene, const char *dir);
bool kills_confirm(const struct scene *scene, const char *dir);
bool kills_rollback(const struct scene *scene, const char *dir);
bool errors(const struct scene *scene, const char *dir);
bool power(const struct scene *scene, const char *dir);

#endif
