/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, as root. The monitor is hostile here: it might have been
 * taken over by an engine. Its messages are bounded by message.h, the policy
 * is the one that it gave, and every call is held to that policy before a
 * process is made for it.
 */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "common/channel.h"
#include "common/log.h"
#include "common/memfd.h"
#include "common/wire.h"
#include "run/job.h"

enum { POLICY_MAX = 64 << 20 };

struct run {
	struct job_place place;
	int signals;
	struct policy *policy;
	struct {
		pid_t pid; /* 0: free */
		uint32_t ticket;
	} jobs[JOBS_MAX];
};

static void run_clear(struct run *run)
{
	close_fd(run->place.channel);
	close_fd(run->place.root_fd);
	close_fd(run->place.proc_fd);
	close_fd(run->signals);
	policy_free(run->policy);
}

/* A call that came to nothing. */
static void answer(const struct run *run, uint32_t ticket, enum run_outcome outcome, int error,
		   const char *detail)
{
	const struct message message = {
		.type = MON_RUN_END,
		.run_end = {
			.ticket = ticket,
			.outcome = (uint8_t)outcome,
			.error = error,
			.detail = detail,
		},
	};

	/* a monitor that is gone is noticed by the next reading */
	(void)!channel_send(run->place.channel, &message, -1, true);
}

static int take_policy(struct run *run, int fd)
{
	scoped_mapping mapping = { 0 };
	struct policy *policy;
	struct wire w;
	int r = memfd_map(fd, POLICY_MAX, &mapping);

	if (r < 0)
		return r;
	w = wire_over(mapping.data, mapping.size);
	r = policy_get(&w, &policy);
	if (r < 0)
		return r;
	policy_free(run->policy);
	run->policy = policy;
	return 0;
}

static const char *refuse(const struct run *run, const struct msg_run_call *call, int enclosed)
{
	static const char *(*const refuses[RUN_PROGRAM_MAX])(
		const struct policy *policy, const struct msg_run_call *call, int enclosed) = {
#define X(NAME, name, word) [RUN_##NAME] = name##_refuse,
		RUN_PROGRAMS(X)
#undef X
	};

	if (call->timeout_ms == 0 || call->timeout_ms > POLICY_TIMEOUT_MAX_MS)
		return "there is no such time";
	return refuses[call->program](run->policy, call, enclosed);
}

static void start(struct run *run, const struct msg_run_call *call, int enclosed)
{
	size_t place = 0;
	pid_t pid;

	while (place < JOBS_MAX && run->jobs[place].pid)
		place++;
	if (place == JOBS_MAX) {
		answer(run, call->ticket, RUN_CANNOT, EBUSY, "too many programs are under way");
		return;
	}
	pid = fork();
	if (pid == 0)
		job_main(&run->place, run->policy, call, enclosed);
	if (pid < 0) {
		answer(run, call->ticket, RUN_CANNOT, errno, "there can be no new process");
		return;
	}
	run->jobs[place].pid = pid;
	run->jobs[place].ticket = call->ticket;
}

static int take_call(struct run *run, const struct msg_run_call *call, int enclosed)
{
	const char *reason;

	if (!run->policy || call->program >= RUN_PROGRAM_MAX ||
	    (enclosed >= 0) != (call->program == RUN_CHECK))
		return -EPROTO;
	reason = refuse(run, call, enclosed);
	if (!reason) {
		start(run, call, enclosed);
		return 0;
	}
	log_warning("%s for %s is refused: %s", run_program_word(call->program), call->names,
		    reason);
	answer(run, call->ticket, RUN_REFUSED, 0, reason);
	return 0;
}

/* 1, 0 at the end, or -errno for what no monitor says. */
static int take_message(struct run *run)
{
	struct packet packet;
	struct message message;
	scoped_fd fd = -1;
	int r = channel_recv(run->place.channel, true, &packet, &message, &fd);

	if (r <= 0)
		return r;
	if (message.type == MON_RUN_POLICY)
		r = take_policy(run, fd);
	else if (message.type == MON_RUN_CALL)
		r = take_call(run, &message.run_call, fd);
	else
		r = -EPROTO;
	return r < 0 ? r : 1;
}

/* A job tells its end itself, and exits with 0 then. */
static void reap(struct run *run)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(run->signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < JOBS_MAX; i++) {
			if (run->jobs[i].pid != pid)
				continue;
			run->jobs[i].pid = 0;
			if (status != 0)
				answer(run, run->jobs[i].ticket, RUN_CANNOT, ECHILD,
				       "the process that looked after it was killed; "
				       "what it started may go on");
		}
	}
}

static int prepare(struct run *run)
{
	sigset_t set;

	run->place.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run->place.proc_fd < 0)
		return -errno;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signals < 0 ? -errno : 0;
}

static int loop(struct run *run)
{
	struct pollfd polls[] = {
		{ .fd = run->place.channel, .events = POLLIN },
		{ .fd = run->signals, .events = POLLIN },
	};
	int r = 1;

	while (r > 0) {
		if (poll(polls, ARRAY_SIZE(polls), -1) < 0 && errno != EINTR)
			return -errno;
		if (polls[1].revents)
			reap(run);
		if (polls[0].revents)
			r = take_message(run);
	}
	return r;
}

int run_serve(int channel, int root_fd)
{
	scoped(run_clear) struct run run = {
		.place = { .channel = channel, .root_fd = root_fd, .proc_fd = -1 },
		.signals = -1,
	};
	int r = prepare(&run);

	if (r == 0)
		r = loop(&run);
	if (r < 0) {
		log_error("%s; this helper ends, and starts nothing any more",
			  r == -EBADMSG || r == -EPROTO || r == -EFBIG
				  ? "exmachinad said what it never says"
				  : strerror(-r));
		return EXIT_FAILURE;
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return EXIT_SUCCESS;
}
