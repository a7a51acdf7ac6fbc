/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, and in its child up to exec. Takes no input but the
 * monitor's own. What the engine adds to this sandbox after exec is in
 * engine/sandbox.c.
 */
#include "monitor/engine_start.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "config.h"

#include "common/fd.h"
#include "common/log.h"
#include "monitor/exit_status.h"

#define ENGINE_PATH LIBEXECDIR "/exmachina-engine"

/* A tmpfs that only this process sees, over the run directory that all others see. */
static int enter_namespaces(const struct identity *identity)
{
	char options[96];

	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	snprintf(options, sizeof(options), "mode=0700,uid=%u,gid=%u,size=256m,nr_inodes=16k",
		 (unsigned int)identity->uid, (unsigned int)identity->gid);
	if (mount("tmpfs", RUN_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) < 0)
		return -errno;
	return 0;
}

static void run_child(const struct engine_spec *spec, pid_t parent)
{
	const int keep[] = { spec->channel, spec->client, spec->stream };
	char name[] = "exmachina-engine", index[] = "--index";
	char *const argv[] = { name, spec->index ? index : NULL, NULL };
	char *const environment[] = { NULL };
	const char *step = "start in a session of its own";
	int r;

	setsid(); /* what the terminal sends to the program is not for the engine */
	umask(077);
	unsetenv("JOURNAL_STREAM"); /* the monitor adds the priority */
	log_open(name, LOG_TO_STDERR);
	r = fd_quiet(STDOUT_FILENO);
	if (r == 0 && spec->log >= 0 && dup2(spec->log, STDERR_FILENO) < 0)
		r = -errno;
	if (r == 0) {
		step = "keep its descriptors";
		r = fd_keep_only(keep, spec->index ? 1 : ARRAY_SIZE(keep));
	}
	if (r == 0) {
		step = "enter namespaces and mount a tmpfs on " RUN_DIR;
		r = enter_namespaces(spec->identity);
	}
	if (r == 0) {
		step = "drop its privileges";
		r = privileges_drop(spec->identity);
	}
	/* last, since changing credentials forgets the death signal */
	if (r == 0)
		r = privileges_child_setup(parent, SIGKILL);
	if (r < 0) {
		log_error("the engine cannot %s: %s", step, strerror(-r));
		_exit(EXIT_SANDBOX);
	}
	execve(ENGINE_PATH, argv, environment);
	log_error("cannot run %s: %s", ENGINE_PATH, strerror(errno));
	_exit(EXIT_SANDBOX);
}

int engine_start(const struct engine_spec *spec, pid_t *ret_pid)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_child(spec, parent);
	*ret_pid = pid;
	return 0;
}
