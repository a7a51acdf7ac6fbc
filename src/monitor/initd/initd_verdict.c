/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. The numbers come from scripts of the administrator. */
#include "monitor/initd/initd_verdict.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	ACTION_UNIMPLEMENTED = 3,
	STATUS_RUNNING = 0,
	STATUS_DEAD_PIDFILE = 1,
	STATUS_DEAD_LOCK = 2,
	STATUS_STOPPED = 3,
	SIGNAL_BASE = 128,
};

enum initd_state initd_state_of(const struct run_result *result)
{
	if (result->outcome != RUN_EXITED)
		return INITD_UNKNOWN;
	switch (result->status) {
	case STATUS_RUNNING:
		return INITD_RUNNING;
	case STATUS_DEAD_PIDFILE:
	case STATUS_DEAD_LOCK:
		return INITD_DEAD;
	case STATUS_STOPPED:
		return INITD_STOPPED;
	default:
		return INITD_UNKNOWN;
	}
}

const char *initd_active_word(enum initd_state state)
{
	static const char *const words[] = {
		[INITD_UNKNOWN] = "unknown",
		[INITD_RUNNING] = "active",
		[INITD_STOPPED] = "inactive",
		[INITD_DEAD] = "failed",
	};

	return words[state];
}

const char *initd_sub_word(enum initd_state state)
{
	static const char *const words[] = {
		[INITD_UNKNOWN] = "unknown",
		[INITD_RUNNING] = "running",
		[INITD_STOPPED] = "dead",
		[INITD_DEAD] = "dead",
	};

	return words[state];
}

static const char *status_word(int status)
{
	static const char *const words[] = {
		[1] = "it failed",
		[2] = "it did not understand the action",
		[ACTION_UNIMPLEMENTED] = "it has no such action",
		[4] = "it lacks a privilege",
		[5] = "the program is not installed",
		[6] = "the program is not configured",
		[7] = "the program is not running",
	};

	return status > 0 && (size_t)status < ARRAY_SIZE(words) ? words[status] : "it failed";
}

void initd_judge(struct initd_verdict *verdict, enum job_outcome outcome, int error,
		 const char *format, ...)
{
	va_list arguments;

	verdict->outcome = outcome;
	verdict->error = error;
	verdict->job_result = outcome == JOB_DONE      ? "done"
			      : outcome == JOB_FAILED  ? "failed"
			      : outcome == JOB_TIMEOUT ? "timeout"
						       : "";
	va_start(arguments, format);
	vsnprintf(verdict->detail, sizeof(verdict->detail), format, arguments);
	va_end(arguments);
}

void initd_judge_run(struct initd_verdict *verdict, const char *unit, const char *action,
		     const struct run_result *result)
{
	verdict->result = "success";
	switch (result->outcome) {
	case RUN_EXITED:
		verdict->exit_status = result->status;
		initd_judge(verdict, JOB_DONE, 0, "%s", "");
		if (result->status == 0)
			break;
		verdict->result = "exit-code";
		initd_judge(verdict, JOB_FAILED, 0,
			    "%s of %s: the script exited with status %d, %s", action, unit,
			    result->status, status_word(result->status));
		break;
	case RUN_SIGNALED:
		verdict->exit_status = SIGNAL_BASE + result->status;
		verdict->result = "signal";
		initd_judge(verdict, JOB_FAILED, 0, "%s of %s: the script was killed by signal %d",
			    action, unit, result->status);
		break;
	case RUN_TIMEOUT:
		verdict->result = "timeout";
		initd_judge(verdict, JOB_TIMEOUT, 0, "%s of %s: %s", action, unit, result->detail);
		break;
	case RUN_REFUSED:
		initd_judge(verdict, JOB_DENIED, 0, "%s", result->detail);
		break;
	case RUN_MISSING:
		initd_judge(verdict, JOB_NO_UNIT, 0, "%s", result->detail);
		break;
	default:
		verdict->result = "resources";
		initd_judge(verdict, JOB_UNAVAILABLE, result->error, "%s", result->detail);
	}
}
