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
	LOOK_MS = 5000, /* for the status after an action, also when the deadline has passed */
	TICK = SEC,
};

static void run(struct initd_call *call, enum initd_step step, enum service_verb action);

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
		.elapsed_ms = (uint32_t)((initd_call_now(call) - call->begin) / MSEC),
		.stage = stage ? stage : service_verb_word(call->action),
		.detail = "",
	};

	if (call->order.progress && call->step != STEP_END)
		call->order.progress(&progress, call->order.data);
}

static void look(struct initd_call *call)
{
	call->looked = initd_call_now(call);
	if (call->script.has_status) {
		run(call, STEP_LOOK, SERVICE_STATUS);
	} else {
		call->state = INITD_UNKNOWN;
		initd_call_judge(call);
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
		initd_call_finish(call);
		return;
	}
	call->patience = initd_call_now(call) + PATIENCE;
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
		initd_call_finish(call);
	else
		run(call, STEP_ACTION, SERVICE_RESTART);
}

static void status_ended(struct initd_call *call, const struct run_result *result)
{
	call->state = initd_state_of(result);
	/* asked for nothing else, it has to be an answer */
	if (call->order.verb == SERVICE_STATUS && result->outcome != RUN_EXITED)
		initd_judge_run(&call->verdict, call->unit, "status", result);
	initd_call_judge(call);
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
	initd_call_finish(call);
}

static void run(struct initd_call *call, enum initd_step step, enum service_verb action)
{
	uint64_t now = initd_call_now(call);
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
		initd_call_finish(call);
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
			initd_call_finish(call);
		break;
	case SERVICE_RELOAD_OR_RESTART:
		run(call, STEP_ACTION, SERVICE_RELOAD);
		break;
	case SERVICE_MASK:
	case SERVICE_UNMASK:
		initd_judge(&call->verdict, JOB_FAILED, 0,
			    "%s of %s: init scripts have nothing like it", service_verb_word(verb),
			    call->unit);
		initd_call_finish(call);
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
		initd_call_finish(call);
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
	else if (initd_call_now(call) >= call->deadline)
		finish_timeout(call);
	else /* woken earlier, when it is its turn */
		initd_call_pause(call, STEP_WAIT, call->deadline - initd_call_now(call));
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
		initd_call_pause(call, STEP_WAIT, 0);
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
