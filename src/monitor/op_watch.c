/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. */
#include "monitor/op_call.h"

int op_watch(struct session *session, const struct msg_watch *request, int *fd)
{
	(void)session;
	(void)request;
	(void)fd;
	return 0;
}

int op_unwatch(struct session *session, const struct msg_unwatch *request, int *fd)
{
	(void)session;
	(void)request;
	(void)fd;
	return 0;
}
