/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: reacts to signals, and leaves the sessions to server_session.c. Reads
 * nothing from the client.
 */
#include "monitor/server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "common/log.h"
#include "monitor/confirm/confirm.h"
#include "monitor/exit_status.h"
#include "monitor/identity/identity.h"
#include "monitor/lens_index.h"
#include "monitor/policy/policy_lenses.h"
#include "monitor/policy/policy_read.h"
#include "monitor/transaction.h"

/* Who starts and stops services under this policy. */
static enum service_manager find_manager(const struct server *server, const struct policy *policy)
{
	if (policy->manager != MANAGER_AUTO)
		return policy->manager;
	return service_is_systemd(server->root_fd) ? MANAGER_SYSTEMD : MANAGER_INITD;
}

void server_use_policy(struct server *server, struct policy *policy)
{
	server->policy = policy;
	server->host.policy = policy;
	server->host.manager = find_manager(server, policy);
}

void server_announce(struct server *server)
{
	/* a pair whose program could not be executed is not going to serve anybody */
	if (server->engine_ready && (server->options->form != FORM_PROGRAM || server->program_runs))
		daemon_ready(server->daemon);
}

static void on_ready(void *data)
{
	struct server *server = data;

	server->engine_ready = true;
	server_announce(server);
}

static void on_no_call_left(void *data)
{
	struct server *server = data;

	sd_event_exit(server->event, server->leave_status);
}

void server_leave(struct server *server, int status)
{
	if (server->calls.count == 0) {
		sd_event_exit(server->event, status);
		return;
	}
	log_notice("%u calls are still under way, and waited for", server->calls.count);
	server->leaving = true;
	server->leave_status = status;
	server->calls.none_left = on_no_call_left;
	server->calls.data = server;
}

void server_cannot_start(void *data)
{
	struct server *server = data;

	log_error("the process that starts others has ended, and so does the server");
	server->verdict = EXIT_OTHER;
	if (server->options->form == FORM_PROGRAM)
		form_program_stop(server);
	else
		server_leave(server, EXIT_OTHER);
}

/* Rights that were given up at the start do not come back. */
static bool may_serve(const struct server *server, const struct policy *policy)
{
	scoped(rights_clear) struct rights wanted = { 0 };
	const char *missing;
	int r = server_rights(server, policy, &wanted);

	if (r < 0) {
		log_error("cannot find out what it takes: %s", strerror(-r));
		return false;
	}
	missing = rights_missing(&server->rights, &wanted);
	if (missing)
		log_error("it takes more than the server kept for the old one (%s); restart "
			  "exmachinad",
			  missing);
	return !missing;
}

/* Why the policy cannot take the place of the present one; NULL if it can, and does in the helper.
 */
static const char *obstacle(const struct server *server, const struct policy *policy)
{
	if (strcmp(policy->user ? policy->user : server->user.name, server->user.name) != 0)
		return "User= cannot change while a session may run";
	if (!runner_is_there(server->runner) &&
	    policy_needs_run(policy, find_manager(server, policy)))
		return "it needs exmachina-run, which is not there; restart exmachinad";
	if (!may_serve(server, policy))
		return "the old one stays";
	if (policy->audit == AUDIT_TO_FILE && audit_probe(server->audit) < 0)
		return AUDIT_REFUSAL;
	if (runner_is_there(server->runner) && runner_set_policy(server->runner, policy) < 0)
		return "exmachina-run cannot be told";
	return NULL;
}

int server_find_lenses(const struct server *server, struct policy *policy)
{
	const struct lens_source source = {
		.starter = server->starter,
		.lens_path = server->lens_path,
		.state_fd = server->state_fd,
	};

	return lens_index_complete(policy, &source);
}

/* What engines and verifiers are shown was settled when the starter was forked. */
static bool has_same_lenses(const struct server *server, const struct policy *policy)
{
	scoped_ptr char *lens_path = policy_lens_path(policy);

	return lens_path && strcmp(lens_path, server->lens_path) == 0;
}

/* The policy, if it may take the place of the present one; otherwise it is logged why not. */
static struct policy *read_anew(const struct server *server, const char **ret_reason)
{
	scoped(policy_freep) struct policy *policy = NULL;
	const char *reason = "the old one stays";

	if (policy_read(server->options->policy_dir, &policy) == 0) {
		if (!has_same_lenses(server, policy))
			reason = "Lenses= cannot change while the server runs; restart exmachinad";
		else if (server_find_lenses(server, policy) == 0)
			reason = obstacle(server, policy);
	}
	if (!reason)
		return take_ptr(policy);
	log_error("the new policy is refused: %s", reason);
	*ret_reason = reason;
	return NULL;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct server *server = data;
	struct policy *policy, *old = server->policy;
	const char *reason = NULL;

	(void)source;
	(void)info;
	sd_notify(0, "RELOADING=1");
	policy = read_anew(server, &reason);
	server_record_policy(server, policy, reason);
	if (policy) {
		server_use_policy(server, policy);
		server_policy_changed(server, old);
		/* last: who has read this finds that it counts */
		log_notice("policy read anew");
	}
	sd_notify(0, "READY=1");
	return 0;
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct server *server = data;

	(void)source;
	/* the terminal sends it to the program as well, which knows best what it means */
	if (info->ssi_signo == SIGINT && server->options->form == FORM_PROGRAM)
		return 0;
	log_notice("ending after signal %u", info->ssi_signo);
	if (server->leaving)
		sd_event_exit(server->event, server->leave_status);
	else if (server->options->form == FORM_PROGRAM)
		form_program_stop(server);
	else
		form_socket_stop(server);
	return 0;
}

int server_watch_signals(struct server *server)
{
	static const int terminating[] = { SIGTERM, SIGINT };
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	r = sd_event_add_signal(server->event, NULL, SIGHUP, on_hangup, server);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(terminating); i++)
		r = sd_event_add_signal(server->event, NULL, terminating[i], on_terminate, server);
	return r < 0 ? r : 0;
}

static void server_clear(struct server *server)
{
	server_free_sessions(server);
	spawned_clear(&server->ahead);
	transaction_abort(server->transaction);
	confirm_free(server->host.confirm);
	initd_free(server->initd);
	runner_free(server->runner);
	service_free(server->service);
	identity_service_free(server->identity);
	starter_free(server->starter);
	rights_clear(&server->rights);
	policy_free(server->policy);
	free(server->lens_path);
	identity_clear(&server->user);
	identity_clear(&server->engine_identity);
	audit_free(server->audit);
	close_fd(server->state_fd);
	close_fd(server->exec_fd);
	close_fd(server->client);
	close_fd(server->theirs);
	close_fd(server->root_fd);
	/* the one that it made itself; systemd's socket stays */
	if (server->listener >= 0 && server->options->listen_path)
		unlink(server->options->listen_path);
	close_fd(server->listener);
	sd_event_unref(server->event);
}

int server_run(const struct options *options, struct daemon *daemon)
{
	scoped(server_clear) struct server server = {
		.options = options,
		.daemon = daemon,
		.root_fd = -1,
		.state_fd = -1,
		.listener = -1,
		.exec_fd = -1,
		.client = -1,
		.theirs = -1,
		.ahead = SPAWNED_NONE,
		.channels = LIST_HEAD_INITIALIZER(server.channels),
		.host = {
			.ready = on_ready,
			.ready_data = &server,
			.open_channel = server_open_channel,
			.open_channel_data = &server,
		},
	};
	int status = server_prepare(&server);

	if (status != 0)
		return status;
	status = options->form == FORM_PROGRAM ? form_program_start(&server)
					       : form_socket_start(&server);
	if (status != 0)
		return status;
	status = sd_event_loop(server.event);
	if (status < 0) {
		log_error("the event loop failed: %s", strerror(-status));
		status = EXIT_OTHER;
	}
	return status;
}
