/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what the engine asks about the system's identity. Every
 * field is hostile; a value goes nowhere before the policy allows its item.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "monitor/identity/identity.h"
#include "monitor/op_call.h"
#include "monitor/session.h"

enum { METHOD_SIZE = 64 };

static int refuse(struct session *session, uint32_t ticket, enum job_outcome outcome, int error,
		  const char *detail)
{
	const struct message event = {
		.type = MON_IDENTITY,
		.identity = {
			.ticket = ticket,
			.outcome = (uint8_t)outcome,
			.error = error,
			.detail = detail,
		},
	};

	return session_reply(session, &event, -1);
}

static void end(struct op_call *call, const struct msg_identity *result, bool audit)
{
	struct message event = { .type = MON_IDENTITY, .identity = *result };

	event.identity.ticket = op_call_ticket(call);
	op_call_end(call, &event, -1, result->outcome, result->detail, audit);
}

static void on_done(const struct msg_identity *result, void *data)
{
	end(data, result, true);
}

static void get(const struct session *session, struct op_call *call)
{
	struct system_identity now = { 0 };
	int r = identity_read(session->host->root_fd, &now);
	const struct msg_identity result = {
		.outcome = r < 0 ? JOB_FAILED : JOB_DONE,
		.error = -r,
		.via = "files",
		.timezone = now.timezone,
		.hostname = now.hostname,
		.locale = now.locale,
		.detail = r < 0 ? strerror(-r) : "",
	};

	end(call, &result, false);
}

static bool allowed(const struct session *session, unsigned int item)
{
	if (item == SYSTEM_ITEM_MAX)
		return session->policy->has_system;
	return session->policy->system_items & 1u << item;
}

int op_system(struct session *session, const struct msg_system *request, int *fd)
{
	const char *word = system_item_word(request->item);
	const char *subject = word ? request->value : "identity";
	struct op_call *call;
	char method[METHOD_SIZE];
	int r;

	(void)fd;
	if (request->item > SYSTEM_ITEM_MAX)
		return -EPROTO;
	snprintf(method, sizeof(method), "system.%s%s", word ? "set_" : "get", word ? word : "");
	if (!allowed(session, request->item)) {
		op_call_denied(session, method, subject);
		return refuse(session, request->ticket, JOB_DENIED, 0, "");
	}
	r = word ? op_call_recordable(session, method, subject) : 0;
	if (r < 0)
		return refuse(session, request->ticket, JOB_UNAVAILABLE, -r, AUDIT_REFUSAL);
	r = op_call_new(session, request->ticket, method, subject, "[System]", &call);
	if (r < 0)
		return refuse(session, request->ticket, r == -EBUSY ? JOB_BUSY : JOB_FAILED, -r,
			      "");
	if (word)
		identity_set(session->host->identity,
			     &(const struct identity_order){
				     .item = request->item,
				     .value = request->value,
				     .timeout_ms = session->policy->timeout_ms,
				     .done = on_done,
				     .data = call,
			     });
	else
		get(session, call);
	return 0;
}
