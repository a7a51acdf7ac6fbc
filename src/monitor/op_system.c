/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. */
#include "monitor/op_call.h"

int op_system(struct session *session, const struct msg_system *request, int *fd)
{
	const struct message event = {
		.type = MON_IDENTITY,
		.identity = { .ticket = request->ticket, .outcome = JOB_UNAVAILABLE },
	};

	(void)fd;
	return session_reply(session, &event, -1);
}
