/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: puts it together from policy, users and root, starts what needs more
 * rights than it keeps, and gives up the rest, all before there is a client.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "common/log.h"
#include "config.h"
#include "monitor/commit.h"
#include "monitor/confirm/confirm.h"
#include "monitor/exit_status.h"
#include "monitor/identity/identity.h"
#include "monitor/policy/policy_lenses.h"
#include "monitor/policy/policy_lint.h"
#include "monitor/policy/policy_programs.h"
#include "monitor/policy/policy_read.h"
#include "monitor/server.h"

enum {
	DESCRIPTORS_A_SESSION = HANDOUTS_MAX + STAGED_MAX + 16,
	DESCRIPTORS_WANTED = (CHANNELS_MAX + 1) * DESCRIPTORS_A_SESSION + 4 * STAGED_MAX + 64,
};

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

/* For each session those of the files that were handed out; and for each file of a commit four. */
static int raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
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
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		log_error("cannot keep its memory from others: %s", strerror(errno));
		return -errno;
	}
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

/* exmachina-run keeps all rights, and is there only if the policy needs it. */
static int start_helper(struct server *server)
{
	if (!policy_needs_run(server->policy, server->host.manager))
		return 0;
	return runner_start(server->root_fd, server->options->daemonize, server->policy,
			    &server->runner);
}

/* Without it the program would get Augeas's own, and all that its user may read or write. */
static int look_for_library(const struct options *options)
{
	static const char library[] = PKGLIBDIR "/libaugeas.so.0";
	int r = options->augeas && access(library, R_OK) < 0 ? -errno : 0;

	if (r < 0)
		log_error("--augeas: %s: %s", library, strerror(-r));
	return r;
}

static int make_starter_spec(const struct server *server, struct starter_spec *ret_spec)
{
	const struct options *options = server->options;

	*ret_spec = (struct starter_spec){
		.libexec = LIBEXECDIR,
		.lens_path = server->lens_path,
		.prepared = options->prepared_root,
		.reader = &server->engine_identity,
		.user = &server->user,
		.program = options->program,
		.set_env = options->set_env,
		.set_env_count = options->set_env_count,
		.quiet = options->daemonize,
	};
	return getrlimit(RLIMIT_NOFILE, &ret_spec->descriptors) < 0 ? -errno : 0;
}

/*
 * For a client who is there from the start. It makes its sandbox while the server opens its trail,
 * recovers what was interrupted, and gives up its rights. Before it has heard that all of this is
 * done it reads nothing of the client. 0 or an exit status.
 */
static int start_engine_ahead(struct server *server, const struct starter_spec *spec)
{
	struct spawn_order order = {
		.spec = spec,
		.optional = server->policy->optional_layers,
		.stream = -1,
	};
	int r, status = server->options->form == FORM_PROGRAM ? form_program_find(server)
							      : form_socket_find(server);

	if (status != 0)
		return status;
	r = sd_event_default(&server->event);
	if (r >= 0 && server->client >= 0) {
		order.event = server->event;
		order.client = server->client;
		r = engine_spawn(&order, &server->ahead);
	}
	if (r < 0)
		log_error("cannot start an engine: %s", strerror(-r));
	return r < 0 ? EXIT_OTHER : 0;
}

/* 0 or an exit status. */
static int start_processes(struct server *server)
{
	struct starter_spec spec;
	int status, r;

	if (look_for_library(server->options) < 0 || make_starter_spec(server, &spec) < 0)
		return EXIT_OTHER;
	status = start_engine_ahead(server, &spec);
	if (status != 0)
		return status;
	r = starter_new(&spec, &server->starter);
	if (r < 0)
		log_error("cannot start the process that starts others: %s", strerror(-r));
	return r < 0 || start_helper(server) < 0 ? EXIT_OTHER : 0;
}

int server_rights(const struct server *server, const struct policy *policy,
		  struct rights *ret_rights)
{
	const struct rights_wanted wanted = {
		.policy = policy,
		.root_fd = server->root_fd,
		.state = server->options->state,
		.listen_path = server->options->listen_path,
		.pidfile = server->options->pidfile,
		.secret_file = server->options->form == FORM_LISTEN ||
			       server->options->form == FORM_ACTIVATED,
	};

	return rights_compute(&wanted, ret_rights);
}

static int give_up_rights(struct server *server)
{
	const char *step = "find out what it needs";
	int r = server_rights(server, server->policy, &server->rights);

	if (r == 0)
		r = rights_enter(&server->rights, server->root_fd, server->policy->optional_layers,
				 &server->host.layers, &step);
	if (r < 0)
		log_error("the server cannot %s: %s", step, strerror(-r));
	return r;
}

static int prepare_loop(struct server *server)
{
	int r = server_watch_signals(server);

	if (r == 0)
		r = sd_event_set_watchdog(server->event, true);
	if (r < 0)
		return r;
	r = service_new(server->event, server->options->root, &server->service);
	if (r == 0)
		r = starter_watch(server->starter, server->event, server_cannot_start, server);
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

static void note_missing(const struct policy *policy, int root_fd)
{
	size_t count;

	if (policy_programs_missing(policy, root_fd, NULL, &count) == 0 && count > 0)
		log_warning("Check= of the policy that cannot be run: %zu; exmachinad -t names "
			    "them, and nothing that they are for can be committed",
			    count);
}

/* 0 or an exit status. */
static int find_users(struct server *server)
{
	if (find_engine_user(&server->engine_identity) < 0)
		return EXIT_SANDBOX;
	return find_client_user(server->options, server->policy, &server->user) < 0 ? EXIT_POLICY
										    : 0;
}

static int find_lenses(struct server *server)
{
	const char *prepared = server->options->prepared_root;

	server->lens_path = policy_lens_path(server->policy);
	if (!server->lens_path)
		return -ENOMEM;
	return prepared ? policy_lenses_prepared(server->policy, prepared) : 0;
}

static void make_host(struct server *server)
{
	struct session_host *host = &server->host;

	host->event = server->event;
	host->root_fd = server->root_fd;
	host->state_fd = server->state_fd;
	host->root = server->options->root;
	host->starter = server->starter;
	host->user = server->user.name;
	host->ahead = &server->ahead;
	host->service = server->service;
	host->runner = server->runner;
	host->initd = server->initd;
	host->calls = &server->calls;
	host->audit = server->audit;
	host->transaction = &server->transaction;
	host->identity = server->identity;
}

static int recover(const struct server *server, struct rollback *rollback)
{
	const struct commit_place place = {
		.root_fd = server->root_fd,
		.state_fd = server->state_fd,
	};
	sd_id128_t boot;

	/* libsystemd keeps it, and cannot ask for it later */
	(void)sd_id128_get_boot(&boot);
	return commit_recover(&place, rollback);
}

static int open_and_recover(struct server *server, struct rollback *rollback)
{
	int r;

	note_dangers(server->policy);
	note_missing(server->policy, server->root_fd);
	r = server_open_trail(server, server->policy);
	if (r < 0)
		return r;
	/* while there are all rights; if it fails each commit tries again */
	if (recover(server, rollback) < 0)
		log_warning("nothing can be committed until that is done");
	return 0;
}

int server_prepare(struct server *server)
{
	scoped_rollback rollback = { 0 };
	struct policy *policy;
	int status, r;

	if (prepare_machine(server) < 0)
		return EXIT_OTHER;
	if (policy_read(server->options->policy_dir, &policy) < 0)
		return EXIT_POLICY;
	server_use_policy(server, policy);
	if (find_lenses(server) < 0)
		return EXIT_POLICY;
	status = find_users(server);
	if (status == 0)
		status = start_processes(server);
	/* also where nobody can be served: what was interrupted does not wait for that */
	r = open_and_recover(server, &rollback);
	if (status != 0 || r < 0)
		return status != 0 ? status : EXIT_OTHER;
	if (server_find_lenses(server, policy) < 0)
		return EXIT_POLICY;
	if (give_up_rights(server) < 0)
		return EXIT_SANDBOX;
	r = raise_descriptor_limit();
	if (r == 0)
		r = prepare_loop(server);
	if (r < 0) {
		log_error("cannot get ready to serve: %s", strerror(-r));
		return EXIT_OTHER;
	}
	make_host(server);
	r = confirm_new(&server->host, &server->host.confirm);
	if (r == 0 && rollback.count > 0)
		confirm_apply(server->host.confirm, &rollback);
	if (r < 0)
		log_error("what waits to be confirmed cannot be watched over: %s", strerror(-r));
	return r < 0 ? EXIT_OTHER : 0;
}
