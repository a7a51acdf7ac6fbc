/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. What of it has to wait, for services, is done from the event loop; all else
 * at once. The session may go at any time: what it had is taken over at the beginning.
 */
#include "monitor/transaction_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

static struct transaction *transaction_free(struct transaction *t)
{
	struct calls_under_way *calls = t->host->calls;

	commit_record_clear(&t->record);
	checks_free(t->checks);
	apply_free(t->apply);
	apply_free(t->failed);
	for (size_t i = 0; i < t->count; i++)
		staged_clear(&t->staged[i]);
	free(t->staged);
	handouts_clear(&t->base);
	policy_free(t->policy);
	close_fd(t->enclosed);
	*t->host->transaction = NULL;
	free(t);
	if (--calls->count == 0 && calls->none_left)
		calls->none_left(calls->data);
	return NULL;
}

/* ---- the end ------------------------------------------------------------------------ */

void transaction_stop(struct transaction *t, enum mon_outcome outcome, int error, const char *step)
{
	struct msg_commit_reply *reply = reply_of(t);

	reply->outcome = (uint8_t)outcome;
	reply->error = error;
	reply->step = step;
}

static void write_record(struct transaction *t)
{
	const struct msg_commit_reply *reply = reply_of(t);
	bool done = reply->outcome == OUTCOME_DONE;
	const struct commit_verdict verdict = {
		.result = done                               ? AUDIT_DONE
			  : reply->outcome == OUTCOME_DENIED ? AUDIT_DENIED
							     : AUDIT_FAILED,
		.detail = t->detail[0] ? t->detail
			  : done       ? ""
				       : reply->step,
		.index = reply->index,
	};

	commit_record_write(&t->record, t->host->audit, &t->who, t->policy, t->staged, t->count,
			    &verdict);
}

/* What the engine has now been handed out: what was written. */
static void hand_out(struct transaction *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const char *path = t->staged[i].path;
		struct handout *now = handout_find(&t->base, path);
		int content = now->content;

		now->content = -1;
		if (handout_set(&t->session->handouts, path, content) < 0)
			log_warning("%s has to be read again", path);
	}
}

/* Answers, and frees it. 0, or what session_reply() returns. */
static int end(struct transaction *t)
{
	struct session *session = t->session;
	bool done = reply_of(t)->outcome == OUTCOME_DONE;
	int r = 0;

	if (!t->request.dry_run || !done)
		write_record(t);
	if (done && t->verified)
		t->enclosed = take_fd(&t->record.list);
	if (session) {
		session->transaction = NULL;
		session->waits = NULL;
		if (done && !t->request.dry_run)
			hand_out(t);
		r = session_reply(session, &t->reply, t->enclosed);
	}
	/* the answer need not wait for that */
	t->commit = commit_finish(t->commit);
	transaction_free(t);
	return r;
}

/* The same, from the event loop. */
void transaction_end_late(struct transaction *t)
{
	struct session *session = t->session;
	int r = end(t);

	if (r >= 0 || session->over)
		return;
	log_error("engine %d broke the protocol: it cannot be told of its commit: %s",
		  (int)session->engine, strerror(-r));
	session_end(session, SESSION_PROTOCOL);
}

/* ---- checks ------------------------------------------------------------------------- */

/* What was refused is refused at its end. True if that comes later. */
static bool go_on(struct transaction *t)
{
	return reply_of(t)->outcome == OUTCOME_DONE && !t->request.dry_run && transaction_write(t);
}

static void on_checked(const struct checks_result *result, void *data)
{
	struct transaction *t = data;
	struct msg_commit_reply *reply = reply_of(t);
	struct checks *checks = take_ptr(t->checks);

	if (result->outcome != OUTCOME_DONE) {
		transaction_stop(t, result->outcome, result->error,
				 result->outcome == OUTCOME_CHECK_FAILED ? result->check
									 : result->why);
		reply->index = result->index;
		reply->how = (uint8_t)result->how;
		reply->status = result->status;
		reply->detail = result->why;
		reply->log = result->output;
		snprintf(t->detail, sizeof(t->detail), "%s", result->why);
		log_warning("nothing was committed: %s: %s", t->staged[result->index].path,
			    result->why);
	}
	if (!go_on(t))
		transaction_end_late(t);
	checks_free(checks);
}

/*
 * Before anything is written. First whatever a commit would refuse is refused, so that nothing is
 * run for it. True if the end comes later.
 */
static bool check_all(struct transaction *t)
{
	const struct commit_place place = {
		.root_fd = t->host->root_fd,
		.state_fd = t->host->state_fd,
	};
	const struct checks_order order = {
		.runner = t->host->runner,
		.policy = t->policy,
		.staged = t->staged,
		.count = t->count,
		.changes = t->record.list,
		.done = on_checked,
		.data = t,
	};
	struct commit_result result;
	int r;

	if (!checks_are_needed(t->policy, t->staged, t->count))
		return go_on(t);
	result = commit_look(&place, t->policy, t->staged, t->count, &t->base);
	transaction_take_result(t, &result);
	if (result.outcome != OUTCOME_DONE)
		return false;
	r = checks_begin(&order, &t->checks);
	if (r == 0)
		return true;
	transaction_stop(t, OUTCOME_IO, -r, "run its checks");
	return false;
}

/* ---- the beginning ------------------------------------------------------------------ */

static int copy_base(struct transaction *t, struct handouts *handouts)
{
	for (size_t i = 0; i < t->count; i++) {
		const char *path = t->staged[i].path;
		int content = handout_find(handouts, path)->content, r;

		if (content >= 0) {
			content = fcntl(content, F_DUPFD_CLOEXEC, 0);
			if (content < 0)
				return -errno;
		}
		r = handout_set(&t->base, path, content);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_over(struct transaction *t, struct session *session)
{
	t->staged = calloc(session->staged_count, sizeof(*t->staged));
	if (!t->staged)
		return -ENOMEM;
	memcpy(t->staged, session->staged, session->staged_count * sizeof(*t->staged));
	t->count = session->staged_count;
	session->staged_count = 0;
	return copy_base(t, &session->handouts);
}

static void verify(struct transaction *t, struct session *session)
{
	struct msg_commit_reply *reply = reply_of(t);
	scoped_report changes = report_begin(REPORT_CHANGE);
	int r;

	t->verified = commit_verify(session, &changes, &reply->index, &t->verdict) > 0;
	if (t->verdict.outcome != OUTCOME_DONE)
		transaction_stop(t, t->verdict.outcome, t->verdict.error, t->verdict.why);
	reply->node = t->verdict.node;
	r = commit_record_prepare(&t->record, t->policy, session->staged, session->staged_count,
				  &changes);
	if (r < 0 && reply->outcome == OUTCOME_DONE)
		transaction_stop(t, OUTCOME_IO, -r, "list what would change");
	r = reply->outcome == OUTCOME_DONE ? commit_record_make_room(&t->record, t->host->audit)
					   : 0;
	if (r < 0)
		transaction_stop(t, OUTCOME_IO, -r, "write the audit trail");
}

static struct transaction *transaction_new(struct session *session,
					   const struct msg_commit *request)
{
	struct transaction *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	*t = (struct transaction){
		.host = session->host,
		.session = session,
		.owner = session,
		.request = *request,
		.policy = policy_ref(session->policy),
		.who = session->who,
		.record = {
			.list = -1,
			.kept = -1,
			.method = request->reverts ? "config.revert" : "config.commit",
			.begin = clock_usec(),
		},
		.reply = { .type = MON_COMMIT_REPLY },
		.enclosed = -1,
	};
	t->host->calls->count++;
	*t->host->transaction = t;
	return t;
}

static int refuse(struct session *session, enum mon_outcome outcome, int error, const char *step)
{
	const struct message reply = {
		.type = MON_COMMIT_REPLY,
		.commit_reply = { .outcome = (uint8_t)outcome, .error = error, .step = step },
	};

	session_staged_clear(session);
	return session_reply(session, &reply, -1);
}

int transaction_begin(struct session *session, const struct msg_commit *request)
{
	struct transaction *t;
	int r;

	if (*session->host->transaction || confirm_is_busy(session->host->confirm))
		return refuse(session, OUTCOME_BUSY, 0, "");
	if (request->confirm && (session->host->state_fd < 0 || session->policy->history.off))
		return refuse(session, OUTCOME_NO_CONFIRM, 0, "");
	if (request->confirm && confirm_is_of_another(session->host->confirm, session->who.user))
		return refuse(session, OUTCOME_BUSY, 0, "");
	t = transaction_new(session, request);
	if (!t)
		return refuse(session, OUTCOME_IO, ENOMEM, "start");
	verify(t, session);
	r = take_over(t, session);
	if (r < 0 && reply_of(t)->outcome == OUTCOME_DONE)
		transaction_stop(t, OUTCOME_IO, -r, "start");
	session_staged_clear(session);
	if (reply_of(t)->outcome == OUTCOME_DONE && check_all(t)) {
		session->transaction = t;
		session->waits = t;
		return 0;
	}
	return end(t);
}

void transaction_orphan(struct session *session)
{
	if (!session->transaction)
		return;
	session->transaction->session = NULL;
	session->transaction = NULL;
	session->waits = NULL;
}

void transaction_session_over(const struct session *session)
{
	struct transaction *t = *session->host->transaction;

	if (t && t->owner == session)
		t->owner = NULL;
}

struct transaction *transaction_abort(struct transaction *t)
{
	if (!t)
		return NULL;
	if (t->commit) {
		log_warning("a commit is taken back, since the server ends");
		transaction_stop(t, OUTCOME_IO, ECANCELED, "apply it to services");
		snprintf(t->detail, sizeof(t->detail), "the server ended");
		transaction_take_back(t);
		transaction_tell_taken_back(t);
	} else if (t->apply) {
		/* what it failed for is told already */
		log_warning("the server ends before services have read what was taken back");
		reply_of(t)->restored = false;
		transaction_tell_taken_back(t);
	} else {
		transaction_stop(t, OUTCOME_IO, ECANCELED, "check it");
		snprintf(t->detail, sizeof(t->detail), "the server ended before it was checked");
	}
	write_record(t);
	return transaction_free(t);
}
