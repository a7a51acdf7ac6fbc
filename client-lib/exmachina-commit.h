/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXMACHINA_COMMIT_H
#define EXMACHINA_COMMIT_H

/*
 * Commits that are looked at first, done exactly as they were looked at, shown
 * while they go on, or taken back unless somebody says in time that they are
 * to stay; exmachina.h includes it, and has the conventions.
 */

#include <exmachina.h>

#ifdef __cplusplus
extern "C" {
#endif

struct exm_progress;

/*
 * Begin with EXM_COMMIT_OPTIONS_INIT, so that a program keeps its meaning when
 * the structure grows. NULL in its place is the same as nothing set.
 */
struct exm_commit_options {
	size_t size; /* sizeof(struct exm_commit_options) */
	/*
	 * Where somebody else has changed a file meanwhile, the edits are made again on what is
	 * there now, if both sides touched different nodes. Else it is CONFLICT, whose data names
	 * the nodes.
	 */
	bool rebase;
	bool dry_run;     /* all of it but the writing; the edits are kept */
	const char *plan; /* of a dry run: only if it would do just that, else CONFLICT. Or NULL */
	/*
	 * It is taken back after so many seconds, up to 86400, unless exm_confirm() comes first,
	 * from this session or another, whatever becomes of this one and of the server; 0: it stays
	 */
	int confirm_s;
	bool dead_man; /* with confirm_s: also as soon as this session has ended */
	/*
	 * Called from the function that waits, as exm_set_notify() has it, while services take what
	 * was committed. Its verb and unit are NULL.
	 */
	void (*progress)(void *data, const struct exm_progress *progress);
	void *progress_data;
};

#define EXM_COMMIT_OPTIONS_INIT \
	{ \
		sizeof(struct exm_commit_options), false, false, NULL, 0, false, NULL, NULL \
	}

struct exm_commit {
	struct exm_change **files; /* ended by NULL; with their diff only of a dry run */
	bool more;                 /* there are more changes of nodes than are listed */
	int64_t revision;          /* what the history calls it; 0: it is not kept there */
	char **rebased; /* files that were merged with what somebody else wrote; or NULL */
	char *plan;     /* of a dry run: what it would do, in one word; else NULL */
	/*
	 * How long it may be confirmed, in seconds; 0: it need not be. A commit while another
	 * of the same user waits belongs to that, and is kept or taken back with it.
	 */
	int64_t confirm_s;
	char *token; /* for exm_confirm(); NULL: none, or that which an earlier commit handed out */
};

/*
 * exm_commit() in all its forms. The number of files that were changed, or with
 * dry_run would be; what came of it is handed out unless ret_commit is NULL.
 * Beside the errors of exm_commit():
 *
 *   CHECK_FAILED    a validator of the policy refused it; nothing was written
 *   SERVICE_FAILED  a service did not take it: exm_error_field() has "unit",
 *                   "log" and "restored", which tells whether files and
 *                   services are as they were before
 *   BUSY            another commit of this server is under way, or just being
 *                   taken back, or with confirm_s one of another user waits;
 *                   nothing was done, and it may be tried again
 *   BAD_VALUE       seconds that are out of range, or there is no history to
 *                   take it back with
 *   -EINVAL         also: the options have a size or a member set that this
 *                   version does not know, a number that is negative, dead_man
 *                   without confirm_s, or confirm_s and no ret_commit, without
 *                   which the token would be lost
 */
EXM_PUBLIC int exm_commit_with(struct exm *session, const struct exm_commit_options *options,
			       struct exm_commit **ret_commit) EXM_CHECK;

/*
 * exm_revert() in the same forms, but for rebase and plan, which must not be set.
 */
EXM_PUBLIC int exm_revert_with(struct exm *session, int64_t revision,
			       const struct exm_commit_options *options,
			       struct exm_commit **ret_commit) EXM_CHECK;

/*
 * How such a commit ended: what exm_commit_with() returns. What came of it is NULL where that is
 * negative, and valid during the function only.
 */
typedef void exm_commit_callback(struct exm *session, int result, const struct exm_commit *commit,
				 void *data);

/* The same without waiting, as exm_call_async(). */
EXM_PUBLIC int exm_commit_async(struct exm *session, const struct exm_commit_options *options,
				exm_commit_callback *callback, void *data,
				uint64_t *ret_call) EXM_CHECK;

/*
 * What waits to be confirmed stays. The token is that of the last commit that
 * had confirm_s. NO_MATCH if nothing waits: it was confirmed, or its time was
 * over and it was taken back. DENIED for another token. BUSY while
 * a commit is under way, or is just being taken back.
 */
EXM_PUBLIC int exm_confirm(struct exm *session, const char *token) EXM_CHECK;

/* It may be confirmed for so many seconds from now on. They, or an error as exm_confirm(). */
EXM_PUBLIC int exm_confirm_extend(struct exm *session, const char *token, int seconds) EXM_CHECK;

/*
 * It is taken back now, and services read the files again. 1; 0 if not all is
 * as it was: a file that somebody else has changed since stays as it is, or a
 * service failed. Errors as exm_confirm(). Edits of this session that were not
 * committed are dropped, and files read anew.
 */
EXM_PUBLIC int exm_confirm_rollback(struct exm *session, const char *token) EXM_CHECK;

/* How many seconds are left to confirm what waits of this user's; 0: nothing does. */
EXM_PUBLIC int exm_confirm_seconds(struct exm *session) EXM_CHECK;

/*
 * The parameters of the notification "config.rolled_back", which tells the
 * session whose commit was taken back without its doing; see exm_set_notify().
 */
struct exm_rolled_back {
	char *reason;  /* for people */
	bool restored; /* as exm_confirm_rollback() has it */
};

EXM_PUBLIC int exm_rolled_back_parse(const char *json,
				     struct exm_rolled_back **ret_rolled_back) EXM_CHECK;

#ifdef __cplusplus
}
#endif

#endif
