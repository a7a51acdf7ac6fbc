/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: the lines of a unit's log. Every field is hostile: the
 * entry must be the one that governs the unit, the number of lines is bounded by
 * the policy, and the cursor has to look like one.
 */
#include <errno.h>
#include <string.h>

#include "monitor/op_call.h"
#include "monitor/session.h"
#include "monitor/systemd/unit_log.h"

static int answer(struct session *session, uint32_t ticket, enum job_outcome outcome, int error,
		  const char *detail, int fd)
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

	return session_reply(session, &event, fd);
}

static uint32_t bounded(const struct policy_log *entry, uint32_t lines)
{
	uint32_t most = policy_log_lines(entry);

	if (most > LOG_LINES_MAX)
		most = LOG_LINES_MAX;
	return lines < most ? lines : most;
}

int op_log(struct session *session, const struct msg_log *request, int *fd)
{
	const struct policy *policy = session->policy;
	scoped_fd lines = -1;

	(void)fd;
	if (request->entry >= policy->log_count ||
	    policy_find_log(policy, request->unit) != (ssize_t)request->entry)
		return -EPROTO;
	if (request->lines == 0)
		return answer(session, request->ticket, JOB_BAD_VALUE, 0, "no lines are asked for",
			      -1);
	if (request->cursor[0] && !unit_log_cursor_valid(request->cursor))
		return answer(session, request->ticket, JOB_BAD_VALUE, 0,
			      "this is no cursor of an earlier answer", -1);
	lines = unit_log_lines(session->host->root_fd, request->unit,
			       bounded(&policy->logs[request->entry], request->lines),
			       request->cursor);
	if (lines < 0)
		return answer(session, request->ticket, JOB_UNAVAILABLE, -lines,
			      lines == -ENOENT ? "there is no journal" : strerror(-lines), -1);
	return answer(session, request->ticket, JOB_DONE, 0, "", lines);
}
