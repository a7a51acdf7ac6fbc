/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and receives what the engine says. The engine parses
 * hostile input and may be the enemy by now: a message out of phase, of the
 * wrong form or with the wrong descriptor ends the session, never the service.
 */
#include "monitor/session_dispatch.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "common/log.h"

enum {
	MESSAGES_AT_ONCE = 64,
	WAITING_MAX = 65536, /* bytes that events may take of the channel's room */
};

/* One row a request, from the same list as everything else about it. */
static int call_handler(struct session *session, const struct message *message, int *fd)
{
	switch (message->type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		return op_##name(session, &message->name, fd);
		MON_REQUESTS(X)
#undef X
	default:
		return -EPROTO;
	}
}

static void complain(const struct session *session, const char *message, const char *why)
{
	const struct audit_event event = {
		.client = &session->who,
		.method = "engine.protocol",
		.subject = message,
		.result = AUDIT_DENIED,
		.detail = why,
	};

	log_error("engine %d broke the protocol: %s: %s", (int)session->engine, message, why);
	audit_record(session->host->audit, &event);
}

static int handle(struct session *session, const struct message *message, int *fd)
{
	const struct message_info *info = message_info(message->type);
	int r;

	if (!(info->phases & PHASE_BIT(session->phase))) {
		complain(session, info->name, "it is not allowed now");
		return -EPROTO;
	}
	/* it waits for that, and says nothing else until then */
	if (session->waits && message->type != MON_BYE) {
		complain(session, info->name, "its commit is under way");
		return -EPROTO;
	}
	r = call_handler(session, message, fd);
	if (r < 0)
		complain(session, info->name, strerror(-r));
	return r;
}

/* 1: go on, 0: nothing more for now, negative: the session has ended. */
static int receive_one(struct session *session)
{
	struct packet packet;
	struct message message;
	scoped_fd fd = -1;
	int r = channel_recv(session->channel, false, &packet, &message, &fd);

	if (r == -EAGAIN)
		return 0;
	if (r == 0) {
		/* its exit tells the rest */
		sd_event_source_set_enabled(session->channel_source, SD_EVENT_OFF);
		return 0;
	}
	if (r < 0)
		complain(session, "no valid message", strerror(-r));
	else
		r = handle(session, &message, &fd);
	if (r >= 0)
		return 1;
	session_end(session, SESSION_PROTOCOL);
	return -EPROTO;
}

static int on_channel(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct session *session = data;

	(void)fd;
	(void)events;
	/* a handler may end the session, which takes the source away */
	sd_event_source_ref(source);
	for (int i = 0; i < MESSAGES_AT_ONCE && session->channel_source; i++)
		if (receive_one(session) <= 0)
			break;
	sd_event_source_unref(source);
	return 0;
}

int session_dispatch_attach(struct session *session, sd_event_source **ret_source)
{
	return sd_event_add_io(session->host->event, ret_source, session->channel, EPOLLIN,
			       on_channel, session);
}

bool session_is_behind(const struct session *session)
{
	int waiting;

	return ioctl(session->channel, SIOCOUTQ, &waiting) < 0 || waiting > WAITING_MAX;
}

int session_reply(struct session *session, const struct message *reply, int fd)
{
	/* an engine that does not read its answers, or is gone, shall not hold us up */
	int r = channel_send(session->channel, reply, fd, false);

	return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}
