/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, before anything else. The command line is the administrator's and trusted.
 */
#include "monitor/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/policy.h"
#include "config.h"

enum {
	OPT_POLICY = 256,
	OPT_ROOT,
	OPT_USER,
	OPT_STATE,
	OPT_SETENV,
	OPT_AUGEAS,
	OPT_SECRET_FILE,
	OPT_MAKE_SECRET,
	OPT_RECOVER,
	OPT_LISTEN,
	OPT_FD,
	OPT_SECRET_FD,
	OPT_PREPARED_ROOT,
	OPT_DAEMONIZE,
	OPT_PIDFILE,
	OPT_VERSION,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "policy", required_argument, NULL, OPT_POLICY },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "user", required_argument, NULL, OPT_USER },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "setenv", required_argument, NULL, OPT_SETENV },
	{ "augeas", no_argument, NULL, OPT_AUGEAS },
	{ "secret-file", required_argument, NULL, OPT_SECRET_FILE },
	{ "make-secret", no_argument, NULL, OPT_MAKE_SECRET },
	{ "recover", no_argument, NULL, OPT_RECOVER },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "fd", required_argument, NULL, OPT_FD },
	{ "secret-fd", required_argument, NULL, OPT_SECRET_FD },
	{ "prepared-root", required_argument, NULL, OPT_PREPARED_ROOT },
	{ "daemonize", no_argument, NULL, OPT_DAEMONIZE },
	{ "pidfile", required_argument, NULL, OPT_PIDFILE },
	{ "test", no_argument, NULL, 't' },
	{ "print-policy", no_argument, NULL, 'T' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static const char usage[] =
	"usage: exmachinad [options] -- PROGRAM [ARG...]\n"
	"       exmachinad [options] --fd N --secret-fd M\n"
	"       exmachinad [options] --listen PATH\n"
	"       exmachinad [options]                 (with a socket from systemd)\n"
	"       exmachinad [options] -t | -T | --make-secret | --recover\n"
	"\n"
	"  --policy DIR          policy files DIR/*.conf [" SYSCONFDIR "/exmachina/policy.d]\n"
	"  --root DIR            work on the system below DIR\n"
	"  --state DIR           where journal and audit trail are, below the root [" STATEDIR "]\n"
	"  --user NAME           user of the session, as the policy's User=\n"
	"  --setenv NAME[=VALUE] a variable for PROGRAM; without VALUE the daemon's own\n"
	"  --augeas              a PROGRAM that uses Augeas gets the server's tree\n"
	"  --secret-file FILE    where clients of a socket find the secret [" RUN_DIR "/secret]\n"
	"  --make-secret         write a new secret there and exit\n"
	"  --recover             take back a commit that was interrupted, and exit\n"
	"  --prepared-root DIR   the sandbox's root directory, when somebody else has made it\n"
	"  --daemonize           go to the background once the session can be served\n"
	"  --pidfile FILE        write the process ID there\n"
	"  -t, --test            check the policy and exit\n"
	"  -T, --print-policy    print the effective policy and exit\n"
	"      --version, --help\n";

static int complain(const char *text, const char *subject)
{
	fprintf(stderr, "exmachinad: %s%s\nTry 'exmachinad --help'.\n", text, subject);
	return -EINVAL;
}

static int parse_fd(const char *text, int *ret_fd)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < 0 || value > INT_MAX)
		return complain("not a descriptor number: ", text);
	*ret_fd = (int)value;
	return 0;
}

/* NAME or NAME=VALUE, where NAME is not one that tells the program its descriptors. */
static bool variable_is_free(const char *wish)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	size_t length = strcspn(wish, "=");

	if (length == 0 || !strchr(letters, wish[0]))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!strchr(letters, wish[i]) && !(wish[i] >= '0' && wish[i] <= '9'))
			return false;
	return strncmp(wish, "EXMACHINA_", strlen("EXMACHINA_")) != 0;
}

/* It finds a library of ours by the name of Augeas's, and no other one by any name. */
static int set_augeas(struct options *o)
{
	static const char *const linker[] = { "LD_LIBRARY_PATH", "LD_PRELOAD" };

	for (size_t i = 0; i < o->set_env_count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(linker); k++)
			if (strncmp(o->set_env[i], linker[k], strlen(linker[k])) == 0)
				return complain("--augeas does not go together with --setenv ",
						o->set_env[i]);
	if (o->set_env_count == OPTIONS_ENV_MAX)
		return complain("too many --setenv for --augeas", "");
	o->set_env[o->set_env_count++] = "LD_LIBRARY_PATH=" PKGLIBDIR;
	return 0;
}

static int take_option(int option, struct options *o)
{
	switch (option) {
	case OPT_POLICY:
		o->policy_dir = optarg;
		return 0;
	case OPT_ROOT:
		o->root = optarg;
		return 0;
	case OPT_USER:
		o->user = optarg;
		return 0;
	case OPT_STATE:
		if (!policy_path_is_plain(optarg))
			return complain("--state: not an absolute path in its simplest form: ",
					optarg);
		o->state = optarg;
		return 0;
	case OPT_SETENV:
		if (o->set_env_count == OPTIONS_ENV_MAX)
			return complain("too many --setenv", "");
		if (!variable_is_free(optarg))
			return complain("--setenv: not a name for a variable: ", optarg);
		o->set_env[o->set_env_count++] = optarg;
		return 0;
	case OPT_AUGEAS:
		o->augeas = true;
		return 0;
	case OPT_SECRET_FILE:
		o->secret_file = optarg;
		return 0;
	case OPT_MAKE_SECRET:
		o->action = ACTION_MAKE_SECRET;
		return 0;
	case OPT_LISTEN:
		o->listen_path = optarg;
		return 0;
	case OPT_FD:
		return parse_fd(optarg, &o->fd);
	case OPT_SECRET_FD:
		return parse_fd(optarg, &o->secret_fd);
	case OPT_PREPARED_ROOT:
		if (optarg[0] != '/')
			return complain("--prepared-root: not an absolute path: ", optarg);
		o->prepared_root = optarg;
		return 0;
	case OPT_RECOVER:
		o->action = ACTION_RECOVER;
		return 0;
	case OPT_DAEMONIZE:
		o->daemonize = true;
		return 0;
	case OPT_PIDFILE:
		o->pidfile = optarg;
		return 0;
	case 't':
		o->action = ACTION_TEST_POLICY;
		return 0;
	case 'T':
		o->action = ACTION_PRINT_POLICY;
		return 0;
	case OPT_VERSION:
		puts("exmachinad " PACKAGE_VERSION);
		o->action = ACTION_DONE;
		return 0;
	case OPT_HELP:
		fputs(usage, stdout);
		o->action = ACTION_DONE;
		return 0;
	default: /* getopt has said what is wrong */
		return complain("the command line was not understood", "");
	}
}

/* Exactly one way to find the client. */
static int choose_form(struct options *o)
{
	int forms =
		(o->program != NULL) + (o->fd >= 0 || o->secret_fd >= 0) + (o->listen_path != NULL);

	if (forms > 1)
		return complain("only one of -- PROGRAM, --fd and --listen can be used", "");
	if (o->set_env_count > 0 && !o->program)
		return complain("--setenv is for -- PROGRAM", "");
	if (o->augeas && !o->program)
		return complain("--augeas is for -- PROGRAM", "");
	if (o->program) {
		o->form = FORM_PROGRAM;
	} else if (o->fd >= 0 || o->secret_fd >= 0) {
		if (o->fd < 0 || o->secret_fd < 0)
			return complain("--fd and --secret-fd go together", "");
		if (o->fd == o->secret_fd)
			return complain("--fd and --secret-fd must differ", "");
		o->form = FORM_FD;
	} else if (o->listen_path) {
		o->form = FORM_LISTEN;
	} else if (getenv("LISTEN_FDS")) {
		o->form = FORM_ACTIVATED;
	} else {
		return complain(
			"no client: say -- PROGRAM, --fd, --listen, or be started by a socket unit",
			"");
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret_options)
{
	struct options o = {
		.policy_dir = SYSCONFDIR "/exmachina/policy.d",
		.root = "/",
		.secret_file = RUN_DIR "/secret",
		.state = STATEDIR,
		.fd = -1,
		.secret_fd = -1,
	};
	int option, r;

	while ((option = getopt_long(argc, argv, "+tT", long_options, NULL)) >= 0) {
		r = take_option(option, &o);
		if (r < 0)
			return r;
		if (o.action == ACTION_DONE)
			break;
	}
	if (o.action == ACTION_SERVE) {
		/* "+" stops getopt at the first word; a program must stand behind "--" */
		if (optind < argc) {
			if (strcmp(argv[optind - 1], "--") != 0)
				return complain("a program is named behind --: ", argv[optind]);
			o.program = argv + optind;
		}
		r = choose_form(&o);
		if (r == 0 && o.augeas)
			r = set_augeas(&o);
		if (r < 0)
			return r;
	} else if (o.action != ACTION_DONE && optind < argc) {
		return complain("unexpected word: ", argv[optind]);
	}
	*ret_options = o;
	return 0;
}
