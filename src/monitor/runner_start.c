/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, and in its child up to exec. Takes no input but the monitor's own. */
#include "monitor/runner_start.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/channel.h"
#include "common/fd.h"
#include "common/log.h"
#include "monitor/exit_status.h"
#include "monitor/privileges.h"

#define RUN_PATH LIBEXECDIR "/exmachina-run"

static void run_child(int root_fd, bool to_syslog, int channel, pid_t parent)
{
	const int keep[] = { channel, root_fd };
	char name[] = "exmachina-run", syslog[] = "--syslog";
	char *const argv[] = { name, to_syslog ? syslog : NULL, NULL };
	char *const environment[] = { NULL };
	int r;

	/* neither a terminal nor the end of the server is a reason to break off a program */
	setsid();
	umask(022);
	log_open(name, to_syslog ? LOG_TO_SYSLOG : LOG_TO_STDERR);
	r = fd_quiet(to_syslog ? STDERR_FILENO : STDOUT_FILENO);
	if (r == 0)
		r = fd_keep_only(keep, ARRAY_SIZE(keep));
	if (r == 0)
		r = privileges_child_setup(parent, 0);
	if (r == 0) {
		execve(RUN_PATH, argv, environment);
		r = -errno;
	}
	log_error("cannot run %s: %s", RUN_PATH, strerror(-r));
	_exit(EXIT_CANNOT_RUN);
}

int runner_start_helper(int root_fd, bool to_syslog, int *ret_channel, pid_t *ret_pid)
{
	scoped_fd ours = -1, theirs = -1;
	pid_t parent = getpid(), pid;
	int r = access(RUN_PATH, X_OK) < 0 ? -errno : channel_pair(&ours, &theirs);

	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_child(root_fd, to_syslog, theirs, parent);
	*ret_channel = take_fd(&ours);
	*ret_pid = pid;
	return 0;
}
