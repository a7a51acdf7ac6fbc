/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what the engine asks about packages. Every field is
 * hostile; names reach exmachina-run only one by one valid and allowed, and it
 * asks the policy again, also about what apt would do because of them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/package_names.h"
#include "monitor/op_call.h"
#include "monitor/runner.h"
#include "monitor/session.h"

enum { METHOD_SIZE = 64 };

#define ALL_PACKAGES "all packages"

struct package_op {
	struct op_call *call;
	enum package_verb verb;
	bool progress; /* the client wants to know */
	bool late;     /* it has been answered */
};

static int refuse(struct session *session, uint32_t ticket, enum job_outcome outcome, int error,
		  const char *detail)
{
	const struct message event = {
		.type = MON_DATA,
		.data = {
			.ticket = ticket,
			.outcome = (uint8_t)outcome,
			.error = error,
			.detail = detail,
		},
	};

	return session_reply(session, &event, -1);
}

static void on_progress(const struct msg_run_progress *progress, void *data)
{
	struct package_op *op = data;
	const struct message event = {
		.type = MON_DATA,
		.data = {
			.ticket = op_call_ticket(op->call),
			.outcome = JOB_TIMEOUT,
			.detail = progress->detail,
		},
	};

	if (op->late)
		return;
	if (!progress->late) {
		if (!op->progress)
			return;
		op_call_progress(op->call, progress->percent, progress->stage, progress->detail);
		return;
	}
	op->late = true;
	op_call_answer(op->call, &event);
}

static enum job_outcome outcome_of(const struct run_result *result)
{
	switch (result->outcome) {
	case RUN_EXITED:
		return result->status == 0 ? JOB_DONE : JOB_FAILED;
	case RUN_SIGNALED:
		return JOB_FAILED;
	case RUN_TIMEOUT:
		return JOB_TIMEOUT;
	case RUN_REFUSED:
		return JOB_DENIED;
	case RUN_UNKNOWN:
		return JOB_NO_UNIT;
	default:
		return JOB_UNAVAILABLE;
	}
}

static void on_done(struct run_result *result, void *data)
{
	struct package_op *op = data;
	enum job_outcome outcome = outcome_of(result);
	const struct message event = {
		.type = MON_DATA,
		.data = {
			.ticket = op_call_ticket(op->call),
			.outcome = (uint8_t)outcome,
			.error = result->error,
			.exit_status = result->outcome == RUN_SIGNALED ? 128 + result->status
								       : result->status,
			.detail = result->detail,
			.log = result->output,
		},
	};

	op_call_end(op->call, &event, result->report, outcome, result->detail,
		    op->verb != PACKAGE_STATUS);
	free(op);
}

/* The shortest time of the sections that the names are in, so that none waits longer than it may.
 */
static uint32_t timeout_of(const struct policy *policy, const struct package_names *names)
{
	uint32_t least = 0;

	for (size_t i = 0; i < names->count; i++) {
		ssize_t found = policy_find_package(policy, names->name[i]);
		uint32_t own = found < 0 ? 0 : policy->packages[found].timeout_ms;

		if (own != 0 && (least == 0 || own < least))
			least = own;
	}
	/* an update and an upgrade of all are nobody's: the longest that any package has */
	for (size_t i = 0; names->count == 0 && i < policy->package_count; i++)
		if (policy->packages[i].timeout_ms > least)
			least = policy->packages[i].timeout_ms;
	return least ? least : policy->timeout_ms;
}

static int begin(struct session *session, const struct msg_package *request,
		 const struct package_names *names, struct package_op *op)
{
	uint32_t most = timeout_of(session->policy, names), asked = request->timeout_ms;
	const struct runner_order order = {
		.program = RUN_PACKAGE,
		.verb = request->verb,
		.timeout_ms = asked && asked < most ? asked : most,
		.names = request->names,
		.progress = on_progress,
		.done = on_done,
		.data = op,
	};

	return session->host->runner ? runner_call(session->host->runner, &order) : -ENOTCONN;
}

/* The first section that has to do with it, for the audit record. */
static void rule_of(const struct policy *policy, const struct package_names *names,
		    char text[static MESSAGE_TEXT_MAX])
{
	ssize_t found = names->count > 0 ? policy_find_package(policy, names->name[0]) : -1;

	snprintf(text, MESSAGE_TEXT_MAX, "[Package %s]",
		 found >= 0 ? policy->packages[found].name : "*");
}

static const char *subject_of(const struct msg_package *request, const struct package_names *names)
{
	return names->count > 0 ? request->names : ALL_PACKAGES;
}

static int start(struct session *session, const struct msg_package *request,
		 const struct package_names *names, const char *method)
{
	struct package_op *op = calloc(1, sizeof(*op));
	char rule[MESSAGE_TEXT_MAX];
	int r;

	if (!op)
		return -ENOMEM;
	op->verb = request->verb;
	op->progress = request->progress;
	rule_of(session->policy, names, rule);
	r = op_call_new(session, request->ticket, method, subject_of(request, names), rule,
			&op->call);
	if (r == 0) {
		r = begin(session, request, names, op);
		if (r == 0)
			return 0;
		op_call_drop(op->call);
	}
	free(op);
	return refuse(session, request->ticket, r == -EBUSY ? JOB_BUSY : JOB_UNAVAILABLE, -r,
		      r == -ENOTCONN ? "exmachina-run is not there" : "");
}

int op_package(struct session *session, const struct msg_package *request, int *fd)
{
	struct package_names names;
	char method[METHOD_SIZE];
	const char *denied;
	int r = 0;

	(void)fd;
	if (request->verb >= PACKAGE_VERB_MAX)
		return -EPROTO;
	if (package_names_split(request->names, &names) < 0)
		return refuse(session, request->ticket, JOB_BAD_VALUE, 0,
			      "a package has a name of a-z, 0-9, '+', '-' and '.', and each is "
			      "named once, 64 at most");
	snprintf(method, sizeof(method), "package.%s", package_verb_word(request->verb));
	if (!package_names_allowed(&names, session->policy, request->verb, &denied)) {
		op_call_denied(session, method, denied[0] ? denied : ALL_PACKAGES);
		return refuse(session, request->ticket, JOB_DENIED, 0, denied);
	}
	if (request->verb != PACKAGE_STATUS)
		r = op_call_recordable(session, method, subject_of(request, &names));
	if (r < 0)
		return refuse(session, request->ticket, JOB_UNAVAILABLE, -r, AUDIT_REFUSAL);
	return start(session, request, &names, method);
}
