/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exmachinad, the root server. It trusts the command line and the policy, and
 * nothing else. All it does is in the other files of this directory, so that tests can link them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "monitor/commit.h"
#include "monitor/confirm/rollback.h"
#include "monitor/exit_status.h"
#include "monitor/policy/policy_lint.h"
#include "monitor/policy/policy_programs.h"
#include "monitor/policy/policy_read.h"
#include "monitor/server.h"
#include "monitor/state.h"

/* Advice, after all: it changes nothing of the exit status. */
static void tell_dangers(const struct options *options, const struct policy *policy)
{
	size_t count;
	int r = policy_lint(policy, stderr, &count);

	if (r < 0)
		log_error("%s", strerror(-r));
	else if (count > 0)
		fprintf(stderr,
			"%s: sections that amount to root: %zu; see exmachina-policy(5), "
			"SECURITY CONSIDERATIONS\n",
			options->policy_dir, count);
}

static void tell_missing(const struct options *options, const struct policy *policy)
{
	scoped_fd root = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t count;
	int r = root < 0 ? -errno : policy_programs_missing(policy, root, stderr, &count);

	if (r < 0)
		log_error("root directory %s: %s", options->root, strerror(-r));
}

static int check_policy(const struct options *options)
{
	scoped(policy_freep) struct policy *policy = NULL;

	if (policy_read(options->policy_dir, &policy) < 0)
		return EXIT_POLICY_REFUSED_TEST;
	if (options->action == ACTION_PRINT_POLICY) {
		policy_print(stdout, policy);
		return EXIT_SUCCESS;
	}
	printf("%s: policy accepted; [File] sections: %zu, [Service]: %zu, [Log]: %zu, "
	       "[Package]: %zu, [System]: %d\n",
	       options->policy_dir, policy->file_count, policy->service_count, policy->log_count,
	       policy->package_count, policy->has_system);
	tell_dangers(options, policy);
	tell_missing(options, policy);
	return EXIT_SUCCESS;
}

static int make_secret(const struct options *options)
{
	scoped(policy_freep) struct policy *policy = NULL;
	scoped(identity_clear) struct identity user = { 0 };
	struct secret secret;
	const char *name = options->user;
	int r;

	if (!name) {
		if (policy_read(options->policy_dir, &policy) < 0)
			return EXIT_POLICY;
		name = policy->user;
	}
	r = name ? identity_of(name, &user) : -ENOENT;
	if (r < 0) {
		log_error("no user for the secret: %s",
			  name ? strerror(-r) : "no User= in the policy");
		return EXIT_OTHER;
	}
	r = secret_make(&secret);
	if (r == 0)
		r = secret_to_file(&secret, options->secret_file, user.uid, user.gid);
	secret_wipe(&secret);
	if (r < 0) {
		log_error("%s: %s", options->secret_file, strerror(-r));
		return EXIT_OTHER;
	}
	return EXIT_SUCCESS;
}

static int recover(const struct options *options)
{
	scoped_fd root = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC), state = -1;
	struct commit_place place = { .root_fd = root };
	scoped_rollback rollback = { 0 };

	if (root < 0) {
		log_error("root directory %s: %s", options->root, strerror(errno));
		return EXIT_OTHER;
	}
	state = place.state_fd = state_open(root, options->state);
	return state < 0 || commit_recover(&place, &rollback) < 0 ? EXIT_OTHER : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct daemon daemon;
	int status;

	log_open("exmachinad", LOG_TO_STDERR);
	if (options_parse(argc, argv, &options) < 0)
		return EXIT_OTHER;
	switch (options.action) {
	case ACTION_DONE:
		return EXIT_SUCCESS;
	case ACTION_TEST_POLICY:
	case ACTION_PRINT_POLICY:
		return check_policy(&options);
	case ACTION_MAKE_SECRET:
		return make_secret(&options);
	case ACTION_RECOVER:
		return recover(&options);
	case ACTION_SERVE:
		break;
	}
	if (daemon_start(options.daemonize, options.pidfile, &daemon) < 0) {
		log_error("cannot go to the background: %s", strerror(errno));
		return EXIT_OTHER;
	}
	status = server_run(&options, &daemon);
	daemon_stop(&daemon);
	return status;
}
