/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, in a process for one job, as root. Tells the monitor by
 * itself how it ended, whatever has become of the main process; if there is
 * no monitor any more, the system's log.
 */
#include "run/job.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "common/channel.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"

uint32_t job_left_ms(const struct job *job)
{
	uint64_t now = clock_msec();

	return now < job->deadline ? (uint32_t)(job->deadline - now) : 0;
}

void job_progress(struct job *job, uint8_t percent, const char *stage, const char *detail)
{
	const struct message message = {
		.type = MON_RUN_PROGRESS,
		.run_progress = {
			.ticket = job->call->ticket,
			.percent = percent,
			.stage = stage,
			.detail = detail,
		},
	};

	/* a monitor that does not listen just now misses nothing that it needs */
	(void)!channel_send(job->channel, &message, -1, false);
}

void job_late(struct job *job)
{
	const struct message message = {
		.type = MON_RUN_PROGRESS,
		.run_progress = {
			.ticket = job->call->ticket,
			.percent = UINT8_MAX,
			.late = true,
			.detail = "it must not be interrupted any more, and goes on",
		},
	};

	(void)!channel_send(job->channel, &message, -1, true);
}

bool job_commit(struct job *job)
{
	job->lasting = !job->ending;
	return job->lasting;
}

bool job_say(struct job *job, const char *text)
{
	return job->talk >= 0 && fd_write_all(job->talk, text, strlen(text)) == 0;
}

void job_fail(struct job *job, enum run_outcome outcome, int error, const char *format, ...)
{
	va_list arguments;

	job->end.outcome = outcome;
	job->end.error = error;
	va_start(arguments, format);
	vsnprintf(job->end.detail, sizeof(job->end.detail), format, arguments);
	va_end(arguments);
}

static void log_end(const struct job *job, int error)
{
	static const char *const words[RUN_OUTCOME_MAX] = {
		[RUN_EXITED] = "exited with status",   [RUN_SIGNALED] = "was killed by signal",
		[RUN_TIMEOUT] = "took too long",       [RUN_REFUSED] = "was refused",
		[RUN_UNKNOWN] = "knows no such name",  [RUN_MISSING] = "is missing",
		[RUN_CANNOT] = "could not be started",
	};
	bool number = job->end.outcome == RUN_EXITED || job->end.outcome == RUN_SIGNALED;
	char status[16] = "";

	if (number)
		snprintf(status, sizeof(status), " %d", job->end.status);
	log_open("exmachina-run", LOG_TO_SYSLOG);
	log_notice("%s for %s %s%s%s%s; exmachinad could not be told: %s",
		   run_program_word(job->call->program), job->call->names, words[job->end.outcome],
		   status, job->end.detail[0] ? ": " : "", job->end.detail, strerror(error));
}

static void tell_end(struct job *job)
{
	char output[MESSAGE_LOG_MAX + 1];
	const struct message message = {
		.type = MON_RUN_END,
		.run_end = {
			.ticket = job->call->ticket,
			.outcome = (uint8_t)job->end.outcome,
			.error = job->end.error,
			.status = job->end.status,
			.detail = job->end.detail,
			.output = output,
		},
	};
	int r;

	tail_text(&job->output, output);
	r = channel_send(job->channel, &message, job->report, true);
	if (r < 0)
		log_end(job, -r);
}

/* The system's log is found before the root directory changes. */
static int enter(const struct job_place *place, enum run_program program)
{
	openlog("exmachina-run", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -errno;
	/* makes a root directory of its own */
	if (program == RUN_CHECK)
		return 0;
	if (fchdir(place->root_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

static void run_program(struct job *job)
{
	static void (*const run[RUN_PROGRAM_MAX])(struct job * job) = {
#define X(NAME, name, word) [RUN_##NAME] = name##_run,
		RUN_PROGRAMS(X)
#undef X
	};

	run[job->call->program](job);
}

_Noreturn void job_main(const struct job_place *place, const struct policy *policy,
			const struct msg_run_call *call, int enclosed)
{
	struct job job = {
		.policy = policy,
		.call = call,
		.enclosed = enclosed,
		.channel = place->channel,
		.root_fd = place->root_fd,
		.proc_fd = place->proc_fd,
		.deadline = clock_msec() + call->timeout_ms,
		.talk = -1,
		.report = -1,
	};
	int r = enter(place, call->program);

	if (r < 0) {
		job_fail(&job, RUN_CANNOT, -r, "the root directory cannot be entered");
	} else {
		job_progress(&job, 255, "started", "");
		run_program(&job);
	}
	tell_end(&job);
	_exit(EXIT_SUCCESS);
}
