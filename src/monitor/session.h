/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SESSION_H
#define EXM_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>

#include "common/channel.h"
#include "common/policy.h"
#include "monitor/audit/audit.h"
#include "monitor/client.h"
#include "monitor/commit.h"
#include "monitor/engine_hang.h"
#include "monitor/engine_log.h"
#include "monitor/handout.h"
#include "monitor/initd/initd.h"
#include "monitor/runner.h"
#include "monitor/secret.h"
#include "monitor/starter/starter.h"
#include "monitor/systemd/service.h"
#include "monitor/systemd/service_watch.h"
#include "monitor/verifier.h"

/*
 * One client, from the socketpair to its end, and the engine that serves it. If the
 * engine dies, another one takes over the same client.
 */
enum session_end {
	SESSION_CLIENT_GONE,
	SESSION_PROTOCOL,    /* the engine said what it may not */
	SESSION_BAD_SECRET,  /* too many tries */
	SESSION_ENGINE_LOST, /* too often */
	SESSION_SANDBOX,     /* no engine could be started */
};

/* The calls of all sessions (op_call.h), those whose session is over among them. */
struct calls_under_way {
	unsigned int count;
	void (*none_left)(void *data); /* NULL: nobody wants to know */
	void *data;
};

struct session;

/* What all sessions of a server have in common. */
struct session_host {
	sd_event *event;
	int root_fd;
	int state_fd; /* -1: there is no state directory */
	const char *root;
	struct policy *policy; /* changes at SIGHUP, see session_policy_changed() */
	struct starter *starter;
	uint32_t layers;  /* those around the monitor that hold (common/layer.h) */
	const char *user; /* the client's */
	const char *lens_path;
	struct service *service;
	struct runner *runner; /* NULL: the policy needs none */
	struct initd *initd;
	struct identity_service *identity;
	enum service_manager manager; /* who manages services, never MANAGER_AUTO */
	struct audit *audit;
	struct transaction **transaction; /* the one that is under way; *transaction NULL: none */
	struct confirm *confirm;          /* NULL: nothing can be pending */
	struct calls_under_way *calls;
	void (*ready)(void *data); /* an engine can serve the client */
	void *ready_data;
	/* One more session for this one's client, whose end of the stream it is. 0, -EBUSY, -errno
	 */
	int (*open_channel)(void *data, const struct session *session, int *ret_fd);
	void *open_channel_data;
};

typedef void session_ended(enum session_end how, void *data);

struct session {
	LIST_ENTRY(session) link; /* of a channel: the server's others */
	const struct session_host *host;
	session_ended *ended;
	void *ended_data;
	struct client who;
	const char *form; /* how it was paired with the server; NULL: not yet */
	uint64_t begin;   /* CLOCK_MONOTONIC, microseconds, of session_begun() */
	struct secret secret;
	int tries_left;
	enum message_phase phase;
	bool authenticated;
	bool over;                        /* ended was called ... */
	enum session_end how;             /* ... with this */
	char parent[CLIENT_SESSION_SIZE]; /* of a channel: the session that asked for it; else "" */

	int client;  /* the server's end of the stream, kept for the next engine */
	int stream;  /* memfd that each engine hands on to the next */
	int channel; /* to the engine */
	pid_t engine;
	sd_event_source *channel_source;
	sd_event_source *engine_source;
	sd_event_source *retire_source; /* the patience with an engine that is to go */
	struct engine_log *log;
	struct engine_hang *hang;
	struct policy *policy;         /* the one that the engine knows */
	struct policy *retired_policy; /* the same, when the host's is another one already */
	enum lost_reason next_loss;    /* why the engine is being replaced, if we do it */
	uint64_t losses[16];           /* when engines were lost, in turn */
	size_t loss_count;

	struct handouts handouts;
	struct staged staged[STAGED_MAX];
	size_t staged_count;
	struct transaction *transaction; /* the session's own; NULL: none */
	const void *waits;               /* what the engine has to wait for; NULL: nothing */
	struct verifier *verifier;       /* one that waits for the next commit; NULL: none */
	unsigned int engine_generation;
	unsigned int jobs; /* the length of calls */
	LIST_HEAD(op_calls, op_call) calls;
	struct service_watch *watch; /* of the units that this engine watches; NULL: of none yet */
};

/*
 * Starts an engine for a client's stream, which is taken over. The host must
 * outlive the session. `ended` is called once, from the event loop; the session
 * must not be freed before it has returned.
 */
int session_new(const struct session_host *host, int client, const struct secret *secret,
		session_ended *ended, void *data, struct session **ret_session) must_check;
/*
 * The same for a channel: a session of the same client as another one, which was authenticated and
 * has it handed out.
 */
int session_new_channel(const struct session *other, int client, session_ended *ended, void *data,
			struct session **ret_session) must_check;
struct session *session_free(struct session *session);

/*
 * Who the client is, session->who, is known now, as far as it can be: from here on the session
 * is in the audit trail. form: how the two were paired, a literal.
 */
void session_begun(struct session *session, const char *form, const char *policy_dir);

/* session_audit.c: what became of it, and of one of its engines, which may have a successor. */
void session_record_end(const struct session *session, const char *result);
void session_record_loss(const struct session *session, const siginfo_t *info, const char *reason,
			 bool replaced);

/*
 * The host's policy is another one now: an engine that knows the new one takes
 * over as soon as the present one has answered the request in hand, or soon
 * anyhow. The old policy is taken over, since it counts until then.
 */
void session_policy_changed(struct session *session, struct policy *old);

/* No more requests; those that have arrived are answered, then the session ends. */
void session_drain(struct session *session);

/*
 * The handlers of the requests, op_<name> for MON_<NAME>. They return 0 or a
 * negative number if the engine broke the protocol or can't be answered, which
 * ends the session; a refusal is an answer.
 */
#define X(NAME, name, phases, flags) \
	int op_##name(struct session *session, const struct msg_##name *request, int *fd) \
		must_check;
MON_REQUESTS(X)
#undef X

/*
 * Has the engine so much to read yet that what it did not ask for had better
 * wait? The channel's room is kept for replies: if it were full the session would end.
 */
bool session_is_behind(const struct session *session);
int session_reply(struct session *session, const struct message *reply, int fd) must_check;
void session_staged_clear(struct session *session);
void session_end(struct session *session, enum session_end how);

#endif
