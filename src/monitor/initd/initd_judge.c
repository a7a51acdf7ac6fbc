/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what an init script's action has come to. Its word is not
 * enough: a service that was to run must be seen running, for as long as it is to settle.
 */
#include "monitor/initd/initd_call.h"

enum { MSEC = 1000, LOOK_INTERVAL = 200 * MSEC };

uint64_t initd_call_now(const struct initd_call *call)
{
	uint64_t now = 0;

	(void)sd_event_now(initd_event(call->initd), CLOCK_MONOTONIC, &now);
	return now;
}

void initd_call_pause(struct initd_call *call, enum initd_step step, uint64_t usec)
{
	call->step = step;
	/* both work on an existing source and can't fail */
	(void)sd_event_source_set_time_relative(call->timer, usec);
	(void)sd_event_source_set_enabled(call->timer, SD_EVENT_ONESHOT);
}

void initd_call_finish(struct initd_call *call)
{
	initd_call_pause(call, STEP_END, 0);
}

static bool must_run(const struct initd_call *call)
{
	switch (call->order.verb) {
	case SERVICE_START:
	case SERVICE_RESTART:
	case SERVICE_RELOAD:
	case SERVICE_RELOAD_OR_RESTART:
	case SERVICE_TRY_RESTART:
		return true;
	default:
		return false;
	}
}

static void judge_running(struct initd_call *call, uint64_t now)
{
	if (call->settled == 0)
		call->settled = now + (uint64_t)call->order.settle_ms * MSEC;
	if (now >= call->settled)
		initd_call_finish(call);
	else
		initd_call_pause(call, STEP_PAUSE,
				 call->settled - now < LOOK_INTERVAL ? call->settled - now
								     : LOOK_INTERVAL);
}

static void judge_stopped(struct initd_call *call)
{
	const char *word = service_verb_word(call->order.verb);

	if (call->settled == 0 && call->looked < call->patience) {
		initd_call_pause(call, STEP_PAUSE, LOOK_INTERVAL);
		return;
	}
	call->verdict.result = "exit-code";
	if (call->settled == 0)
		initd_judge(&call->verdict, JOB_FAILED, 0,
			    "%s of %s: the script ended well, but the service does not run", word,
			    call->unit);
	else
		initd_judge(&call->verdict, JOB_FAILED, 0,
			    "%s of %s: the service ran, and then ended by itself", word,
			    call->unit);
	initd_call_finish(call);
}

static void judge_still_there(struct initd_call *call)
{
	if (call->looked < call->patience) {
		initd_call_pause(call, STEP_PAUSE, LOOK_INTERVAL);
		return;
	}
	initd_judge(&call->verdict, JOB_FAILED, 0,
		    "stop of %s: the script ended well, but the service still runs", call->unit);
	initd_call_finish(call);
}

void initd_call_judge(struct initd_call *call)
{
	bool stopped = call->state == INITD_STOPPED || call->state == INITD_DEAD;

	call->main_pid = stopped ? 0
				 : initd_script_main_pid(initd_root_fd(call->initd), call->name,
							 &call->script);
	if (!call->script.has_status && call->main_pid)
		call->state = INITD_RUNNING;
	if (call->verdict.outcome != JOB_DONE)
		initd_call_finish(call);
	else if (must_run(call) && stopped)
		judge_stopped(call);
	else if (must_run(call) && call->state == INITD_RUNNING)
		judge_running(call, initd_call_now(call));
	else if (call->order.verb == SERVICE_STOP && call->state == INITD_RUNNING)
		judge_still_there(call);
	else
		initd_call_finish(call);
}
