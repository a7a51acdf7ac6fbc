/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. Nothing is taken from the verifier but how it ends, and its log. */
#include "monitor/verifier.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/channel.h"
#include "common/clock.h"
#include "common/log.h"
#include "monitor/engine_log.h"

struct verifier {
	pid_t pid; /* 0: it was reaped */
	int channel;
	struct engine_log *log;
	char *lens;
	sd_event *event;
	uint64_t before;          /* the number of the text that it has got already; 0: none */
	sd_event_source *reading; /* looks whether it reads that for too long */
	uint64_t reading_usec;    /* and that is as long */
};

static int start(struct verifier *verifier, struct starter *starter, sd_event *event,
		 uint32_t optional)
{
	scoped_fd theirs = -1, log = -1;
	int fds[2], r = channel_pair(&verifier->channel, &theirs);

	if (r == 0)
		r = engine_log_new(event, &verifier->log, &log);
	if (r < 0)
		return r;
	fds[0] = theirs;
	fds[1] = log;
	r = starter_start(starter, START_VERIFY, fds, ARRAY_SIZE(fds), optional, &verifier->pid);
	if (r == 0)
		engine_log_name(verifier->log, "verifier", verifier->pid);
	return r;
}

/* One that has ended already tells by its status why. */
static int unless_ended(int r)
{
	return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}

static int tell_lens(const struct verifier *verifier)
{
	const struct message message = {
		.type = MON_VERIFY_LENS,
		.verify_lens = { .lens = verifier->lens },
	};

	return unless_ended(channel_send(verifier->channel, &message, -1, false));
}

int verifier_new(struct starter *starter, sd_event *event, uint32_t optional, const char *lens,
		 struct verifier **ret_verifier)
{
	struct verifier *verifier = calloc(1, sizeof(*verifier));
	int r;

	if (!verifier)
		return -ENOMEM;
	verifier->channel = -1;
	verifier->event = event;
	verifier->lens = strdup(lens);
	r = verifier->lens ? start(verifier, starter, event, optional) : -ENOMEM;
	if (r == 0)
		r = tell_lens(verifier);
	if (r < 0) {
		verifier_free(verifier);
		return r;
	}
	*ret_verifier = verifier;
	return 0;
}

struct verifier *verifier_free(struct verifier *verifier)
{
	if (!verifier)
		return NULL;
	sd_event_source_disable_unref(verifier->reading);
	if (verifier->pid > 0) {
		kill(verifier->pid, SIGKILL);
		waitpid(verifier->pid, NULL, 0);
	}
	engine_log_free(verifier->log);
	close_fd(verifier->channel);
	free(verifier->lens);
	free(verifier);
	return NULL;
}

bool verifier_waits(const struct verifier *verifier)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)verifier->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

/* What it has used is looked at, and not the time: it may wait for a commit as long as it has to.
 */
static int on_look(sd_event_source *source, uint64_t usec, void *data)
{
	const struct verifier *verifier = data;
	clockid_t clock;
	int r;

	(void)usec;
	if (!verifier_waits(verifier))
		return 0;
	if (clock_getcpuclockid(verifier->pid, &clock) != 0 ||
	    clock_usec_of(clock) >= verifier->reading_usec) {
		log_warning("a verifier that was started ahead reads for too long, and is ended");
		kill(verifier->pid, SIGKILL);
		return 0;
	}
	r = sd_event_source_set_time_relative(source, verifier->reading_usec);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int verifier_give_before(struct verifier *verifier, const struct handout *before,
			 uint32_t timeout_ms)
{
	const struct message old = { .type = MON_VERIFY_BEFORE };
	int r;

	verifier->reading_usec = (uint64_t)timeout_ms * 1000;
	r = sd_event_add_time_relative(verifier->event, &verifier->reading, CLOCK_MONOTONIC,
				       verifier->reading_usec, 0, on_look, verifier);
	if (r >= 0)
		r = channel_send(verifier->channel, &old, before->content, false);
	if (r == 0)
		verifier->before = before->number;
	return r;
}

const char *verifier_lens(const struct verifier *verifier)
{
	return verifier->lens;
}

bool verifier_fits(const struct verifier *verifier, const struct handout *before)
{
	return verifier->before == 0 || verifier->before == before->number;
}

static int give(const struct verifier *verifier, int before, int after, int list)
{
	const struct message old = { .type = MON_VERIFY_BEFORE };
	const struct message new = { .type = MON_VERIFY_AFTER };
	const struct message result = { .type = MON_VERIFY_RESULT };
	int r = verifier->before == 0 ? channel_send(verifier->channel, &old, before, false) : 0;

	if (r == 0)
		r = channel_send(verifier->channel, &new, after, false);
	if (r == 0)
		r = channel_send(verifier->channel, &result, list, false);
	return unless_ended(r);
}

static int wait_for(struct verifier *verifier, uint32_t timeout_ms, int *ret_status)
{
	scoped_fd process = (int)syscall(SYS_pidfd_open, verifier->pid, 0);
	struct pollfd poll_fd = { .fd = process, .events = POLLIN };
	int r = process < 0 ? -errno : poll(&poll_fd, 1, (int)timeout_ms);

	if (r <= 0)
		kill(verifier->pid, SIGKILL);
	if (waitpid(verifier->pid, ret_status, 0) < 0)
		return -errno;
	verifier->pid = 0;
	return r > 0 ? 0 : r == 0 ? -ETIMEDOUT : r;
}

int verifier_run(struct verifier *verifier, const struct handout *before, int after, int list,
		 uint32_t timeout_ms, int *ret_status)
{
	int r;

	if (!verifier_fits(verifier, before))
		return -EINVAL;
	verifier->reading = sd_event_source_disable_unref(verifier->reading);
	r = give(verifier, before->content, after, list);
	return r < 0 ? r : wait_for(verifier, timeout_ms, ret_status);
}
