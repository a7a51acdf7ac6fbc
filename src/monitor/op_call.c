/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: the book of what is under way for a session. Texts are
 * bounded by the messages that brought them.
 */
#include "monitor/op_call.h"

#include <errno.h>
#include <string.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/log.h"

struct op_call {
	LIST_ENTRY(op_call) link;
	struct session *session; /* NULL: ended */
	struct calls_under_way *under_way;
	unsigned int generation;
	uint32_t ticket;
	uint64_t begin; /* CLOCK_MONOTONIC, microseconds */
	struct audit *audit;
	struct client who;
	char *method, *subject, *rule;
	void (*cancel)(void *data); /* NULL: goes on without the session */
	void *cancel_data;
};

static const char *outcome_word(enum job_outcome outcome)
{
	static const char *const words[JOB_MAX] = {
		[JOB_DONE] = "done",         [JOB_DENIED] = "denied",
		[JOB_NO_UNIT] = "not found", [JOB_FAILED] = "failed",
		[JOB_TIMEOUT] = "timeout",   [JOB_UNAVAILABLE] = "unavailable",
		[JOB_BUSY] = "busy",         [JOB_BAD_VALUE] = "bad value",
	};

	return words[outcome];
}

static void leave_session(struct op_call *call)
{
	if (!call->session)
		return;
	LIST_REMOVE(call, link);
	call->session->jobs--;
	call->session = NULL;
}

static struct op_call *call_free(struct op_call *call)
{
	struct calls_under_way *under_way = call->under_way;

	leave_session(call);
	if (--under_way->count == 0 && under_way->none_left)
		under_way->none_left(under_way->data);
	free(call->method);
	free(call->subject);
	free(call->rule);
	free(call);
	return NULL;
}

int op_call_new(struct session *session, uint32_t ticket, const char *method, const char *subject,
		const char *rule, struct op_call **ret_call)
{
	struct op_call *call;

	if (session->jobs >= JOBS_MAX)
		return -EBUSY;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->session = session;
	call->under_way = session->host->calls;
	call->under_way->count++;
	call->generation = session->engine_generation;
	call->ticket = ticket;
	call->begin = clock_usec();
	call->audit = session->host->audit;
	call->who = session->who;
	call->method = strdup(method);
	call->subject = strdup(subject);
	call->rule = rule ? strdup(rule) : NULL;
	LIST_INSERT_HEAD(&session->calls, call, link);
	session->jobs++;
	if (!call->method || !call->subject || (rule && !call->rule)) {
		call_free(call);
		return -ENOMEM;
	}
	*ret_call = call;
	return 0;
}

uint32_t op_call_ticket(const struct op_call *call)
{
	return call->ticket;
}

static bool asker_lives(const struct op_call *call)
{
	return call->session && call->generation == call->session->engine_generation;
}

const struct policy *op_call_policy(const struct op_call *call)
{
	return asker_lives(call) ? call->session->policy : NULL;
}

void op_call_send(struct op_call *call, const struct message *event, int fd)
{
	int r = asker_lives(call) ? session_reply(call->session, event, fd) : 0;

	if (r >= 0 || call->session->over)
		return;
	log_error("engine %d broke the protocol: it cannot be told of %s: %s",
		  (int)call->session->engine, call->method, strerror(-r));
	session_end(call->session, SESSION_PROTOCOL);
}

void op_call_progress(struct op_call *call, uint8_t percent, const char *stage, const char *detail)
{
	const struct message event = {
		.type = MON_PROGRESS,
		.progress = {
			.ticket = call->ticket,
			.percent = percent,
			.elapsed_ms = (uint32_t)((clock_usec() - call->begin) / 1000),
			.stage = stage,
			.detail = detail,
		},
	};

	/* the next one tells more */
	if (asker_lives(call) && !session_is_behind(call->session))
		op_call_send(call, &event, -1);
}

void op_call_answer(struct op_call *call, const struct message *event)
{
	op_call_send(call, event, -1);
	log_warning("%s of %s is over its time, and goes on", call->method, call->subject);
	leave_session(call);
}

void op_call_end(struct op_call *call, const struct message *event, int fd,
		 enum job_outcome outcome, const char *detail, bool audit)
{
	const struct audit_event record = {
		.client = &call->who,
		.method = call->method,
		.subject = call->subject,
		.rule = call->rule,
		.result = outcome_word(outcome),
		.detail = detail,
		.usec = clock_usec() - call->begin,
	};

	if (outcome != JOB_DONE)
		log_warning("%s of %s: %s%s%s", call->method, call->subject, record.result,
			    detail[0] ? ": " : "", detail);
	else if (audit)
		log_notice("%s of %s is done%s", call->method, call->subject,
			   asker_lives(call) ? "" : "; nobody waits for it any more");
	if (audit || outcome == JOB_DENIED)
		audit_record(call->audit, &record);
	op_call_send(call, event, fd);
	call_free(call);
}

void op_call_drop(struct op_call *call)
{
	call_free(call);
}

void op_call_cancel_with(struct op_call *call, void (*cancel)(void *data), void *data)
{
	call->cancel = cancel;
	call->cancel_data = data;
}

static void record_refusal(const struct session *session, const char *method, const char *subject,
			   enum job_outcome outcome, const char *detail)
{
	const struct audit_event record = {
		.client = &session->who,
		.method = method,
		.subject = subject,
		.result = outcome_word(outcome),
		.detail = detail,
	};

	audit_record(session->host->audit, &record);
}

void op_call_denied(const struct session *session, const char *method, const char *subject)
{
	log_warning("%s of %s denied", method, subject);
	record_refusal(session, method, subject, JOB_DENIED, "");
}

int op_call_recordable(const struct session *session, const char *method, const char *subject)
{
	int r = audit_ready(session->host->audit, 0);

	if (r < 0)
		record_refusal(session, method, subject, JOB_UNAVAILABLE, AUDIT_REFUSAL);
	return r;
}

void op_call_orphan(struct session *session)
{
	struct op_call *call;

	while ((call = LIST_FIRST(&session->calls))) {
		LIST_REMOVE(call, link);
		call->session = NULL;
		if (call->cancel)
			call->cancel(call->cancel_data);
	}
}
