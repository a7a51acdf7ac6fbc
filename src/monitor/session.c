/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. Keeps the life of one session: starts its engine,
 * notices its death, starts the next. Nothing of the client is read here, and
 * of the engine only whether it lives.
 */
#include "monitor/session.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/memfd.h"
#include "monitor/confirm/confirm.h"
#include "monitor/exit_status.h"
#include "monitor/op_call.h"
#include "monitor/policy/policy_memfd.h"
#include "monitor/session_dispatch.h"
#include "monitor/transaction.h"

enum {
	SECRET_TRIES = 3,
	LOSS_WINDOW_SECONDS = 60,
	RETIRE_USEC = 3000000,
	RETIRE_ACCURACY_USEC = 100000,
	PRIORITY_CHANNEL = -10, /* what the engine said before it died counts first */
};

void session_end(struct session *session, enum session_end how)
{
	static const char *const results[] = {
		[SESSION_CLIENT_GONE] = AUDIT_DONE,     [SESSION_PROTOCOL] = "protocol broken",
		[SESSION_BAD_SECRET] = "wrong secrets", [SESSION_ENGINE_LOST] = "engine lost",
		[SESSION_SANDBOX] = "no sandbox",
	};

	if (session->over)
		return;
	session->over = true;
	session->how = how;
	session_record_end(session, results[how]);
	transaction_session_over(session);
	session->channel_source = sd_event_source_disable_unref(session->channel_source);
	confirm_session_over(session->host->confirm, session);
	session->ended(how, session->ended_data);
}

void session_staged_clear(struct session *session)
{
	for (size_t i = 0; i < session->staged_count; i++)
		staged_clear(&session->staged[i]);
	session->staged_count = 0;
}

static uint64_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

/* Counts one more loss; true if there were too many of them in a short time. */
static bool lost_too_often(struct session *session)
{
	size_t slots = ARRAY_SIZE(session->losses), slot = session->loss_count % slots;
	uint64_t now = now_seconds(), oldest = session->losses[slot];

	session->losses[slot] = now;
	session->loss_count++;
	return session->loss_count > slots && now - oldest < LOSS_WINDOW_SECONDS;
}

static int send_welcome(struct session *session, enum lost_reason lost)
{
	const struct session_host *host = session->host;
	struct message welcome = {
		.type = MON_WELCOME,
		.welcome = {
			.authenticated = session->authenticated,
			.tries_left = (uint8_t)session->tries_left,
			.lost = (uint8_t)lost,
			.monitor_layers = host->layers,
			.timeout_ms = session->policy->timeout_ms,
			.user = host->user,
			.root = host->root,
			.lens_path = host->lens_path,
		},
	};
	scoped_fd policy = policy_to_memfd(session->policy);

	if (policy < 0)
		return policy;
	return channel_send(session->channel, &welcome, policy, false);
}

static int on_engine_exit(sd_event_source *source, const siginfo_t *info, void *data);

static void on_engine_hung(void *data);

static int watch_for_hang(struct session *session)
{
	const struct engine_view view = {
		.stream = session->stream,
		.client = session->client,
		.channel = session->channel,
		.jobs = &session->jobs,
		.waits = &session->waits,
	};

	return engine_hang_new(session->host->event, &view, session->policy->timeout_ms,
			       on_engine_hung, session, &session->hang);
}

static int ask_starter(struct session *session, int channel, int log)
{
	const int fds[] = { channel, session->client, session->stream, log };

	return starter_start(session->host->starter, START_ENGINE, fds, ARRAY_SIZE(fds),
			     session->policy->optional_layers, &session->engine);
}

static int start_engine(struct session *session, enum lost_reason lost)
{
	const struct session_host *host = session->host;
	scoped_fd theirs = -1, log = -1;
	int r = channel_pair(&session->channel, &theirs);

	if (r == 0)
		r = engine_log_new(host->event, &session->log, &log);
	if (r < 0)
		return r;
	session->policy = host->policy;
	session->phase = PHASE_START;
	session->engine_generation++;
	r = ask_starter(session, theirs, log);
	if (r < 0)
		return r;
	engine_log_name(session->log, "engine", session->engine);
	r = sd_event_add_child(host->event, &session->engine_source, session->engine, WEXITED,
			       on_engine_exit, session);
	if (r < 0)
		return r;
	r = session_dispatch_attach(session, &session->channel_source);
	if (r < 0)
		return r;
	r = sd_event_source_set_priority(session->channel_source, PRIORITY_CHANNEL);
	if (r < 0)
		return r;
	r = watch_for_hang(session);
	return r < 0 ? r : send_welcome(session, lost);
}

/* What belongs to one engine and not to the session. */
static void forget_engine(struct session *session)
{
	session->channel_source = sd_event_source_disable_unref(session->channel_source);
	session->engine_source = sd_event_source_disable_unref(session->engine_source);
	session->retire_source = sd_event_source_disable_unref(session->retire_source);
	session->watch = service_watch_free(session->watch);
	session->verifier = verifier_free(session->verifier);
	session->log = engine_log_free(session->log);
	session->hang = engine_hang_free(session->hang);
	session->retired_policy = policy_free(session->retired_policy);
	session->channel = close_fd(session->channel);
	session->engine = 0;
	session->next_loss = LOST_NONE;
	transaction_orphan(session);
	confirm_asker_gone(session->host->confirm, session);
	session_staged_clear(session);
	handouts_clear(&session->handouts);
}

static enum lost_reason loss_of(const struct session *session, const siginfo_t *info)
{
	if (session->next_loss != LOST_NONE)
		return session->next_loss;
	if (info->si_code == CLD_EXITED)
		return LOST_CRASHED;
	if (info->si_status == SIGALRM || info->si_status == SIGXCPU)
		return LOST_TIME;
	return info->si_status == SIGKILL ? LOST_KILLED : LOST_CRASHED;
}

static int on_engine_exit(sd_event_source *source, const siginfo_t *info, void *data)
{
	static const char *const reasons[LOST_MAX] = {
		[LOST_CRASHED] = "it crashed",
		[LOST_TIME] = "a request took longer than allowed",
		[LOST_KILLED] = "it was killed",
		[LOST_POLICY] = "the policy has changed",
	};
	struct session *session = data;
	enum lost_reason reason = loss_of(session, info);
	bool sandbox = info->si_code == CLD_EXITED && info->si_status == EXIT_SANDBOX, too_often;

	(void)source;
	session->engine = 0;
	if (session->over)
		return 0;
	/* the engine's own log line tells which step failed */
	if (sandbox) {
		session_end(session, SESSION_SANDBOX);
		return 0;
	}
	log_write(reason == LOST_POLICY ? LOG_NOTICE : LOG_WARNING, "engine %d is gone: %s (%s %d)",
		  (int)info->si_pid, reasons[reason],
		  info->si_code == CLD_EXITED ? "status" : "signal", info->si_status);
	forget_engine(session);
	too_often = reason != LOST_POLICY && lost_too_often(session);
	session_record_loss(session, info, reasons[reason], !too_often);
	if (too_often) {
		log_error("the engine was lost %zu times in %d seconds; the session ends",
			  ARRAY_SIZE(session->losses), LOSS_WINDOW_SECONDS);
		session_end(session, SESSION_ENGINE_LOST);
		return 0;
	}
	if (start_engine(session, reason) < 0) {
		log_error("no other engine can be started");
		session_end(session, SESSION_SANDBOX);
	}
	return 0;
}

static void kill_engine(struct session *session)
{
	/* not reaped yet, so the number is still this process's */
	if (session->engine > 0)
		kill(session->engine, SIGKILL);
}

static void on_engine_hung(void *data)
{
	struct session *session = data;

	log_warning("engine %d hangs", (int)session->engine);
	if (session->next_loss == LOST_NONE)
		session->next_loss = LOST_TIME;
	kill_engine(session);
}

/* NULL: no memory; the stream is taken over in any case. */
static struct session *make(const struct session_host *host, int client,
			    const struct secret *secret, session_ended *ended, void *data)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session) {
		close_fd(client);
		return NULL;
	}
	session->host = host;
	session->client = client;
	session->secret = *secret;
	session->tries_left = SECRET_TRIES;
	session->ended = ended;
	session->ended_data = data;
	session->channel = -1;
	session->stream = -1;
	return session;
}

/* If that fails it is freed. */
static int begin(struct session *session, struct session **ret_session)
{
	int r = session->stream = memfd_new("exmachina-stream");

	if (r >= 0)
		r = start_engine(session, LOST_NONE);
	if (r < 0) {
		session_free(session);
		return r;
	}
	*ret_session = session;
	return 0;
}

int session_new(const struct session_host *host, int client, const struct secret *secret,
		session_ended *ended, void *data, struct session **ret_session)
{
	struct session *session = make(host, client, secret, ended, data);

	if (!session)
		return -ENOMEM;
	session->who = client_new(host->user);
	return begin(session, ret_session);
}

int session_new_channel(const struct session *other, int client, session_ended *ended, void *data,
			struct session **ret_session)
{
	struct session *session = make(other->host, client, &other->secret, ended, data);

	if (!session)
		return -ENOMEM;
	session->who = client_again(&other->who);
	memcpy(session->parent, other->who.session, sizeof(session->parent));
	session->authenticated = true;
	return begin(session, ret_session);
}

struct session *session_free(struct session *session)
{
	if (!session)
		return NULL;
	if (!session->over)
		session_record_end(session, "stopped");
	kill_engine(session);
	if (session->engine > 0) {
		sd_event_source_disable_unref(take_ptr(session->engine_source));
		waitpid(session->engine, NULL, 0);
	}
	forget_engine(session);
	transaction_session_over(session);
	confirm_forget(session->host->confirm, session);
	op_call_orphan(session);
	close_fd(session->client);
	close_fd(session->stream);
	secret_wipe(&session->secret);
	free(session);
	return NULL;
}

static int on_patience_over(sd_event_source *source, uint64_t usec, void *data)
{
	struct session *session = data;

	(void)usec;
	/* its client is to hear how the commit ended, which is not in the engine's hands */
	if (session->waits && sd_event_source_set_time_relative(source, RETIRE_USEC) >= 0 &&
	    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) >= 0)
		return 0;
	kill_engine(session);
	return 0;
}

void session_policy_changed(struct session *session, struct policy *old)
{
	/* with an engine on its way out, that engine's policy is kept already */
	if (session->retired_policy) {
		policy_free(old);
		return;
	}
	session->retired_policy = old;
	session->next_loss = LOST_POLICY;
	if (session->engine > 0)
		kill(session->engine, SIGTERM);
	if (sd_event_add_time_relative(session->host->event, &session->retire_source,
				       CLOCK_MONOTONIC, RETIRE_USEC, RETIRE_ACCURACY_USEC,
				       on_patience_over, session) < 0)
		kill_engine(session);
}

void session_drain(struct session *session)
{
	/* the engine reads what has arrived, then the end, and says so */
	shutdown(session->client, SHUT_RD);
}
