/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: the main form. Makes the socketpair and the secret,
 * starts engine and program, and ends as the program ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/log.h"
#include "monitor/exit_status.h"
#include "monitor/server.h"

enum { GRACE_USEC = 5000000, ACCURACY_USEC = 100000 };

static void finish(struct server *server)
{
	server_leave(server, server->verdict ? server->verdict : server->program_status);
}

static int on_grace_over(sd_event_source *source, uint64_t usec, void *data)
{
	struct server *server = data;

	(void)usec;
	sd_event_source_disable_unref(source);
	if (server->program_gone) {
		log_warning("the client's last requests were not finished in time");
		finish(server);
	} else {
		log_warning("program %d did not end; it is killed", (int)server->program);
		kill(server->program, SIGKILL);
	}
	return 0;
}

static void start_grace(struct server *server)
{
	if (sd_event_add_time_relative(server->event, NULL, CLOCK_MONOTONIC, GRACE_USEC,
				       ACCURACY_USEC, on_grace_over, server) < 0)
		sd_event_exit(server->event, EXIT_OTHER);
}

static int on_program_exit(sd_event_source *source, const siginfo_t *info, void *data)
{
	struct server *server = data;

	(void)source;
	server->program_gone = true;
	server->program_status =
		info->si_code == CLD_EXITED ? info->si_status : EXIT_SIGNAL_BASE + info->si_status;
	if (!server_is_serving(server)) {
		finish(server);
		return 0;
	}
	/* what it asked for last is still done, and what it left behind is served no more */
	server_drain(server);
	start_grace(server);
	return 0;
}

void form_program_stop(struct server *server)
{
	if (server->program_gone)
		return;
	kill(server->program, SIGTERM);
	start_grace(server);
}

void form_program_session_over(struct server *server)
{
	if (server->program_gone) {
		if (!server_is_serving(server))
			finish(server);
	} else if (server->failed) {
		server->failed = false;
		form_program_stop(server);
	}
	/* else it closed its stream and goes on without us, or with a channel */
}

/* Its end without a byte means that the program was executed. */
static int on_exec(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct server *server = data;
	char byte;

	(void)events;
	server->program_runs = read(fd, &byte, 1) == 0;
	sd_event_source_disable_unref(source);
	server->exec_fd = close_fd(server->exec_fd);
	server_announce(server);
	return 0;
}

/* The other end is for the program. */
static int watch_exec(struct server *server, int *ret_fd)
{
	scoped_fd theirs = -1;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	server->exec_fd = ends[0];
	theirs = ends[1];
	r = sd_event_add_io(server->event, NULL, server->exec_fd, EPOLLIN, on_exec, server);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&theirs);
	return 0;
}

static int start_program(struct server *server, int client_fd, const struct secret *secret)
{
	scoped_fd secret_fd = secret_to_memfd(secret);
	scoped_fd exec_fd = -1;
	int fds[3], r;

	if (secret_fd < 0)
		return secret_fd;
	r = watch_exec(server, &exec_fd);
	if (r < 0)
		return r;
	fds[0] = client_fd;
	fds[1] = secret_fd;
	fds[2] = exec_fd;
	r = starter_start(server->starter, START_PROGRAM, fds, ARRAY_SIZE(fds), 0,
			  &server->program);
	if (r < 0)
		return r;
	r = sd_event_add_child(server->event, NULL, server->program, WEXITED, on_program_exit,
			       server);
	return r < 0 ? r : 0;
}

int form_program_start(struct server *server)
{
	struct secret secret;
	scoped_fd theirs = -1;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return EXIT_OTHER;
	theirs = pair[1];
	r = secret_make(&secret);
	if (r == 0)
		r = server_start_session(server, pair[0], &secret);
	else
		close_fd(pair[0]);
	if (r == 0)
		r = start_program(server, theirs, &secret);
	secret_wipe(&secret);
	if (r == 0) {
		client_is_program(&server->session->who, server->program, server->user.uid);
		server_session_begun(server);
	}
	if (r < 0) {
		log_error("cannot start %s: %s", server->options->program[0], strerror(-r));
		return EXIT_OTHER;
	}
	return 0;
}
