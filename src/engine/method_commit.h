/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_METHOD_COMMIT_H
#define EXM_METHOD_COMMIT_H

#include "engine/dirty.h"
#include "engine/method.h"
#include "engine/mon.h"
#include "engine/plan.h"

/* What config.commit and config.revert have in common. */

/* What of the arguments cannot be meant. 0, or -1 with the call answered. */
int commit_check(struct call *call, const struct arguments *a) must_check;

/*
 * Has the monitor commit what was staged, or drop it, with what the arguments say of how. How long
 * that takes is for the policy to say, and not on the request's own time. 0 or -errno.
 */
int commit_ask(struct call *call, const struct arguments *a, bool staged,
	       struct mon_commit *ret_commit) must_check;

/* The monitor would not have the file staged. Returns -1 with the call answered. */
int commit_denied_file(struct call *call, const struct dirty *p);

/* The list was staged, and the answer is not DONE. Returns -1 with the call answered. */
int commit_failed(struct call *call, const struct dirty_list *list,
		  const struct mon_commit *answer);

/*
 * All of a commit of the list but the writing: what the monitor says of it, and its plan, "" if it
 * came to none. 0, or -1 with the call answered.
 */
int commit_dry_run(struct call *call, struct dirty_list *list, char ret_plan[static PLAN_SIZE],
		   struct mon_commit *ret_commit) must_check;

/* Gives the files of an answer the "changes" of the list that the monitor made; -1: there is none.
 */
void commit_put_changes(struct json_object *result, const struct dirty_list *list, int changes);

/*
 * What an answer says of a commit: "changed", "files", with their "changes" if the list of these is
 * not -1, and its "revision", if it is one.
 */
struct json_object *commit_describe(const struct dirty_list *list, bool with_diff,
				    const struct mon_commit *answer);

/* The whole way of config.commit for what was collected. */
int commit_all(struct call *call, const struct arguments *a, struct dirty_list *list);

#endif
