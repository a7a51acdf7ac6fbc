/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_OPTIONS_H
#define EXM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/* How client and server find each other. */
enum options_form {
	FORM_PROGRAM,  /* -- PROGRAM ARG... */
	FORM_FD,       /* --fd N --secret-fd M */
	FORM_LISTEN,   /* --listen PATH */
	FORM_ACTIVATED /* LISTEN_FDS, from systemd */
};

enum options_action {
	ACTION_SERVE,
	ACTION_TEST_POLICY,
	ACTION_PRINT_POLICY,
	ACTION_MAKE_SECRET,
	ACTION_RECOVER,
	ACTION_DONE /* --help or --version was printed */
};

enum { OPTIONS_ENV_MAX = 64 };

/* Strings point into argv or are literals. */
struct options {
	enum options_action action;
	enum options_form form;
	const char *policy_dir;
	const char *root;
	const char *user; /* NULL: the policy's */
	const char *secret_file;
	const char *state; /* directory below the root */
	const char *listen_path;
	const char *pidfile;
	const char *prepared_root; /* NULL: the sandbox's namespaces and root are made */
	bool daemonize;
	bool augeas; /* the program gets Augeas's interface over the session; in set_env, too */
	int fd;
	int secret_fd;
	const char *set_env[OPTIONS_ENV_MAX];
	size_t set_env_count;
	char **program; /* NULL-terminated */
};

/* Reads the command line. Prints what is wrong to standard error and returns -EINVAL. */
int options_parse(int argc, char **argv, struct options *ret_options) must_check;

#endif
