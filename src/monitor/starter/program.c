/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a child of the starter up to exec. The command line is the administrator's; the
 * program that it starts is trusted with nothing.
 */
#include "monitor/starter/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "common/log.h"
#include "monitor/exit_status.h"

enum { FIRST_FD = 3, EXEC_FD = 5, ENV_MAX = 96 };

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

struct environment {
	char *item[ENV_MAX + 1];
	size_t count;
};

static int env_add(struct environment *env, const char *name, const char *value)
{
	if (env->count == ENV_MAX)
		return -E2BIG;
	if (asprintf(&env->item[env->count], "%s=%s", name, value) < 0)
		return -ENOMEM;
	env->count++;
	return 0;
}

/* NAME=VALUE as it is, NAME with the daemon's own value, if it has one. */
static int env_add_wish(struct environment *env, const char *wish)
{
	const char *equals = strchr(wish, '=');
	scoped_ptr char *name = equals ? strndup(wish, (size_t)(equals - wish)) : strdup(wish);
	const char *value;

	if (!name)
		return -ENOMEM;
	value = equals ? equals + 1 : getenv(name);
	return value ? env_add(env, name, value) : 0;
}

/* Names that come later win: getenv(3) takes the first, so they are put first. */
static int env_build(const struct program_spec *spec, struct environment *env)
{
	static const char *const inherited[] = { "TERM", "LANG" };
	const struct identity *who = spec->identity;
	char number[16];
	int r = 0;

	snprintf(number, sizeof(number), "%d", FIRST_FD);
	r = env_add(env, "EXMACHINA_FD", number);
	snprintf(number, sizeof(number), "%d", FIRST_FD + 1);
	if (r == 0)
		r = env_add(env, "EXMACHINA_SECRET_FD", number);
	for (size_t i = 0; r == 0 && i < spec->set_env_count; i++)
		r = env_add_wish(env, spec->set_env[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(inherited); i++)
		r = env_add_wish(env, inherited[i]);
	if (r == 0)
		r = env_add(env, "PATH", DEFAULT_PATH);
	if (r == 0)
		r = env_add(env, "HOME", who->home);
	if (r == 0)
		r = env_add(env, "USER", who->name);
	if (r == 0)
		r = env_add(env, "LOGNAME", who->name);
	if (r == 0)
		r = env_add(env, "SHELL", who->shell[0] ? who->shell : "/bin/sh");
	return r;
}

/* The exit status comes later than this byte, which is what tells that nothing was executed. */
static _Noreturn void fail(enum exit_status status)
{
	(void)!write(EXEC_FD, "", 1);
	_exit(status);
}

void program_run(const struct program_spec *spec, pid_t parent)
{
	const int keep[] = { spec->client_fd, spec->secret_fd, spec->exec_fd };
	struct environment env = { 0 };
	int r, error;

	r = privileges_child_setup(parent, 0);
	if (r == 0 && setrlimit(RLIMIT_NOFILE, &spec->descriptors) < 0)
		r = -errno;
	if (r == 0)
		r = fd_keep_only(keep, ARRAY_SIZE(keep));
	if (r == 0)
		r = fd_set_cloexec(EXEC_FD, true);
	if (r == 0)
		r = env_build(spec, &env);
	if (r == 0 && spec->quiet)
		r = fd_quiet(STDERR_FILENO);
	if (r == 0)
		r = privileges_drop(spec->identity);
	if (r < 0) {
		log_error("cannot drop the privileges of %s: %s", spec->argv[0], strerror(-r));
		fail(EXIT_SANDBOX);
	}
	/* found in the PATH that it gets, and not in the server's */
	environ = env.item;
	execvp(spec->argv[0], spec->argv);
	error = errno;
	log_error("cannot run %s: %s", spec->argv[0], strerror(error));
	fail(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}
