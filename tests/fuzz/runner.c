/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What exmachina-run says to the monitor: packets. Each call ends once, in a way that is one.
 */
#include "packets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/policy.h"
#include "common/run_program.h"
#include "monitor/runner.h"
#include "monitor/runner_start.h"

enum { CALLS = 4 };

/* In place of src/monitor/runner_start.c: the helper is this file, and a process that waits. */
static int helper = -1;

static pid_t waiting_process(void)
{
	static pid_t pid;
	pid_t parent = getpid();
	sigset_t set;

	if (pid > 0)
		return pid;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	expect(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* unless that was too late */
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	return pid;
}

int runner_start_helper(int root_fd, bool to_syslog, int *ret_channel, pid_t *ret_pid)
{
	(void)root_fd;
	(void)to_syslog;
	*ret_pid = waiting_process();
	return channel_pair(ret_channel, &helper);
}

/* ---- the monitor's side --------------------------------------------------------------- */

struct call {
	bool over;
};

static void on_progress(const struct msg_run_progress *progress, void *data)
{
	const struct call *call = data;

	expect(!call->over && progress->stage && progress->detail);
}

static void on_done(struct run_result *result, void *data)
{
	struct call *call = data;

	expect(!call->over);
	call->over = true;
	expect(result->outcome < RUN_OUTCOME_MAX);
	expect(strlen(result->output) <= MESSAGE_LOG_MAX);
	expect(result->report < 0 || fcntl(result->report, F_GETFD) >= 0);
}

static void start_calls(struct runner *runner, struct call *calls)
{
	for (size_t i = 0; i < CALLS; i++) {
		const struct runner_order order = {
			.program = RUN_INITD,
			.timeout_ms = 1000000,
			.names = "x.service",
			.progress = i % 2 ? on_progress : NULL,
			.done = on_done,
			.data = &calls[i],
		};

		expect(runner_call(runner, &order) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped_fd root = open("/proc/self/fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct call calls[CALLS] = { { .over = false } };
	struct packet_input input = { .data = data, .size = size }, packet;
	struct runner *runner = NULL;
	sd_event *event = NULL;
	int r;

	expect(policy && root >= 0 && sd_event_new(&event) >= 0);
	expect(runner_start(root, false, policy, &runner) == 0);
	expect(runner_attach(runner, event) == 0);
	start_calls(runner, calls);
	/* what finds no room is not said */
	while (packet_next(&input, &packet))
		if (!packet_send(helper, &packet))
			break;
	/* and then it is gone */
	helper = close_fd(helper);
	do {
		r = sd_event_run(event, 0);
	} while (r > 0);
	expect(r == 0 && !runner_is_there(runner));
	for (size_t i = 0; i < CALLS; i++)
		expect(calls[i].over);
	runner_free(runner);
	sd_event_unref(event);
	return 0;
}
