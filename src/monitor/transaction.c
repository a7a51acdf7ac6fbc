/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. What of it has to wait, for services, is done from the event loop; all else
 * at once. The session may go at any time: what it had is taken over at the beginning.
 */
#include "monitor/transaction.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/target.h"
#include "monitor/apply.h"
#include "monitor/check.h"
#include "monitor/commit_record.h"
#include "monitor/commit_verify.h"
#include "monitor/confirm/confirm.h"

struct transaction {
	const struct session_host *host;
	struct session *session; /* NULL: nobody waits for the answer */
	struct session *owner;   /* whose client asked for it; NULL: it has gone */
	struct msg_commit request;
	struct policy *policy;
	struct client who;
	struct staged *staged;
	size_t count;
	struct handouts base; /* of the staged files */
	struct commit_record record;
	struct commit_origin origin;
	struct verify_result verdict; /* what texts of the reply are in */
	bool verified;
	struct checks *checks; /* NULL: not begun, or ended */
	struct commit *commit; /* NULL: not begun, or ended */
	struct apply *apply;
	struct apply *failed; /* the one that failed, for the texts of the reply */
	struct message reply;
	int enclosed;
	char detail[MESSAGE_TEXT_MAX]; /* for the audit trail */
	char token[PENDING_TOKEN_SIZE];
};

static struct msg_commit_reply *reply_of(struct transaction *t)
{
	return &t->reply.commit_reply;
}

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

static void stop(struct transaction *t, enum mon_outcome outcome, int error, const char *step)
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
	transaction_free(t);
	return r;
}

/* The same, from the event loop. */
static void end_late(struct transaction *t)
{
	struct session *session = t->session;
	int r = end(t);

	if (r >= 0 || session->over)
		return;
	log_error("engine %d broke the protocol: it cannot be told of its commit: %s",
		  (int)session->engine, strerror(-r));
	session_end(session, SESSION_PROTOCOL);
}

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

static void tell_taken_back(struct transaction *t)
{
	size_t used;

	if (!t->detail[0])
		snprintf(t->detail, sizeof(t->detail), "%s", reply_of(t)->step);
	used = strlen(t->detail);
	snprintf(t->detail + used, sizeof(t->detail) - used, "; %s",
		 reply_of(t)->restored ? "taken back" : "not all could be taken back");
}

static void take_back(struct transaction *t)
{
	reply_of(t)->restored = commit_take_back(take_ptr(t->commit)) == 0;
}

/* The end of a commit that was taken back: are the services as before? */
static void on_applied_back(const struct apply_result *result, void *data)
{
	struct transaction *t = data;

	if (result->failed > 0)
		reply_of(t)->restored = false;
	tell_taken_back(t);
	end_late(t);
}

static void tell_failure(struct transaction *t, const struct apply_result *result)
{
	struct msg_commit_reply *reply = reply_of(t);

	stop(t, OUTCOME_NOT_APPLIED, 0, "apply it to services");
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
	tell_taken_back(t);
	end_late(t);
}

static void keep(struct transaction *t);

static void on_applied(const struct apply_result *result, void *data)
{
	struct transaction *t = data;

	if (result->failed > 0) {
		tell_failure(t, result);
		take_back(t);
	} else {
		keep(t);
	}
	if (reply_of(t)->outcome == OUTCOME_DONE)
		end_late(t);
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

static void take_result(struct transaction *t, const struct commit_result *result)
{
	const char *path = t->staged[result->index].path;

	reply_of(t)->revision = result->revision;
	if (result->outcome == OUTCOME_DONE)
		return;
	stop(t, result->outcome, result->failure.error, result->failure.step);
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
		stop(t, r == -EBUSY ? OUTCOME_BUSY : OUTCOME_IO, -r,
		     "write down until when it is to be confirmed");
		take_back(t);
		return;
	}
	result = commit_keep(take_ptr(t->commit), &t->base);
	take_result(t, &result);
	if (result.outcome != OUTCOME_DONE) {
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
	take_result(t, &result);
}

/* True if its end comes later. */
static bool write_all(struct transaction *t)
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
	stop(t, OUTCOME_IO, -r, "apply it to services");
	take_back(t);
	tell_taken_back(t);
	return false;
}

/* ---- checks ------------------------------------------------------------------------- */

/* What was refused is refused at its end. True if that comes later. */
static bool go_on(struct transaction *t)
{
	return reply_of(t)->outcome == OUTCOME_DONE && !t->request.dry_run && write_all(t);
}

static void on_checked(const struct checks_result *result, void *data)
{
	struct transaction *t = data;
	struct msg_commit_reply *reply = reply_of(t);
	struct checks *checks = take_ptr(t->checks);

	if (result->outcome != OUTCOME_DONE) {
		stop(t, result->outcome, result->error,
		     result->outcome == OUTCOME_CHECK_FAILED ? result->check : result->why);
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
		end_late(t);
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
	take_result(t, &result);
	if (result.outcome != OUTCOME_DONE)
		return false;
	r = checks_begin(&order, &t->checks);
	if (r == 0)
		return true;
	stop(t, OUTCOME_IO, -r, "run its checks");
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
		stop(t, t->verdict.outcome, t->verdict.error, t->verdict.why);
	reply->node = t->verdict.node;
	r = commit_record_prepare(&t->record, t->policy, session->staged, session->staged_count,
				  &changes);
	if (r < 0 && reply->outcome == OUTCOME_DONE)
		stop(t, OUTCOME_IO, -r, "list what would change");
	r = reply->outcome == OUTCOME_DONE ? commit_record_make_room(&t->record, t->host->audit)
					   : 0;
	if (r < 0)
		stop(t, OUTCOME_IO, -r, "write the audit trail");
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
		stop(t, OUTCOME_IO, -r, "start");
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
		stop(t, OUTCOME_IO, ECANCELED, "apply it to services");
		snprintf(t->detail, sizeof(t->detail), "the server ended");
		take_back(t);
		tell_taken_back(t);
	} else if (t->apply) {
		/* what it failed for is told already */
		log_warning("the server ends before services have read what was taken back");
		reply_of(t)->restored = false;
		tell_taken_back(t);
	} else {
		stop(t, OUTCOME_IO, ECANCELED, "check it");
		snprintf(t->detail, sizeof(t->detail), "the server ended before it was checked");
	}
	write_record(t);
	return transaction_free(t);
}
