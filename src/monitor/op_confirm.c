/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor: what the engine asks about commits that wait to be confirmed. */
#include "monitor/op_confirm.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "monitor/confirm/confirm.h"

/* From the event loop: one that cannot be told ends. */
static void send(struct session *session, const struct message *message)
{
	int r = session_reply(session, message, -1);

	if (r >= 0 || session->over)
		return;
	log_error("engine %d broke the protocol: it cannot be told of a rollback: %s",
		  (int)session->engine, strerror(-r));
	session_end(session, SESSION_PROTOCOL);
}

void op_confirm_rolled_back(struct session *session, bool restored)
{
	const struct message reply = {
		.type = MON_CONFIRM_REPLY,
		.confirm_reply = { .restored = restored },
	};

	session->waits = NULL;
	send(session, &reply);
}

void op_confirm_tell(struct session *session, const char *why, bool restored)
{
	const struct message event = {
		.type = MON_ROLLED_BACK,
		.rolled_back = { .restored = restored, .reason = why },
	};

	send(session, &event);
}

int op_confirm(struct session *session, const struct msg_confirm *request, int *fd)
{
	const struct confirm_request order = {
		.session = session,
		.token = request->token,
		.seconds = request->seconds,
	};
	struct confirm *confirm = session->host->confirm;
	struct message reply = { .type = MON_CONFIRM_REPLY };
	struct msg_confirm_reply *answer = &reply.confirm_reply;

	(void)fd;
	if (request->verb >= CONFIRM_MAX || request->seconds > PENDING_SECONDS_MAX ||
	    (request->verb == CONFIRM_EXTEND) != (request->seconds > 0))
		return -EPROTO;
	switch ((enum confirm_verb)request->verb) {
	case CONFIRM_KEEP:
		answer->outcome = (uint8_t)confirm_keep(confirm, &order, &answer->error);
		break;
	case CONFIRM_EXTEND:
		answer->outcome = (uint8_t)confirm_extend(confirm, &order, &answer->error);
		break;
	case CONFIRM_ROLL_BACK:
		session->waits = confirm;
		answer->outcome = (uint8_t)confirm_roll_back(confirm, &order, &answer->error);
		/* it was, or will be, answered with its end */
		if (answer->outcome == OUTCOME_DONE)
			return 0;
		session->waits = NULL;
		break;
	default:
		break;
	}
	answer->seconds = confirm_seconds(confirm, session->host->user);
	return session_reply(session, &reply, -1);
}
