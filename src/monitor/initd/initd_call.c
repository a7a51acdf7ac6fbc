/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The unit's name comes from the engine, and the policy has
 * allowed it. Scripts claim much: what counts is what their status action says
 * afterwards. A call moves on only by a timer or by the end of a run.
 */
#include "monitor/initd/initd_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	MSEC = 1000,
	SEC = 1000 * MSEC,
	ACCURACY = 1,

	/* a daemon may write its process ID a moment after its script has ended */
	PATIENCE = 2 * SEC,
	LOOK_INTERVAL = 200 * MSEC,
	LOOK_MS = 5000, /* for the status after an action, also when the deadline has passed */
	TICK = SEC,
};

static void run(struct initd_call *call, enum initd_step step, enum service_verb action);

static uint64_t now_usec(const struct initd_call *call)
{
	uint64_t now = 0;

	(void)sd_event_now(initd_event(call->initd), CLOCK_MONOTONIC, &now);
	return now;
}

static void pause_for(struct initd_call *call, enum initd_step step, uint64_t usec)
{
	call->step = step;
	/* both work on an existing source and can't fail */
	(void)sd_event_source_set_time_relative(call->timer, usec);
	(void)sd_event_source_set_enabled(call->timer, SD_EVENT_ONESHOT);
}

static void finish(struct initd_call *call)
{
	pause_for(call, STEP_END, 0);
}

static void tell(const struct initd_call *call)
{
	static const char *const stages[] = {
		[STEP_WAIT] = "waiting", [STEP_BEFORE] = "status", [STEP_LOOK] = "status",
		[STEP_PAUSE] = "settle", [STEP_END] = "",
	};
	const char *stage = stages[call->step];
	const struct msg_progress progress = {
		.ticket = call->order.ticket,
		.percent = 255,
		.elapsed_ms = (uint32_t)((now_usec(call) - call->begin) / MSEC),
		.stage = stage ? stage : service_verb_word(call->action),
		.detail = "",
	};

	if (call->order.progress && call->step != STEP_END)
		call->order.progress(&progress, call->order.data);
}

/* ---- after the last action ---- */

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
		finish(call);
	else
		pause_for(call, STEP_PAUSE,
			  call->settled - now < LOOK_INTERVAL ? call->settled - now
							      : LOOK_INTERVAL);
}

static void judge_stopped(struct initd_call *call, uint64_t now)
{
	const char *word = service_verb_word(call->order.verb);

	if (call->settled == 0 && now < call->patience) {
		pause_for(call, STEP_PAUSE, LOOK_INTERVAL);
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
	finish(call);
}

static void judge_still_there(struct initd_call *call, uint64_t now)
{
	if (now < call->patience) {
		pause_for(call, STEP_PAUSE, LOOK_INTERVAL);
		return;
	}
	initd_judge(&call->verdict, JOB_FAILED, 0,
		    "stop of %s: the script ended well, but the service still runs", call->unit);
	finish(call);
}

/* The state is known, as far as it can be. */
static void judge_state(struct initd_call *call)
{
	uint64_t now = now_usec(call);
	bool stopped = call->state == INITD_STOPPED || call->state == INITD_DEAD;

	call->main_pid = stopped ? 0
				 : initd_script_main_pid(initd_root_fd(call->initd), call->name,
							 &call->script);
	if (!call->script.has_status && call->main_pid)
		call->state = INITD_RUNNING;
	if (call->verdict.outcome != JOB_DONE)
		finish(call);
	else if (must_run(call) && stopped)
		judge_stopped(call, now);
	else if (must_run(call) && call->state == INITD_RUNNING)
		judge_running(call, now);
	else if (call->order.verb == SERVICE_STOP && call->state == INITD_RUNNING)
		judge_still_there(call, now);
	else
		finish(call);
}

static void look(struct initd_call *call)
{
	if (call->script.has_status) {
		run(call, STEP_LOOK, SERVICE_STATUS);
	} else {
		call->state = INITD_UNKNOWN;
		judge_state(call);
	}
}

/* ---- the runs ---- */

static void action_ended(struct initd_call *call, struct run_result *result)
{
	initd_judge_run(&call->verdict, call->unit, service_verb_word(call->action), result);
	if (call->verdict.outcome != JOB_DONE)
		snprintf(call->log, sizeof(call->log), "%s", result->output);
	if (call->verdict.outcome != JOB_DONE && call->verdict.outcome != JOB_FAILED &&
	    call->verdict.outcome != JOB_TIMEOUT) {
		finish(call);
		return;
	}
	call->patience = now_usec(call) + PATIENCE;
	look(call);
}

/* The script has no reload, and says so as the LSB wants it. */
static bool should_restart(const struct initd_call *call, const struct run_result *result)
{
	return call->order.verb == SERVICE_RELOAD_OR_RESTART && call->action == SERVICE_RELOAD &&
	       result->outcome == RUN_EXITED && result->status == 3;
}

static void before_ended(struct initd_call *call, const struct run_result *result)
{
	call->state = initd_state_of(result);
	if (call->state == INITD_STOPPED || call->state == INITD_DEAD)
		finish(call);
	else
		run(call, STEP_ACTION, SERVICE_RESTART);
}

static void status_ended(struct initd_call *call, const struct run_result *result)
{
	call->state = initd_state_of(result);
	/* asked for nothing else, it has to be an answer */
	if (call->order.verb == SERVICE_STATUS && result->outcome != RUN_EXITED)
		initd_judge_run(&call->verdict, call->unit, "status", result);
	judge_state(call);
}

static void on_done(struct run_result *result, void *data)
{
	struct initd_call *call = data;

	if (call->step == STEP_BEFORE)
		before_ended(call, result);
	else if (call->step == STEP_LOOK)
		status_ended(call, result);
	else if (should_restart(call, result))
		run(call, STEP_ACTION, SERVICE_RESTART);
	else
		action_ended(call, result);
}

static void finish_timeout(struct initd_call *call)
{
	initd_judge(&call->verdict, JOB_TIMEOUT, 0, "%s of %s: not begun in %.3g s",
		    service_verb_word(call->order.verb), call->unit,
		    call->order.timeout_ms / 1000.0);
	finish(call);
}

static void run(struct initd_call *call, enum initd_step step, enum service_verb action)
{
	uint64_t now = now_usec(call);
	uint64_t left = call->deadline > now ? (call->deadline - now) / MSEC : 0;
	struct runner_order order = {
		.program = RUN_INITD,
		.entry = call->order.entry,
		.verb = (uint8_t)action,
		.timeout_ms = left < LOOK_MS && step == STEP_LOOK ? LOOK_MS : (uint32_t)left,
		.names = call->unit,
		.done = on_done,
		.data = call,
	};
	int r;

	call->step = step;
	call->action = action;
	if (order.timeout_ms == 0) {
		finish_timeout(call);
		return;
	}
	tell(call);
	r = runner_call(initd_runner(call->initd), &order);
	if (r < 0) {
		initd_judge(&call->verdict, r == -EBUSY ? JOB_BUSY : JOB_UNAVAILABLE, -r,
			    "%s of %s: exmachina-run cannot be asked: %s",
			    service_verb_word(action), call->unit, strerror(-r));
		finish(call);
	}
}

/* ---- from the beginning to the answer ---- */

static void begin_verb(struct initd_call *call)
{
	enum service_verb verb = call->order.verb;

	switch (verb) {
	case SERVICE_STATUS:
	case SERVICE_RESET_FAILED: /* nobody remembers failures */
		look(call);
		break;
	case SERVICE_TRY_RESTART:
		if (call->script.has_status)
			run(call, STEP_BEFORE, SERVICE_STATUS);
		else if (call->main_pid_before)
			run(call, STEP_ACTION, SERVICE_RESTART);
		else
			finish(call);
		break;
	case SERVICE_RELOAD_OR_RESTART:
		run(call, STEP_ACTION, SERVICE_RELOAD);
		break;
	case SERVICE_MASK:
	case SERVICE_UNMASK:
		initd_judge(&call->verdict, JOB_FAILED, 0,
			    "%s of %s: init scripts have nothing like it", service_verb_word(verb),
			    call->unit);
		finish(call);
		break;
	default:
		run(call, STEP_ACTION, verb);
	}
}

static void begin(struct initd_call *call)
{
	int root_fd = initd_root_fd(call->initd);
	int r = initd_script_read(root_fd, call->name, &call->script);

	if (r < 0) {
		initd_judge(&call->verdict, r == -ENOENT ? JOB_NO_UNIT : JOB_UNAVAILABLE, -r,
			    "/etc/init.d/%s: %s", call->name, strerror(-r));
		finish(call);
		return;
	}
	call->main_pid_before = initd_script_main_pid(root_fd, call->name, &call->script);
	initd_script_links(root_fd, call->name, call->links);
	begin_verb(call);
}

static void deliver(struct initd_call *call)
{
	const struct initd_verdict *verdict = &call->verdict;
	bool missing = verdict->outcome == JOB_NO_UNIT;
	enum service_verb_kind kind = service_verb_kind(call->order.verb);
	char links[INITD_LINKS_SIZE], changes[MESSAGE_CHANGES_MAX + 1] = "";
	const char *sub = initd_sub_word(call->state);

	initd_script_links(initd_root_fd(call->initd), call->name, links);
	if (kind == VERB_UNIT_FILE)
		initd_links_compare(call->links, links, changes);
	/* it says that all is well, and no process of those that it names is there */
	if (call->state == INITD_RUNNING && call->script.pidfile_count && !call->main_pid)
		sub = "exited";
	const struct msg_job result = {
		.ticket = call->order.ticket,
		.outcome = (uint8_t)verdict->outcome,
		.error = verdict->error,
		.manager = "initd",
		.job_result = kind == VERB_JOB ? verdict->job_result : "",
		.load_state = missing ? "not-found" : "loaded",
		.active_state = missing ? "inactive" : initd_active_word(call->state),
		.sub_state = missing ? "dead" : sub,
		.file_state = missing                      ? ""
			      : initd_links_enabled(links) ? "enabled"
							   : "disabled",
		.result = verdict->result,
		.main_pid_before = call->order.verb == SERVICE_STATUS ? 0 : call->main_pid_before,
		.main_pid = call->main_pid,
		.exit_status = verdict->exit_status,
		.triggered_by = "",
		.changes = changes,
		.detail = verdict->detail,
		.log = call->log,
	};

	initd_forget(call->initd, call);
	call->order.done(&result, call->order.data);
	initd_call_free(call);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct initd_call *call = data;

	(void)source;
	(void)usec;
	if (call->step == STEP_END)
		deliver(call);
	else if (call->step == STEP_PAUSE)
		look(call);
	else if (initd_is_turn(call->initd, call))
		begin(call);
	else if (now_usec(call) >= call->deadline)
		finish_timeout(call);
	else /* woken earlier, when it is its turn */
		pause_for(call, STEP_WAIT, call->deadline - now_usec(call));
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	tell(data);
	(void)sd_event_source_set_time(source, usec + TICK);
	return 0;
}

void initd_call_wake(struct initd_call *call)
{
	if (call->step == STEP_WAIT)
		pause_for(call, STEP_WAIT, 0);
}

static int prepare(struct initd_call *call)
{
	sd_event *event = initd_event(call->initd);
	int r = sd_event_now(event, CLOCK_MONOTONIC, &call->begin);

	call->deadline = call->begin + (uint64_t)call->order.timeout_ms * MSEC;
	if (r >= 0)
		r = sd_event_add_time_relative(event, &call->timer, CLOCK_MONOTONIC, 0, ACCURACY,
					       on_timer, call);
	if (r >= 0 && call->order.progress) {
		r = sd_event_add_time_relative(event, &call->tick, CLOCK_MONOTONIC, TICK, ACCURACY,
					       on_tick, call);
		if (r >= 0)
			r = sd_event_source_set_enabled(call->tick, SD_EVENT_ON);
	}
	return r < 0 ? r : 0;
}

int initd_call_new(struct initd *initd, const struct service_order *order,
		   struct initd_call **ret_call)
{
	struct initd_call *call = calloc(1, sizeof(*call));
	int r = -ENOMEM;

	if (!call)
		return r;
	call->initd = initd;
	call->order = *order;
	call->order.unit = call->unit = strdup(order->unit);
	call->verdict = (struct initd_verdict){ .job_result = "done", .result = "success" };
	if (call->unit)
		r = initd_script_name(call->unit, call->name) ? prepare(call) : -EINVAL;
	if (r < 0) {
		initd_call_free(call);
		return r;
	}
	*ret_call = call;
	return 0;
}

struct initd_call *initd_call_free(struct initd_call *call)
{
	if (!call)
		return NULL;
	sd_event_source_disable_unref(call->timer);
	sd_event_source_disable_unref(call->tick);
	free(call->unit);
	free(call);
	return NULL;
}
