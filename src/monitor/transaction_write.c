/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. A commit that was verified and checked: its files, then its services. */
#include "monitor/transaction_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/target.h"

/* ---- services ----------------------------------------------------------------------- */

static void on_progress(const char *stage, const char *detail, void *data)
{
	const struct transaction *t = data;
	const struct message event = {
		.type = MON_PROGRESS,
		.progress = {
			.ticket = t->request.ticket,
			.percent = UINT8_MAX,
			.elapsed_ms = (uint32_t)((clock_usec() - t->record.begin) / 1000),
			.stage = stage,
			.detail = detail,
		},
	};

	/* the next one tells more, and the end most */
	if (t->session && !session_is_behind(t->session))
		(void)!session_reply(t->session, &event, -1);
}

static int apply(struct transaction *t, bool back, apply_done *done)
{
	const struct apply_order order = {
		.host = t->host,
		.policy = t->policy,
		.go_on = back,
		.progress = t->request.progress ? on_progress : NULL,
		.done = done,
		.data = t,
	};

	return apply_begin(&order, t->staged, t->count, &t->apply);
}

void transaction_tell_taken_back(struct transaction *t)
{
	size_t used;

	if (!t->detail[0])
		snprintf(t->detail, sizeof(t->detail), "%s", reply_of(t)->step);
	used = strlen(t->detail);
	snprintf(t->detail + used, sizeof(t->detail) - used, "; %s",
		 reply_of(t)->restored ? "taken back" : "not all could be taken back");
}

void transaction_take_back(struct transaction *t)
{
	reply_of(t)->restored = commit_take_back(take_ptr(t->commit)) == 0;
}

/* The end of a commit that was taken back: are the services as before? */
static void on_applied_back(const struct apply_result *result, void *data)
{
	struct transaction *t = data;

	if (result->failed > 0)
		reply_of(t)->restored = false;
	transaction_tell_taken_back(t);
	transaction_end_late(t);
}

static void tell_failure(struct transaction *t, const struct apply_result *result)
{
	struct msg_commit_reply *reply = reply_of(t);

	transaction_stop(t, OUTCOME_NOT_APPLIED, 0, "apply it to services");
	reply->verb = (uint8_t)result->verb;
	reply->unit = result->unit;
	snprintf(t->detail, sizeof(t->detail), "%s of %.200s failed",
		 service_verb_word(result->verb), result->unit);
	if (!result->job)
		return;
	reply->error = result->job->error;
	reply->job_result = result->job->job_result;
	reply->active_state = result->job->active_state;
	reply->result = result->job->result;
	reply->detail = result->job->detail;
	reply->log = result->job->log;
}

/* The files are as they were, and the services read them once more. */
static void apply_back(struct transaction *t)
{
	int r;

	t->failed = take_ptr(t->apply);
	r = apply(t, true, on_applied_back);
	if (r == 0)
		return;
	log_error("services cannot be told that a commit was taken back: %s", strerror(-r));
	reply_of(t)->restored = false;
	transaction_tell_taken_back(t);
	transaction_end_late(t);
}

static void keep(struct transaction *t);

static void on_applied(const struct apply_result *result, void *data)
{
	struct transaction *t = data;

	if (result->failed > 0) {
		tell_failure(t, result);
		transaction_take_back(t);
	} else {
		keep(t);
	}
	if (reply_of(t)->outcome == OUTCOME_DONE)
		transaction_end_late(t);
	else
		apply_back(t);
}

/* ---- files -------------------------------------------------------------------------- */

/* The other side of a conflict, if it can be had. */
static int conflicting_content(const struct transaction *t, const char *path)
{
	scoped_target target = TARGET_NONE;
	int content = -1, error;

	if (target_open(t->host->root_fd, path, &target) < 0)
		return -1;
	if (target_snapshot(&target, &content, &error) != OUTCOME_DONE)
		return -1;
	return content;
}

void transaction_take_result(struct transaction *t, const struct commit_result *result)
{
	const char *path = t->staged[result->index].path;

	reply_of(t)->revision = result->revision;
	if (result->outcome == OUTCOME_DONE)
		return;
	transaction_stop(t, result->outcome, result->failure.error, result->failure.step);
	reply_of(t)->index = result->index;
	if (result->outcome == OUTCOME_CONFLICT)
		t->enclosed = conflicting_content(t, path);
	log_warning("nothing was committed: %s: %s", path,
		    result->outcome == OUTCOME_CONFLICT ? "it was changed by somebody else"
							: strerror(result->failure.error));
}

/* The deadline is on disk before the commit is done. */
static int arm(struct transaction *t)
{
	const struct confirm_order order = {
		.owner = t->owner,
		.who = &t->who,
		.revision = commit_revision(t->commit),
		.seconds = t->request.confirm,
		.dead_man = t->request.dead_man,
	};

	return t->request.confirm ? confirm_arm(t->host->confirm, &order, t->token) : 0;
}

static void keep(struct transaction *t)
{
	struct commit_result result;
	int r = arm(t);

	if (r < 0) {
		transaction_stop(t, r == -EBUSY ? OUTCOME_BUSY : OUTCOME_IO, -r,
				 "write down until when it is to be confirmed");
		transaction_take_back(t);
		return;
	}
	result = commit_keep(t->commit, &t->base);
	transaction_take_result(t, &result);
	if (result.outcome != OUTCOME_DONE) {
		t->commit = NULL;
		reply_of(t)->restored = result.restored;
		if (t->request.confirm)
			confirm_disarm(t->host->confirm);
		return;
	}
	reply_of(t)->confirm = confirm_seconds(t->host->confirm, t->who.user);
	reply_of(t)->token = t->token;
}

static void begin_commit(struct transaction *t)
{
	const struct commit_place place = {
		.root_fd = t->host->root_fd,
		.state_fd = t->host->state_fd,
	};
	struct commit_result result;

	t->origin = (struct commit_origin){
		.who = &t->who,
		.method = t->record.method,
		.reverts = t->request.reverts,
		.changes = t->record.kept,
		.counts = t->record.counts,
	};
	result = commit_begin(&place, t->policy, &t->origin, t->staged, t->count, &t->base,
			      &t->commit);
	transaction_take_result(t, &result);
}

/* True if its end comes later. */
bool transaction_write(struct transaction *t)
{
	int r;

	begin_commit(t);
	if (reply_of(t)->outcome != OUTCOME_DONE)
		return false;
	if (!apply_is_needed(t->policy, t->staged, t->count)) {
		keep(t);
		return false;
	}
	r = apply(t, false, on_applied);
	if (r == 0)
		return true;
	transaction_stop(t, OUTCOME_IO, -r, "apply it to services");
	transaction_take_back(t);
	transaction_tell_taken_back(t);
	return false;
}
