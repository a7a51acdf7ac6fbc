/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what the engine asks about services. Every field is
 * hostile; a unit's name reaches systemd only after its characters were looked
 * at and the policy allowed this verb for it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "monitor/op_call.h"
#include "monitor/session.h"
#include "monitor/systemd/service_pair.h"

enum { METHOD_SIZE = 64 };

static void method_of(enum service_verb verb, char text[static METHOD_SIZE])
{
	snprintf(text, METHOD_SIZE, "service.%s", service_verb_word(verb));
}

static int refuse(struct session *session, uint32_t ticket, enum job_outcome outcome, int error,
		  const char *detail)
{
	const struct message event = {
		.type = MON_JOB,
		.job = {
			.ticket = ticket,
			.outcome = (uint8_t)outcome,
			.error = error,
			.detail = detail,
		},
	};

	return session_reply(session, &event, -1);
}

/* What the policy says of the verb: 1, 0, or -EPROTO for what an honest engine never asks. */
static int allowed(const struct session *session, const struct msg_service *request)
{
	const struct policy *policy = session->policy;

	if (request->verb >= SERVICE_VERB_MAX || request->entry >= policy->service_count)
		return -EPROTO;
	if (!policy_unit_name_valid(request->unit) ||
	    policy_find_service(policy, request->unit) != (ssize_t)request->entry)
		return -EPROTO;
	return (policy->services[request->entry].verbs & (1u << request->verb)) != 0;
}

struct service_op {
	struct op_call *call;
	enum service_verb verb;
};

static void on_progress(const struct msg_progress *progress, void *data)
{
	const struct service_op *op = data;

	op_call_progress(op->call, progress->percent, progress->stage, progress->detail);
}

static void on_done(const struct msg_job *result, void *data)
{
	struct service_op *op = data;
	const struct message event = { .type = MON_JOB, .job = *result };

	op_call_end(op->call, &event, -1, result->outcome,
		    result->detail[0] ? result->detail : result->job_result,
		    op->verb != SERVICE_STATUS);
	free(op);
}

/* Does the policy let the client have the other half of a pair stopped too? */
static bool pair_allowed(const struct policy *policy, enum service_verb verb, const char *unit)
{
	char other[UNIT_NAME_SIZE];
	uint32_t any_of;
	ssize_t entry;

	if (!service_pair(verb, unit, other, &any_of))
		return false;
	entry = policy_find_service(policy, other);
	return entry >= 0 && (policy->services[entry].verbs & any_of) != 0;
}

static int begin(struct session *session, const struct msg_service *request, struct service_op *op)
{
	const struct policy_service *entry = &session->policy->services[request->entry];
	uint32_t most = entry->timeout_ms ? entry->timeout_ms : session->policy->timeout_ms;
	uint32_t asked = request->timeout_ms;
	const struct service_order order = {
		.ticket = request->ticket,
		.entry = request->entry,
		.verb = request->verb,
		.unit = request->unit,
		.pair = pair_allowed(session->policy, request->verb, request->unit),
		.timeout_ms = asked && asked < most ? asked : most,
		.settle_ms = request->settle_ms < most ? request->settle_ms : most,
		.progress = request->progress ? on_progress : NULL,
		.done = on_done,
		.data = op,
	};

	if (session->host->manager == MANAGER_INITD)
		return initd_call(session->host->initd, &order);
	return service_call(session->host->service, &order);
}

int op_service(struct session *session, const struct msg_service *request, int *fd)
{
	struct service_op *op;
	char method[METHOD_SIZE], rule[MESSAGE_TEXT_MAX];
	int r = allowed(session, request);

	(void)fd;
	if (r < 0)
		return r;
	method_of(request->verb, method);
	if (r == 0) {
		op_call_denied(session, method, request->unit);
		return refuse(session, request->ticket, JOB_DENIED, 0, "");
	}
	r = request->verb == SERVICE_STATUS ? 0
					    : op_call_recordable(session, method, request->unit);
	if (r < 0)
		return refuse(session, request->ticket, JOB_UNAVAILABLE, -r, AUDIT_REFUSAL);
	op = calloc(1, sizeof(*op));
	if (!op)
		return -ENOMEM;
	op->verb = request->verb;
	snprintf(rule, sizeof(rule), "[Service %s]",
		 session->policy->services[request->entry].unit);
	r = op_call_new(session, request->ticket, method, request->unit, rule, &op->call);
	if (r == 0) {
		r = begin(session, request, op);
		if (r == 0)
			return 0;
		op_call_drop(op->call);
	}
	free(op);
	return refuse(session, request->ticket,
		      r == -EBUSY    ? JOB_BUSY
		      : r == -EINVAL ? JOB_NO_UNIT
				     : JOB_UNAVAILABLE,
		      -r, "");
}
