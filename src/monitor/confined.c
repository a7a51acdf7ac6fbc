/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, and in its child up to exec. Takes no input but the
 * monitor's own. What the program adds to this sandbox after exec is in
 * src/sandbox.
 */
#include "monitor/confined.h"

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

/* A tmpfs that only this process sees, over the run directory that all others see. */
static int mount_staging(const struct identity *identity)
{
	char options[96];

	snprintf(options, sizeof(options), "mode=0700,uid=%u,gid=%u,size=256m,nr_inodes=16k",
		 (unsigned int)identity->uid, (unsigned int)identity->gid);
	if (mount("tmpfs", RUN_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) < 0)
		return -errno;
	return 0;
}

static int enter_namespaces(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return -errno;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

static void run_child(const struct confined *program, pid_t parent)
{
	const char *step = "start in a session of its own";
	char *const environment[] = { NULL };
	int r;

	setsid(); /* what the terminal sends to the paired program is not for this one */
	umask(077);
	unsetenv("JOURNAL_STREAM"); /* the monitor adds the priority */
	log_open(program->argv[0], LOG_TO_STDERR);
	r = fd_quiet(STDOUT_FILENO);
	if (r == 0 && program->log >= 0 && dup2(program->log, STDERR_FILENO) < 0)
		r = -errno;
	if (r == 0) {
		step = "keep its descriptors";
		r = fd_keep_only(program->fds, program->fd_count);
	}
	if (r == 0) {
		step = "enter namespaces";
		r = enter_namespaces();
	}
	if (r == 0 && program->staging) {
		step = "mount a tmpfs on " RUN_DIR;
		r = mount_staging(program->identity);
	}
	if (r == 0) {
		step = "drop its privileges";
		r = privileges_drop(program->identity);
	}
	/* last, since changing credentials forgets the death signal */
	if (r == 0)
		r = privileges_child_setup(parent, SIGKILL);
	if (r < 0) {
		log_error("cannot %s: %s", step, strerror(-r));
		_exit(EXIT_SANDBOX);
	}
	execve(program->path, program->argv, environment);
	log_error("cannot run %s: %s", program->path, strerror(errno));
	_exit(EXIT_SANDBOX);
}

int confined_start(const struct confined *program, pid_t *ret_pid)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_child(program, parent);
	*ret_pid = pid;
	return 0;
}
