/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVER_H
#define EXM_SERVER_H

#include "monitor/daemon.h"
#include "monitor/options.h"
#include "monitor/rights.h"
#include "monitor/session.h"

/* What a running exmachinad consists of; server.c and the form_*.c share it. */
struct server {
	const struct options *options;
	struct daemon *daemon;
	sd_event *event;
	struct policy *policy;
	struct identity user;
	struct identity engine_identity;
	char *lens_path; /* of the policy at the start */
	int root_fd;
	struct starter *starter;
	struct rights rights; /* those that were kept */
	struct service *service;
	struct runner *runner; /* NULL: the policy needs none */
	struct initd *initd;
	struct identity_service *identity;
	int state_fd; /* the state directory; -1: there is none */
	struct audit *audit;
	struct session_host host;
	struct transaction *transaction; /* under way; NULL: none */
	struct session *session;         /* the first of the client; NULL: none, or it is over */
	LIST_HEAD(channels, session) channels; /* the others */
	unsigned int channel_count;
	sd_event_source *reaper; /* frees those that are over; NULL: none is */
	bool failed;             /* the first one did not end as it should, and so shall the rest */

	pid_t program; /* 0: none, or it has exited */
	int program_status;
	bool program_runs; /* it was executed */
	bool program_gone;
	int exec_fd; /* tells of that; -1: it has told */
	bool engine_ready;
	struct calls_under_way calls;
	bool leaving; /* only the end of calls is waited for */
	int leave_status;
	int verdict; /* our own exit status, in place of the program's; 0: none */
	int listener;
};

/* Serves until the end; returns what to exit with. */
int server_run(const struct options *options, struct daemon *daemon) must_check;

/* server_prepare.c: everything up to the first client. 0 or an exit status, with the reason logged.
 */
int server_prepare(struct server *server) must_check;
/* The rights that serving a policy takes. 0 or -errno. */
int server_rights(const struct server *server, const struct policy *policy,
		  struct rights *ret_rights) must_check;

/* The policy counts from now on; it is taken over. */
void server_use_policy(struct server *server, struct policy *policy);
int server_watch_signals(struct server *server) must_check;

/* Tells whoever waits for it that the client can be served, if it can. */
void server_announce(struct server *server);

/*
 * server_session.c: starts the first session for a client's stream, which is taken over.
 */
int server_start_session(struct server *server, int client, const struct secret *secret) must_check;

/*
 * One more for the client of this one: its end of the stream. 0, -EBUSY if there are as many as
 * there may be or the client is about to go, or another -errno. data: the server.
 */
int server_open_channel(void *data, const struct session *session, int *ret_fd) must_check;

/* Is any session not over? */
bool server_is_serving(const struct server *server);

/* No more requests in any of them. */
void server_drain(struct server *server);

/* Is something being taken back, or will be when the client goes? */
bool server_waits_to_take_back(const struct server *server);

/* The policy is another one now; the old one is taken over. */
void server_policy_changed(struct server *server, struct policy *old);

void server_free_sessions(struct server *server);

/*
 * server_audit.c: the state directory and the audit trail in it, without which nothing is served
 * unless the policy says that it need not be there. 0 or -errno; logs why.
 */
int server_open_trail(struct server *server, const struct policy *policy) must_check;

/* The session's client is known now; it is in the audit trail from here on. */
void server_session_begun(struct server *server);

/*
 * The policy was read anew, and counts from now on; NULL: it was refused for that reason. In the
 * file also if the new one wants none any more.
 */
void server_record_policy(struct server *server, const struct policy *policy, const char *reason);

/*
 * Ends the server with that status, once the calls that are under way have ended:
 * what was begun for a client is audited, also when the client is gone.
 */
void server_leave(struct server *server, int status);

/* The starter has ended: no engine and no verifier can follow, so the server ends. */
void server_cannot_start(void *data);

/*
 * The two forms. *_start() returns 0 or an exit status; *_session_over() is
 * called when sessions have ended and were freed; *_stop() at SIGTERM.
 */
int form_program_start(struct server *server) must_check;
void form_program_session_over(struct server *server);
void form_program_stop(struct server *server);

int form_socket_start(struct server *server) must_check;
void form_socket_stop(struct server *server);
void form_socket_session_over(struct server *server);

#endif
