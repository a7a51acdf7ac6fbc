/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, for one job: a program from its start to its end, or to
 * the end of its time. What it prints is trusted with nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "run/descendants.h"
#include "run/lines.h"
#include "run/spawn.h"

enum {
	TERM_MS = 2000,  /* from SIGTERM to SIGKILL */
	KILL_MS = 10000, /* what cannot be killed for that long never will be */
	KILL_AGAIN_MS = 20,
	SOCKET_ROOM = 1 << 20, /* bytes that may wait in a socket, and some more */
};

enum { STREAM_OUTPUT, STREAM_ERROR, STREAM_STATUS, STREAM_MAX };

struct stream {
	int fd;              /* -1: there is none, or it has ended */
	struct lines *lines; /* NULL: to the job's output */
};

enum stage { STAGE_RUN, STAGE_TERM, STAGE_KILL };

struct running {
	struct job *job;
	const struct job_step *step;
	struct stream streams[STREAM_MAX];
	int signals;
	pid_t child;
	bool exited;
	int wait_status;
	bool childless; /* nothing that the job has started is left */
	enum stage stage;
	uint64_t stage_end; /* CLOCK_MONOTONIC, milliseconds */
};

static void running_clear(struct running *running)
{
	for (size_t i = 0; i < STREAM_MAX; i++) {
		close_fd(running->streams[i].fd);
		free(running->streams[i].lines);
	}
	close_fd(running->signals);
	running->job->talk = -1;
}

static void take(struct running *running, struct stream *stream, const char *data, size_t size)
{
	if (stream->lines)
		lines_add(stream->lines, data, size);
	else
		tail_add(&running->job->output, data, size);
}

/* The number of bytes read, 0 if there are none now or ever. */
static size_t read_some(struct running *running, struct stream *stream)
{
	char data[16384];
	ssize_t n;

	do {
		n = read(stream->fd, data, sizeof(data));
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		take(running, stream, data, (size_t)n);
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		stream->fd = close_fd(stream->fd);
		if (stream == &running->streams[STREAM_STATUS])
			running->job->talk = -1;
	}
	return n > 0 ? (size_t)n : 0;
}

/*
 * What the program has left in the pipe, and no more: a daemon that it started
 * may keep the other end for ever, and write.
 */
static void drain(struct running *running, struct stream *stream)
{
	int room = stream->fd < 0 ? 0 : fcntl(stream->fd, F_GETPIPE_SZ);

	if (stream->fd >= 0 && room < 0)
		room = SOCKET_ROOM;

	while (room > 0) {
		size_t n = read_some(running, stream);

		if (n == 0)
			break;
		room -= (int)n;
	}
	if (stream->lines)
		lines_end(stream->lines);
}

/* A pipe for one of the streams, or a socket, where it is answered; the program's end. */
static int open_stream(struct running *running, size_t number, job_line *tell)
{
	struct stream *stream = &running->streams[number];
	scoped_fd theirs = -1;
	int pair[2];
	int r = number == STREAM_STATUS ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)
					: pipe2(pair, O_CLOEXEC);

	if (r < 0)
		return -errno;
	stream->fd = pair[0];
	theirs = pair[1];
	/* our end alone: the program may well wait */
	if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	if (tell) {
		stream->lines = calloc(1, sizeof(*stream->lines));
		if (!stream->lines)
			return -ENOMEM;
		stream->lines->tell = tell;
		stream->lines->data = running->step->data;
	}
	return take_fd(&theirs);
}

static int start(struct running *running)
{
	const struct job_step *step = running->step;
	scoped_fd error = open_stream(running, STREAM_ERROR, NULL), output = -1, status = -1;
	struct spawn_ends ends = { .error = error, .output = error, .status = -1 };
	sigset_t set;

	if (error < 0)
		return error;
	if (step->on_output) {
		ends.output = output = open_stream(running, STREAM_OUTPUT, step->on_output);
		if (output < 0)
			return output;
	}
	if (step->on_status) {
		ends.status = status = open_stream(running, STREAM_STATUS, step->on_status);
		if (status < 0)
			return status;
		running->job->talk = running->streams[STREAM_STATUS].fd;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	running->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (running->signals < 0)
		return -errno;
	return spawn_program(step, &ends, &running->child);
}

/* All children that have ended: the program, and orphans of it, whose parent we are. */
static void reap(struct running *running)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	while (read(running->signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != running->child)
			continue;
		running->exited = true;
		running->wait_status = status;
	}
	running->childless = pid < 0 && errno == ECHILD;
}

/* The time of the present stage is over. True if there is another one. */
static bool next_stage(struct running *running, uint64_t now)
{
	switch (running->stage) {
	case STAGE_RUN:
		if (running->job->lasting) {
			running->stage_end = UINT64_MAX;
			job_late(running->job);
			return true;
		}
		running->job->ending = true;
		if (running->step->at_once) {
			running->stage = STAGE_KILL;
			running->stage_end = now + KILL_MS;
			return true;
		}
		running->stage = STAGE_TERM;
		running->stage_end = now + TERM_MS;
		(void)descendants_signal(running->job->proc_fd, SIGTERM);
		/* what is stopped would not hear it */
		(void)descendants_signal(running->job->proc_fd, SIGCONT);
		return true;
	case STAGE_TERM:
		running->stage = STAGE_KILL;
		running->stage_end = now + KILL_MS;
		return true;
	default:
		return false;
	}
}

static bool is_over(const struct running *running)
{
	return running->stage == STAGE_RUN ? running->exited : running->childless;
}

static void wait_for(struct running *running, uint64_t now)
{
	struct pollfd polls[STREAM_MAX + 1];
	uint64_t left = running->stage_end - now;

	if (running->stage == STAGE_KILL) {
		/* again and again, since there may be new ones */
		(void)descendants_signal(running->job->proc_fd, SIGKILL);
		left = KILL_AGAIN_MS;
	}
	for (size_t i = 0; i < STREAM_MAX; i++)
		polls[i] = (struct pollfd){ .fd = running->streams[i].fd, .events = POLLIN };
	polls[STREAM_MAX] = (struct pollfd){ .fd = running->signals, .events = POLLIN };
	if (poll(polls, ARRAY_SIZE(polls), left > INT32_MAX ? INT32_MAX : (int)left) < 0)
		return;
	for (size_t i = 0; i < STREAM_MAX; i++)
		if (polls[i].fd >= 0 && polls[i].revents)
			(void)read_some(running, &running->streams[i]);
}

static void judge(const struct running *running, struct job_end *end)
{
	int status = running->wait_status;

	if (running->stage != STAGE_RUN) {
		end->outcome = RUN_TIMEOUT;
		snprintf(end->detail, sizeof(end->detail), "%s took too long and was ended%s",
			 running->step->path,
			 running->childless ? "" : "; not all that it started could be killed");
	} else if (WIFSIGNALED(status)) {
		end->outcome = RUN_SIGNALED;
		end->status = WTERMSIG(status);
		snprintf(end->detail, sizeof(end->detail), "%s was killed by signal %d",
			 running->step->path, end->status);
	} else {
		end->outcome = RUN_EXITED;
		end->status = WEXITSTATUS(status);
	}
}

static void cannot(const char *path, int error, struct job_end *end)
{
	end->outcome = error == ENOENT ? RUN_MISSING : RUN_CANNOT;
	end->error = error == ENOENT ? 0 : error;
	snprintf(end->detail, sizeof(end->detail), "%s cannot be started: %s", path,
		 strerror(error));
}

void job_step(struct job *job, const struct job_step *step, struct job_end *ret_end)
{
	scoped(running_clear) struct running running = {
		.job = job,
		.step = step,
		.streams = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } },
		.signals = -1,
	};
	uint64_t now = clock_msec();
	int r;

	job->ending = job->lasting = false;
	r = start(&running);
	*ret_end = (struct job_end){ 0 };
	if (r < 0) {
		cannot(step->path, -r, ret_end);
		return;
	}
	running.stage_end = job->deadline;
	if (running.stage_end < now + step->extra_ms)
		running.stage_end = now + step->extra_ms;
	for (;;) {
		reap(&running);
		now = clock_msec();
		if (is_over(&running) || (now >= running.stage_end && !next_stage(&running, now)))
			break;
		wait_for(&running, now);
	}
	for (size_t i = 0; i < STREAM_MAX; i++)
		drain(&running, &running.streams[i]);
	judge(&running, ret_end);
}
