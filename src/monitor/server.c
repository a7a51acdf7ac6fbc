/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: puts it together from policy, users and root, reacts to
 * signals, and leaves the session to session.c. Reads nothing from the client.
 */
#include "monitor/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "common/log.h"
#include "config.h"
#include "monitor/exit_status.h"
#include "monitor/identity/identity.h"
#include "monitor/lens_index.h"
#include "monitor/policy/policy_lint.h"
#include "monitor/policy/policy_read.h"

enum { DESCRIPTORS_WANTED = HANDOUTS_MAX + 4 * STAGED_MAX + 64 };

/* The engine's own user, or nobody where the package did not make one. */
static int find_engine_user(struct identity *ret_identity)
{
	int r = identity_of(ENGINE_USER, ret_identity);

	if (r == -ENOENT) {
		log_warning("there is no user %s; the engine runs as nobody", ENGINE_USER);
		r = identity_of("nobody", ret_identity);
	}
	if (r < 0)
		log_error("no user for the engine: neither %s nor nobody: %s", ENGINE_USER,
			  strerror(-r));
	return r;
}

static int find_client_user(const struct options *options, const struct policy *policy,
			    struct identity *ret_identity)
{
	const char *name = options->user ? options->user : policy->user;
	int r;

	if (!name) {
		log_error("no user to pair with: say User= in the policy's [Session], or --user");
		return -EINVAL;
	}
	if (policy->user && strcmp(name, policy->user) != 0) {
		log_error("--user %s: the policy permits only User=%s", name, policy->user);
		return -EPERM;
	}
	r = identity_of(name, ret_identity);
	if (r == -EPERM)
		log_error("user %s is root, or in its group, and cannot be paired with", name);
	else if (r < 0)
		log_error("user %s: %s", name,
			  r == -ENOENT ? "there is no such user" : strerror(-r));
	return r;
}

/* Who starts and stops services under this policy. */
static enum service_manager find_manager(const struct server *server, const struct policy *policy)
{
	if (policy->manager != MANAGER_AUTO)
		return policy->manager;
	return service_is_systemd(server->root_fd) ? MANAGER_SYSTEMD : MANAGER_INITD;
}

/* What the server has taken over from a policy that counts from now on. */
static void use_policy(struct server *server, struct policy *policy)
{
	server->policy = policy;
	server->host.policy = policy;
	server->host.manager = find_manager(server, policy);
}

static void on_ready(void *data)
{
	struct server *server = data;

	daemon_ready(server->daemon);
}

/* After an event handler has returned, so that nobody still stands on the session. */
static int reap_session(sd_event_source *source, void *data)
{
	struct server *server = data;

	sd_event_source_disable_unref(source);
	server->session = session_free(server->session);
	if (server->options->form == FORM_PROGRAM)
		form_program_session_over(server);
	else
		form_socket_session_over(server);
	return 0;
}

static void on_session_ended(enum session_end how, void *data)
{
	static const int verdicts[] = {
		[SESSION_CLIENT_GONE] = 0,          [SESSION_PROTOCOL] = EXIT_PROTOCOL,
		[SESSION_BAD_SECRET] = EXIT_SECRET, [SESSION_ENGINE_LOST] = EXIT_ENGINE,
		[SESSION_SANDBOX] = EXIT_SANDBOX,
	};
	struct server *server = data;

	if (how == SESSION_BAD_SECRET)
		log_error("too many wrong secrets; the session ends");
	server->verdict = verdicts[how];
	if (sd_event_add_defer(server->event, NULL, reap_session, server) < 0)
		sd_event_exit(server->event, EXIT_OTHER);
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

/* The policy, if it may take the place of the present one; otherwise it is logged why not. */
static struct policy *read_anew(const struct server *server, const char **ret_reason)
{
	scoped(policy_freep) struct policy *policy = NULL;
	const char *reason = "the old one stays";

	if (policy_read(server->options->policy_dir, &policy) == 0 &&
	    lens_index_complete(policy, &server->engine_identity) == 0) {
		if (strcmp(policy->user ? policy->user : server->user.name, server->user.name) != 0)
			reason = "User= cannot change while a session may run";
		else if (!runner_is_there(server->runner) &&
			 policy_needs_run(policy, find_manager(server, policy)))
			reason = "it needs exmachina-run, which is not there; restart exmachinad";
		else if (policy->audit == AUDIT_TO_FILE && audit_probe(server->audit) < 0)
			reason = AUDIT_REFUSAL;
		else if (runner_is_there(server->runner) &&
			 runner_set_policy(server->runner, policy) < 0)
			reason = "exmachina-run cannot be told";
		else
			return take_ptr(policy);
	}
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
		use_policy(server, policy);
		log_notice("policy read anew");
		if (server->session)
			session_policy_changed(server->session, old);
		else
			policy_free(old);
	}
	sd_notify(0, "READY=1");
	return 0;
}

/* A commit is never interrupted: it runs within one event. */
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
		sd_event_exit(server->event, EXIT_SUCCESS);
	return 0;
}

static int watch_signals(struct server *server)
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

/* A descriptor for each file handed out, and four for each file of a commit. */
static int raise_descriptor_limit(struct rlimit *ret_before)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	*ret_before = limit;
	if (limit.rlim_cur >= DESCRIPTORS_WANTED)
		return 0;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

static int prepare_machine(struct server *server)
{
	if (geteuid() != 0) {
		log_error("exmachinad must be started by root");
		return -EPERM;
	}
	/* the secret is in this memory */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	server->root_fd = open(server->options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (server->root_fd < 0) {
		log_error("root directory %s: %s", server->options->root, strerror(errno));
		return -errno;
	}
	if (mkdir(RUN_DIR, 0755) < 0 && errno != EEXIST) {
		log_error("cannot make %s: %s", RUN_DIR, strerror(errno));
		return -errno;
	}
	return 0;
}

/* The policy comes first, because it tells whether there is a helper that keeps all privileges. */
static int give_up_privileges(struct server *server)
{
	int r = 0;

	if (policy_needs_run(server->policy, server->host.manager))
		r = runner_start(server->root_fd, server->options->daemonize, server->policy,
				 &server->runner);
	if (r < 0)
		return r;
	r = privileges_reduce();
	if (r < 0)
		log_error("cannot drop the capabilities that are not needed: %s", strerror(-r));
	return r;
}

static int prepare_loop(struct server *server)
{
	int r = raise_descriptor_limit(&server->descriptors);

	if (r == 0)
		r = sd_event_default(&server->event);
	if (r < 0)
		return r;
	r = watch_signals(server);
	if (r < 0)
		return r;
	r = sd_event_set_watchdog(server->event, true);
	if (r < 0)
		return r;
	r = service_new(server->event, server->options->root, &server->service);
	if (r == 0 && server->runner)
		r = runner_attach(server->runner, server->event);
	if (r == 0)
		r = initd_new(server->event, server->root_fd, server->runner, &server->initd);
	if (r == 0)
		r = identity_service_new(server->event, server->root_fd, &server->identity);
	return r;
}

/* Before the lenses are completed, so that -t counts the same. */
static void note_dangers(const struct policy *policy)
{
	size_t count;

	if (policy_lint(policy, NULL, &count) == 0 && count > 0)
		log_notice(
			"sections of the policy that amount to root: %zu; exmachinad -t names them",
			count);
}

static int prepare(struct server *server)
{
	struct policy *policy;

	if (prepare_machine(server) < 0)
		return EXIT_OTHER;
	if (policy_read(server->options->policy_dir, &policy) < 0)
		return EXIT_POLICY;
	note_dangers(policy);
	use_policy(server, policy);
	if (server_open_trail(server, policy) < 0)
		return EXIT_OTHER;
	if (give_up_privileges(server) < 0 || prepare_loop(server) < 0)
		return EXIT_OTHER;
	if (find_engine_user(&server->engine_identity) < 0)
		return EXIT_SANDBOX;
	if (lens_index_complete(policy, &server->engine_identity) < 0)
		return EXIT_POLICY;
	if (find_client_user(server->options, policy, &server->user) < 0)
		return EXIT_POLICY;
	server->host = (struct session_host){
		.event = server->event,
		.root_fd = server->root_fd,
		.root = server->options->root,
		.policy = policy,
		.engine_identity = &server->engine_identity,
		.user = server->user.name,
		.service = server->service,
		.runner = server->runner,
		.initd = server->initd,
		.calls = &server->calls,
		.audit = server->audit,
		.manager = server->host.manager,
		.identity = server->identity,
		.ready = on_ready,
		.ready_data = server,
	};
	return 0;
}

static void server_clear(struct server *server)
{
	session_free(server->session);
	initd_free(server->initd);
	runner_free(server->runner);
	service_free(server->service);
	identity_service_free(server->identity);
	policy_free(server->policy);
	identity_clear(&server->user);
	identity_clear(&server->engine_identity);
	audit_free(server->audit);
	close_fd(server->state_fd);
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
	};
	int status = prepare(&server);

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
