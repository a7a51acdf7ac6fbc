/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. The monitor is trusted; the arguments are what a client
 * asked for and are bounded by the message that carries them.
 */
#include "engine/mon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int send_to(struct mon *mon, const struct message *message, int fd)
{
	int r = channel_send(mon->channel, message, fd, true);

	return r == -EPIPE ? -ECONNRESET : r;
}

static int receive(struct mon *mon, bool wait, struct packet *packet, struct message *ret_message,
		   int *ret_fd)
{
	int r = channel_recv(mon->channel, wait, packet, ret_message, ret_fd);

	return r == 0 ? -ECONNRESET : r < 0 ? r : 0;
}

/* Sends a request and waits for its answer, passing on what arrives in between. */
static int ask(struct mon *mon, const struct message *request, int fd, enum message_type answer,
	       struct packet *packet, struct message *ret_reply, int *ret_fd)
{
	int r = send_to(mon, request, fd);

	while (r == 0) {
		scoped_fd received = -1;

		r = receive(mon, true, packet, ret_reply, &received);
		if (r < 0)
			break;
		if (ret_reply->type == answer) {
			if (ret_fd)
				*ret_fd = take_fd(&received);
			return 0;
		}
		r = mon->on_event(ret_reply, received, mon->on_event_data);
	}
	return r;
}

int mon_welcome(struct mon *mon, struct packet *packet, struct msg_welcome *ret_welcome,
		int *ret_policy_fd)
{
	struct message message;
	int r = receive(mon, true, packet, &message, ret_policy_fd);

	if (r < 0)
		return r;
	if (message.type != MON_WELCOME)
		return -EBADMSG;
	*ret_welcome = message.welcome;
	return 0;
}

int mon_ready(struct mon *mon, uint32_t entry_count, uint32_t layers)
{
	const struct message message = {
		.type = MON_READY,
		.ready = {
			.protocol = MESSAGE_PROTOCOL,
			.entry_count = entry_count,
			.layers = layers,
		},
	};

	return send_to(mon, &message, -1);
}

int mon_auth(struct mon *mon, const char *secret, struct msg_auth_reply *ret_reply)
{
	const struct message request = { .type = MON_AUTH, .auth = { .secret = secret } };
	struct message reply;
	struct packet packet;
	int r = ask(mon, &request, -1, MON_AUTH_REPLY, &packet, &reply, NULL);

	if (r == 0)
		*ret_reply = reply.auth_reply;
	return r;
}

int mon_open(struct mon *mon, uint32_t entry, const char *name, struct msg_open_reply *ret_reply,
	     int *ret_fd)
{
	const struct message request = {
		.type = MON_OPEN,
		.open = { .entry = entry, .name = name },
	};
	struct message reply;
	struct packet packet;
	int r = ask(mon, &request, -1, MON_OPEN_REPLY, &packet, &reply, ret_fd);

	if (r == 0)
		*ret_reply = reply.open_reply;
	return r;
}

int mon_list(struct mon *mon, uint32_t entry, struct msg_list_reply *ret_reply, int *ret_fd)
{
	const struct message request = { .type = MON_LIST, .list = { .entry = entry } };
	struct message reply;
	struct packet packet;
	int r = ask(mon, &request, -1, MON_LIST_REPLY, &packet, &reply, ret_fd);

	if (r == 0)
		*ret_reply = reply.list_reply;
	return r;
}

int mon_stage(struct mon *mon, uint32_t entry, const char *name, int content,
	      enum mon_outcome *ret_outcome)
{
	const struct message request = {
		.type = MON_STAGE,
		.stage = { .entry = entry, .name = name },
	};
	struct message reply;
	struct packet packet;
	int r = ask(mon, &request, content, MON_STAGE_REPLY, &packet, &reply, NULL);

	if (r == 0)
		*ret_outcome = reply.stage_reply.outcome;
	return r;
}

void mon_prepare(struct mon *mon, uint32_t entry)
{
	const struct message message = { .type = MON_PREPARE, .prepare = { .entry = entry } };

	(void)!send_to(mon, &message, -1);
}

int mon_commit(struct mon *mon, const struct msg_commit *request, struct mon_commit *ret_commit)
{
	const struct message message = { .type = MON_COMMIT, .commit = *request };
	struct message reply;
	int r;

	ret_commit->enclosed = -1;
	r = ask(mon, &message, -1, MON_COMMIT_REPLY, &ret_commit->packet, &reply,
		&ret_commit->enclosed);
	if (r == 0)
		ret_commit->reply = reply.commit_reply;
	return r;
}

int mon_confirm(struct mon *mon, const struct msg_confirm *request,
		struct msg_confirm_reply *ret_reply)
{
	const struct message message = { .type = MON_CONFIRM, .confirm = *request };
	struct message reply;
	struct packet packet;
	int r = ask(mon, &message, -1, MON_CONFIRM_REPLY, &packet, &reply, NULL);

	if (r == 0)
		*ret_reply = reply.confirm_reply;
	return r;
}

int mon_history(struct mon *mon, const struct msg_history *request,
		struct msg_history_reply *ret_reply, int *ret_fd)
{
	const struct message message = { .type = MON_HISTORY, .history = *request };
	struct message reply;
	struct packet packet;
	int r = ask(mon, &message, -1, MON_HISTORY_REPLY, &packet, &reply, ret_fd);

	if (r == 0)
		*ret_reply = reply.history_reply;
	return r;
}

int mon_revision(struct mon *mon, uint64_t revision, struct msg_revision_reply *ret_reply,
		 int *ret_fd)
{
	const struct message message = { .type = MON_REVISION, .revision = { revision } };
	struct message reply;
	struct packet packet;
	int r = ask(mon, &message, -1, MON_REVISION_REPLY, &packet, &reply, ret_fd);

	if (r == 0)
		*ret_reply = reply.revision_reply;
	return r;
}

int mon_part(struct mon *mon, const struct msg_part *request, struct msg_part_reply *ret_reply,
	     int *ret_fd)
{
	const struct message message = { .type = MON_PART, .part = *request };
	struct message reply;
	struct packet packet;
	int r = ask(mon, &message, -1, MON_PART_REPLY, &packet, &reply, ret_fd);

	if (r == 0)
		*ret_reply = reply.part_reply;
	return r;
}

int mon_restore(struct mon *mon, const struct msg_restore *request,
		struct msg_restore_reply *ret_reply)
{
	const struct message message = { .type = MON_RESTORE, .restore = *request };
	struct message reply;
	struct packet packet;
	int r = ask(mon, &message, -1, MON_RESTORE_REPLY, &packet, &reply, NULL);

	if (r == 0)
		*ret_reply = reply.restore_reply;
	return r;
}

int mon_channel(struct mon *mon, struct msg_channel_reply *ret_reply, int *ret_fd)
{
	const struct message message = { .type = MON_CHANNEL };
	struct message reply;
	struct packet packet;
	int r = ask(mon, &message, -1, MON_CHANNEL_REPLY, &packet, &reply, ret_fd);

	if (r == 0)
		*ret_reply = reply.channel_reply;
	return r;
}

int mon_forget(struct mon *mon)
{
	const struct message message = { .type = MON_FORGET };

	return send_to(mon, &message, -1);
}

int mon_service(struct mon *mon, const struct msg_service *request)
{
	const struct message message = { .type = MON_SERVICE, .service = *request };

	return send_to(mon, &message, -1);
}

int mon_units(struct mon *mon, const struct msg_units *request)
{
	const struct message message = { .type = MON_UNITS, .units = *request };

	return send_to(mon, &message, -1);
}

int mon_log(struct mon *mon, const struct msg_log *request)
{
	const struct message message = { .type = MON_LOG, .log = *request };

	return send_to(mon, &message, -1);
}

int mon_watch(struct mon *mon, const struct msg_watch *request)
{
	const struct message message = { .type = MON_WATCH, .watch = *request };

	return send_to(mon, &message, -1);
}

int mon_unwatch(struct mon *mon, const struct msg_unwatch *request)
{
	const struct message message = { .type = MON_UNWATCH, .unwatch = *request };

	return send_to(mon, &message, -1);
}

int mon_package(struct mon *mon, const struct msg_package *request)
{
	const struct message message = { .type = MON_PACKAGE, .package = *request };

	return send_to(mon, &message, -1);
}

int mon_system(struct mon *mon, const struct msg_system *request)
{
	const struct message message = { .type = MON_SYSTEM, .system = *request };

	return send_to(mon, &message, -1);
}

int mon_refused(struct mon *mon, const char *method, const char *subject, const char *rule)
{
	char cut[MESSAGE_NAME_MAX + 1];
	const struct message message = {
		.type = MON_REFUSED,
		.refused = { .method = method, .subject = subject, .rule = cut },
	};

	snprintf(cut, sizeof(cut), "%s", rule);
	return send_to(mon, &message, -1);
}

int mon_bye(struct mon *mon, enum bye_reason reason)
{
	const struct message message = { .type = MON_BYE, .bye = { .reason = (uint8_t)reason } };

	return send_to(mon, &message, -1);
}

int mon_lens(struct mon *mon, uint32_t entry, const char *lens)
{
	const struct message message = {
		.type = MON_LENS,
		.lens = { .entry = entry, .lens = lens },
	};

	return send_to(mon, &message, -1);
}

int mon_process(struct mon *mon)
{
	for (;;) {
		struct packet packet;
		struct message message;
		scoped_fd fd = -1;
		int r = receive(mon, false, &packet, &message, &fd);

		if (r == -EAGAIN)
			return 0;
		if (r < 0)
			return r;
		r = mon->on_event(&message, fd, mon->on_event_data);
		if (r < 0)
			return r;
	}
}
