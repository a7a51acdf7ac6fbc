/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: the list of the units that the client may see. The glob is the
 * client's and hostile: it is matched here, and never handed on. systemd is
 * asked for the units that the policy names.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/glob.h"
#include "monitor/op_call.h"
#include "monitor/session.h"
#include "monitor/systemd/unit_list.h"

struct units_op {
	struct op_call *call;
	struct unit_list *list;
	char glob[MESSAGE_TEXT_MAX + 1];
};

static struct message data_event(uint32_t ticket, enum job_outcome outcome, int error,
				 const char *detail)
{
	return (struct message){
		.type = MON_DATA,
		.data = {
			.ticket = ticket,
			.outcome = (uint8_t)outcome,
			.error = error,
			.detail = detail,
		},
	};
}

static struct units_op *units_op_free(struct units_op *op)
{
	unit_list_free(op->list);
	free(op);
	return NULL;
}

static void on_cancel(void *data)
{
	struct units_op *op = data;

	op_call_drop(op->call);
	units_op_free(op);
}

static bool may_see(const struct policy *policy, const char *unit)
{
	ssize_t entry = policy_find_service(policy, unit);

	return entry >= 0 && policy->services[entry].verbs & 1u << SERVICE_STATUS;
}

static bool on_wanted(const char *unit, void *data)
{
	const struct units_op *op = data;
	const struct policy *policy = op_call_policy(op->call);

	return policy && glob_match(op->glob, unit) && may_see(policy, unit);
}

static void on_done(enum job_outcome outcome, int error, const char *detail, int report, void *data)
{
	struct units_op *op = data;
	const struct message event = data_event(op_call_ticket(op->call), outcome, error, detail);

	op_call_end(op->call, &event, report, outcome, detail, false);
	units_op_free(op);
}

/* What systemd shall look for: its wildcards mean what the policy's do. */
static char **patterns_of(const struct policy *policy)
{
	char **patterns = calloc(policy->service_count + 1, sizeof(*patterns));
	size_t count = 0;

	for (size_t i = 0; patterns && i < policy->service_count; i++)
		if (policy->services[i].verbs & 1u << SERVICE_STATUS)
			patterns[count++] = policy->services[i].unit;
	return patterns;
}

static int begin(struct session *session, const struct msg_units *request, struct units_op *op)
{
	scoped_ptr char **patterns = patterns_of(session->policy);
	const struct unit_list_order order = {
		.event = session->host->event,
		.root_fd = session->host->root_fd,
		.patterns = patterns,
		.timeout_ms = session->policy->timeout_ms,
		.wanted = on_wanted,
		.done = on_done,
		.data = op,
	};
	int r;

	if (!patterns)
		return -ENOMEM;
	r = op_call_new(session, request->ticket, "service.list", request->glob, NULL, &op->call);
	if (r < 0)
		return r;
	r = unit_list_new(&order, &op->list);
	if (r < 0) {
		op_call_drop(op->call);
		return r;
	}
	op_call_cancel_with(op->call, on_cancel, op);
	return 0;
}

int op_units(struct session *session, const struct msg_units *request, int *fd)
{
	struct message event = data_event(request->ticket, JOB_UNAVAILABLE, 0, "");
	struct units_op *op;
	int r;

	(void)fd;
	if (service_manager_below(session->host->root_fd, session->policy->manager) !=
	    MANAGER_SYSTEMD) {
		event.data.detail = "only systemd can list its units";
		return session_reply(session, &event, -1);
	}
	op = calloc(1, sizeof(*op));
	if (!op)
		return -ENOMEM;
	snprintf(op->glob, sizeof(op->glob), "%s", request->glob);
	r = begin(session, request, op);
	if (r == 0)
		return 0;
	units_op_free(op);
	event.data.outcome = r == -EBUSY ? JOB_BUSY : JOB_UNAVAILABLE;
	event.data.error = -r;
	event.data.detail = r == -EBUSY ? "too many calls are under way" : strerror(-r);
	return session_reply(session, &event, -1);
}
