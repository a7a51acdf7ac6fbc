/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: the sessions of its one client, which are the first and the channels that
 * were opened out of it or of each other. The client has gone when the last of them is over. Reads
 * nothing from the client.
 */
#include <errno.h>
#include <sys/socket.h>

#include "common/log.h"
#include "monitor/confirm/confirm.h"
#include "monitor/exit_status.h"
#include "monitor/server.h"

bool server_is_serving(const struct server *server)
{
	return server->session || !LIST_EMPTY(&server->channels);
}

void server_drain(struct server *server)
{
	struct session *channel;

	if (server->session)
		session_drain(server->session);
	LIST_FOREACH(channel, &server->channels, link)
	session_drain(channel);
}

bool server_waits_to_take_back(const struct server *server)
{
	const struct confirm *confirm = server->host.confirm;
	const struct session *channel;

	if (confirm_waits_for(confirm, server->session))
		return true;
	LIST_FOREACH(channel, &server->channels, link)
	if (confirm_waits_for(confirm, channel))
		return true;
	return false;
}

void server_policy_changed(struct server *server, struct policy *old)
{
	struct session *channel;

	if (server->session)
		session_policy_changed(server->session, policy_ref(old));
	LIST_FOREACH(channel, &server->channels, link)
	session_policy_changed(channel, policy_ref(old));
	policy_free(old);
}

/* ---- their ends ---------------------------------------------------------------------- */

/*
 * What becomes of the first session becomes of the server. A channel's end is its own; only that
 * its engine was the enemy is to be seen in the exit status as well.
 */
static void note_end(struct server *server, const struct session *session)
{
	static const int verdicts[] = {
		[SESSION_CLIENT_GONE] = 0,          [SESSION_PROTOCOL] = EXIT_PROTOCOL,
		[SESSION_BAD_SECRET] = EXIT_SECRET, [SESSION_ENGINE_LOST] = EXIT_ENGINE,
		[SESSION_SANDBOX] = EXIT_SANDBOX,
	};
	bool is_first = session == server->session;

	if (session->how == SESSION_BAD_SECRET)
		log_error("too many wrong secrets; the session ends");
	if (!server->verdict && (is_first || session->how == SESSION_PROTOCOL))
		server->verdict = verdicts[session->how];
	if (is_first && verdicts[session->how] != 0)
		server->failed = true;
}

static void reap_channel(struct server *server, struct session *channel)
{
	note_end(server, channel);
	LIST_REMOVE(channel, link);
	server->channel_count--;
	session_free(channel);
}

/* After an event handler has returned, so that nobody still stands on a session. */
static int reap(sd_event_source *source, void *data)
{
	struct server *server = data;
	struct session *channel = LIST_FIRST(&server->channels);

	server->reaper = sd_event_source_disable_unref(source);
	while (channel) {
		struct session *next = LIST_NEXT(channel, link);

		if (channel->over)
			reap_channel(server, channel);
		channel = next;
	}
	if (server->session && server->session->over) {
		note_end(server, server->session);
		server->session = session_free(server->session);
	}
	if (server->options->form == FORM_PROGRAM)
		form_program_session_over(server);
	else
		form_socket_session_over(server);
	return 0;
}

static void on_session_ended(enum session_end how, void *data)
{
	struct server *server = data;

	(void)how;
	if (!server->reaper && sd_event_add_defer(server->event, &server->reaper, reap, server) < 0)
		sd_event_exit(server->event, EXIT_OTHER);
}

/* ---- their beginnings ------------------------------------------------------------------ */

int server_start_session(struct server *server, int client, const struct secret *secret)
{
	int r = session_new(&server->host, client, secret, on_session_ended, server,
			    &server->session);

	/* the program that is still to be started is known later */
	if (r == 0 && server->options->form != FORM_PROGRAM) {
		client_is_peer(&server->session->who, client, server->event, server->root_fd);
		server_session_begun(server);
	}
	return r;
}

int server_open_channel(void *data, const struct session *session, int *ret_fd)
{
	struct server *server = data;
	struct session *channel;
	scoped_fd theirs = -1;
	int pair[2], r;

	if (server->channel_count >= CHANNELS_MAX || server->leaving || server->program_gone)
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	theirs = pair[1];
	r = session_new_channel(session, pair[0], on_session_ended, server, &channel);
	if (r < 0)
		return r;
	LIST_INSERT_HEAD(&server->channels, channel, link);
	server->channel_count++;
	session_begun(channel, "channel", server->options->policy_dir);
	*ret_fd = take_fd(&theirs);
	return 0;
}

void server_free_sessions(struct server *server)
{
	server->reaper = sd_event_source_disable_unref(server->reaper);
	while (!LIST_EMPTY(&server->channels)) {
		struct session *channel = LIST_FIRST(&server->channels);

		LIST_REMOVE(channel, link);
		session_free(channel);
	}
	server->session = session_free(server->session);
}
