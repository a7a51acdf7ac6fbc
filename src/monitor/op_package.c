/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. */
#include "monitor/op_call.h"

int op_package(struct session *session, const struct msg_package *request, int *fd)
{
	const struct message event = {
		.type = MON_DATA,
		.data = { .ticket = request->ticket, .outcome = JOB_UNAVAILABLE },
	};

	(void)fd;
	return session_reply(session, &event, -1);
}
