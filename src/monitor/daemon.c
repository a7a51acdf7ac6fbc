/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor; takes its input from the command line only. */
#include "monitor/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#include "common/fd.h"
#include "common/log.h"
#include "monitor/exit_status.h"

/* One byte says that the daemon serves; the end of the pipe, that it has exited. */
static void wait_for(pid_t child, int pipe_end)
{
	int status = 0;
	ssize_t n;
	char byte;

	do {
		n = read(pipe_end, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(EXIT_SUCCESS);
	waitpid(child, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_OTHER);
}

static int detach_from_parent(struct daemon *daemon)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child > 0) {
		close(ends[1]);
		wait_for(child, ends[0]);
	}
	close(ends[0]);
	daemon->waiting = ends[1];
	if (setsid() < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

int daemon_start(bool detach, const char *pidfile, struct daemon *ret_daemon)
{
	struct daemon daemon = { .waiting = -1, .null = -1, .pidfile = pidfile };
	int r = 0;

	if (detach) {
		daemon.null = open("/dev/null", O_RDWR | O_CLOEXEC);
		r = daemon.null < 0 ? -errno : detach_from_parent(&daemon);
	}
	if (r < 0)
		return r;
	*ret_daemon = daemon;
	return 0;
}

static void write_pidfile(const char *path)
{
	scoped_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	char text[24];
	int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (fd < 0 || fd_write_all(fd, text, (size_t)length) < 0)
		log_warning("cannot write %s: %s", path, strerror(errno));
}

void daemon_ready(struct daemon *daemon)
{
	if (daemon->ready)
		return;
	daemon->ready = true;
	if (daemon->pidfile)
		write_pidfile(daemon->pidfile);
	sd_notify(0, "READY=1");
	if (daemon->waiting < 0)
		return;
	if (fd_quiet_with(daemon->null, STDERR_FILENO) < 0)
		log_warning("cannot let go of the terminal");
	log_open("exmachinad", LOG_TO_SYSLOG);
	if (fd_write_all(daemon->waiting, "", 1) < 0)
		log_warning("the process that started the daemon is gone");
	daemon->null = close_fd(daemon->null);
	daemon->waiting = close_fd(daemon->waiting);
}

void daemon_stop(struct daemon *daemon)
{
	sd_notify(0, "STOPPING=1");
	if (daemon->ready && daemon->pidfile)
		unlink(daemon->pidfile);
	daemon->null = close_fd(daemon->null);
	daemon->waiting = close_fd(daemon->waiting);
}
