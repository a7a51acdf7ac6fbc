/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor: what the engine asks about the session itself. Every field is hostile. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/layer.h"
#include "common/log.h"
#include "monitor/session.h"

/* What the engine says of itself is for the log; what it may lack was decided before it ran. */
static void tell_layers(const struct session *session, uint32_t layers)
{
	const uint32_t all = READER_LAYERS_ALL | MONITOR_LAYERS_ALL;
	char text[512] = "";
	size_t used = 0;

	layers |= session->host->layers;
	for (unsigned int layer = 0; layer < LAYER_MAX; layer++)
		if (!(layers & UINT32_C(1) << layer))
			used += (size_t)snprintf(text + used, sizeof(text) - used, " %s",
						 layer_word(layer));
	if ((layers & all) == all)
		log_info("all layers of the sandbox hold");
	else
		log_warning("layers of the sandbox that are missing, as the policy permits:%s",
			    text);
}

int op_ready(struct session *session, const struct msg_ready *request, int *fd)
{
	(void)fd;
	if (request->protocol != MESSAGE_PROTOCOL ||
	    request->entry_count != session->policy->file_count)
		return -EPROTO;
	tell_layers(session, request->layers);
	session->phase = session->authenticated ? PHASE_OPEN : PHASE_LOCKED;
	session->host->ready(session->host->ready_data);
	return 0;
}

static void record_wrong_secret(const struct session *session)
{
	char detail[64];
	const struct audit_event event = {
		.client = &session->who,
		.method = "session.authenticate",
		.subject = session->who.user,
		.result = AUDIT_DENIED,
		.detail = detail,
	};

	snprintf(detail, sizeof(detail), "wrong secret, %d tries left", session->tries_left);
	audit_record(session->host->audit, &event);
}

int op_auth(struct session *session, const struct msg_auth *request, int *fd)
{
	struct message reply = { .type = MON_AUTH_REPLY };

	(void)fd;
	if (session->tries_left == 0)
		return -EPROTO;
	if (secret_equal(&session->secret, request->secret)) {
		if (!session->authenticated)
			log_info("client authenticated");
		session->authenticated = true;
		session->phase = PHASE_OPEN;
		reply.auth_reply.granted = 1;
	} else {
		session->tries_left--;
		log_warning("wrong secret, %d tries left", session->tries_left);
		record_wrong_secret(session);
	}
	reply.auth_reply.tries_left = (uint8_t)session->tries_left;
	return session_reply(session, &reply, -1);
}

int op_channel(struct session *session, const struct msg_channel *request, int *fd)
{
	const struct session_host *host = session->host;
	struct message reply = { .type = MON_CHANNEL_REPLY };
	scoped_fd theirs = -1;
	int r = host->open_channel(host->open_channel_data, session, &theirs);

	(void)request;
	(void)fd;
	if (r == -EBUSY) {
		reply.channel_reply.outcome = OUTCOME_BUSY;
	} else if (r < 0) {
		log_warning("a channel cannot be opened: %s", strerror(-r));
		reply.channel_reply.outcome = OUTCOME_IO;
		reply.channel_reply.error = -r;
	}
	return session_reply(session, &reply, theirs);
}

int op_refused(struct session *session, const struct msg_refused *request, int *fd)
{
	const struct audit_event event = {
		.client = &session->who,
		.method = request->method,
		.subject = request->subject,
		.result = AUDIT_DENIED,
		.detail = request->rule,
		.more = { { "EXMACHINA_SAID_BY", "engine" } },
	};

	(void)fd;
	/* nothing was done, and nothing follows from it but a record that says whose word it is */
	audit_record(session->host->audit, &event);
	return 0;
}

int op_bye(struct session *session, const struct msg_bye *request, int *fd)
{
	(void)fd;
	if (request->reason >= BYE_MAX)
		return -EPROTO;
	session_end(session, session->tries_left == 0 ? SESSION_BAD_SECRET : SESSION_CLIENT_GONE);
	return 0;
}
