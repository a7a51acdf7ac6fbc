/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: the watches of a session. Every field is hostile; a
 * unit's name reaches systemd only after its characters were looked at and
 * the policy allowed its status. An engine that does not read is told later.
 */
#include <errno.h>

#include "monitor/op_call.h"
#include "monitor/session.h"

static int tell(struct session *session, const struct msg_unit *unit)
{
	const struct message event = { .type = MON_UNIT, .unit = *unit };

	return session_reply(session, &event, -1);
}

static int refuse(struct session *session, uint32_t ticket, enum job_outcome outcome)
{
	return tell(session, &(struct msg_unit){ .ticket = ticket, .outcome = (uint8_t)outcome });
}

static int on_unit(const struct msg_unit *unit, void *data)
{
	struct session *session = data;

	return session_is_behind(session) ? -EAGAIN : tell(session, unit);
}

static int add(struct session *session, const struct msg_watch *request,
	       const struct policy_service *entry)
{
	const struct session_host *host = session->host;
	int r = 0;

	if (!session->watch)
		r = service_watch_new(host->event, host->root_fd, on_unit, session,
				      &session->watch);
	if (r < 0)
		return r;
	return service_watch_add(session->watch, request->ticket, request->unit,
				 entry->timeout_ms ? entry->timeout_ms
						   : session->policy->timeout_ms);
}

int op_watch(struct session *session, const struct msg_watch *request, int *fd)
{
	const struct policy *policy = session->policy;
	int r;

	(void)fd;
	if (request->entry >= policy->service_count || !policy_unit_name_valid(request->unit) ||
	    policy_find_service(policy, request->unit) != (ssize_t)request->entry)
		return -EPROTO;
	if (!(policy->services[request->entry].verbs & 1u << SERVICE_STATUS)) {
		op_call_denied(session, "service.watch", request->unit);
		return refuse(session, request->ticket, JOB_DENIED);
	}
	if (service_manager_below(session->host->root_fd, policy->manager) != MANAGER_SYSTEMD)
		return refuse(session, request->ticket, JOB_UNAVAILABLE);
	r = add(session, request, &policy->services[request->entry]);
	if (r == -EEXIST)
		return -EPROTO;
	if (r < 0)
		return refuse(session, request->ticket, r == -EBUSY ? JOB_BUSY : JOB_UNAVAILABLE);
	return 0;
}

int op_unwatch(struct session *session, const struct msg_unwatch *request, int *fd)
{
	(void)fd;
	/* the watch may just have ended by itself, which the engine need not know yet */
	if (session->watch)
		service_watch_remove(session->watch, request->ticket);
	return 0;
}
