/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, for one job, and in its child up to exec. What is
 * executed was chosen by a program module; nothing of this process but the
 * user and the root directory reaches it.
 */
#include "run/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/fd.h"

enum { ENV_MAX = 32, FILES_SOFT = 1024 };

/*
 * Soft limits only, since a daemon that an init script starts inherits them, and
 * may raise what it needs. No core dumps; descriptors as systemd has them, since old
 * programs close every number up to the limit.
 */
static int set_limits(void)
{
	static const struct {
		__rlimit_resource_t resource;
		rlim_t most;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, FILES_SOFT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit limit;

		if (getrlimit(limits[i].resource, &limit) < 0)
			return -errno;
		if (limit.rlim_cur > limits[i].most)
			limit.rlim_cur = limits[i].most;
		if (setrlimit(limits[i].resource, &limit) < 0)
			return -errno;
	}
	return 0;
}

static int set_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL); /* fails for a few that cannot be changed */
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

static int set_descriptors(const struct spawn_ends *ends, int report)
{
	int keep[2], count = 0, r;

	if (ends->status >= 0)
		keep[count++] = ends->status;
	keep[count++] = report;
	/* 0 is /dev/null already, opened where there surely is one */
	if (dup2(ends->output, STDOUT_FILENO) < 0 || dup2(ends->error, STDERR_FILENO) < 0)
		return -errno;
	r = fd_keep_only(keep, (size_t)count);
	return r < 0 ? r : fd_set_cloexec(2 + count, true);
}

static int make_environment(const struct job_step *step, const char *env[static ENV_MAX])
{
	size_t count = 0;

	env[count++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	env[count++] = "LANG=C.UTF-8";
	for (size_t i = 0; step->environment && step->environment[i]; i++) {
		if (count == ENV_MAX - 1)
			return -E2BIG;
		env[count++] = step->environment[i];
	}
	env[count] = NULL;
	return 0;
}

/* Leads to the exec or back with what went wrong; `report` is the last descriptor then. */
static int run_child(const struct job_step *step, const struct spawn_ends *ends, int *report)
{
	const char *env[ENV_MAX];
	int r = setsid() < 0 ? -errno : 0;

	if (r == 0)
		r = set_descriptors(ends, *report);
	if (r < 0)
		return r;
	*report = ends->status >= 0 ? 4 : 3;
	r = set_limits();
	if (r == 0)
		r = set_signals();
	if (r == 0)
		r = make_environment(step, env);
	if (r == 0 && chdir("/") < 0)
		r = -errno;
	if (r < 0)
		return r;
	umask(022);
	r = step->confine ? step->confine(step->data) : 0;
	if (r < 0)
		return r;
	/* execve(2) takes both as they are, and changes neither */
	execve(step->path, (char *const *)(uintptr_t)step->argv, (char *const *)(uintptr_t)env);
	return -errno;
}

/* The end of the pipe without a word is the exec. */
static int read_verdict(int fd)
{
	int error = 0;
	ssize_t n;

	do {
		n = read(fd, &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	return n == (ssize_t)sizeof(error) ? error : -EIO;
}

int spawn_program(const struct job_step *step, const struct spawn_ends *ends, pid_t *ret_pid)
{
	int pair[2], r;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		r = -errno;
		close(pair[0]);
		close(pair[1]);
		return r;
	}
	if (pid == 0) {
		r = run_child(step, ends, &pair[1]);
		(void)!write(pair[1], &r, sizeof(r));
		_exit(127);
	}
	close(pair[1]);
	r = read_verdict(pair[0]);
	close(pair[0]);
	if (r < 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return r;
	}
	*ret_pid = pid;
	return 0;
}
