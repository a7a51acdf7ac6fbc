/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The unit's name comes from the engine, and the policy has
 * allowed it; systemd is trusted. A job moves on only by a timer, an answer
 * or a signal, and ends from a timer of its own, so that whoever walks over
 * the jobs never sees one vanish.
 */
#include "monitor/systemd/service_job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "monitor/systemd/service_steps.h"
#include "monitor/systemd/unit_log.h"

enum {
	USEC_PER_MSEC = 1000,
	ACCURACY = 1, /* else sd-event may be late by a quarter of a second */

	RETRY_INTERVAL = 200 * USEC_PER_MSEC,
	RETRY_MAX = 25, /* 5 s, in which systemd has long executed itself again */

	LAST_LOOK = 500 * USEC_PER_MSEC, /* for the unit's state after the deadline */
};

void service_job_wake(sd_event_source *timer, uint64_t usec)
{
	/* both work on an existing source and can't fail */
	(void)sd_event_source_set_time_relative(timer, usec);
	(void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

void service_job_stop_asking(struct service_job *job)
{
	job->slot = sd_bus_slot_unref(job->slot);
	service_progress_stop(&job->teller);
	service_settle_stop(&job->settle);
	service_action_stop(&job->action);
}

/* ---- the end ------------------------------------------------------------------ */

static void deliver(void *data)
{
	struct service_job *job = data;
	const struct unit_state *state = &job->after;
	const struct msg_job result = {
		.ticket = job->order.ticket,
		.outcome = (uint8_t)job->verdict.outcome,
		.error = job->verdict.error,
		.manager = "systemd",
		.job_result = job->action.job_result,
		.load_state = state->load,
		.active_state = state->active,
		.sub_state = state->sub,
		.file_state = state->file_state,
		.result = state->result,
		.main_pid_before = job->before.main_pid,
		.main_pid = state->main_pid,
		.exit_status = unit_state_exit(state),
		.triggered_by = job->ending.sockets,
		.changes = job->action.changes,
		.detail = job->verdict.detail,
		.log = job->ending.log,
	};

	service_forget(job->service, job);
	job->order.done(&result, job->order.data);
	service_job_free(job);
}

/* What process 1 writes in the end, if anything. */
static unsigned int last_word(const struct service_job *job)
{
	/* jobs of which it writes nothing; "": there was none */
	static const char *const silent[] = { "", "canceled", "skipped", "invalid" };
	bool failed = unit_state_failed(&job->after) && strcmp(job->after.result, "success") != 0;

	if (job->settle.begin > 0)
		return failed ? UNIT_LOG_UNIT_FAILED : 0u;
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		if (strcmp(job->action.job_result, silent[i]) == 0)
			return 0;
	return UNIT_LOG_JOB_ENDED;
}

/* The verdict stands. */
void service_job_finish(struct service_job *job)
{
	enum job_outcome outcome = job->verdict.outcome;
	struct service_ending *ending = &job->ending;

	service_job_stop_asking(job);
	job->step = STEP_ENDING;
	ending->service = job->service;
	ending->unit = job->after.id[0] != '\0' ? job->after.id : job->unit;
	ending->names = job->after.sockets;
	ending->since = job->begin;
	ending->with_log = job->action.asked && service_job_is_job(job) &&
			   (outcome == JOB_FAILED || outcome == JOB_TIMEOUT);
	ending->hurried = outcome == JOB_TIMEOUT || outcome == JOB_UNAVAILABLE;
	ending->last_word = last_word(job);
	ending->done = deliver;
	ending->data = job;
	/* without memory for a timer of its own it ends by the deadline's */
	if (service_ending_begin(ending) < 0)
		service_job_wake(job->deadline, 0);
}

void service_job_finish_errno(int error, const char *what, void *data)
{
	struct service_job *job = data;

	verdict_set(&job->verdict, JOB_UNAVAILABLE, error, "%s: %s", what, strerror(error));
	service_job_finish(job);
}

void service_job_finish_timeout(struct service_job *job)
{
	verdict_set(&job->verdict, JOB_TIMEOUT, 0, "%s %s has not ended in %.3g s%s.",
		    service_verb_word(job->order.verb), job->unit, job->order.timeout_ms / 1000.0,
		    job->action.asked ? "; it goes on" : "");
	service_job_finish(job);
}

/* ---- loss and return ------------------------------------------------------------- */

void service_job_lost(struct service_job *job, int error, const char *text)
{
	if (job->step == STEP_ENDING) {
		service_ending_hurry(&job->ending);
		return;
	}
	service_job_stop_asking(job);
	if (job->timed_out) {
		service_job_finish_timeout(job);
		return;
	}
	job->step = STEP_LOST;
	if (++job->tries > RETRY_MAX) {
		verdict_set(&job->verdict, JOB_UNAVAILABLE, error, "systemd does not answer: %s",
			    text ? text : strerror(error));
		service_job_finish(job);
		return;
	}
	service_job_wake(job->timer, RETRY_INTERVAL);
}

void service_job_refused(const sd_bus_error *error, void *data)
{
	struct service_job *job = data;

	if (verdict_is_lost(error)) {
		service_job_lost(job, sd_bus_error_get_errno(error), error->message);
	} else if (job->timed_out) {
		service_job_finish_timeout(job);
	} else {
		verdict_of_refusal(&job->verdict, error);
		service_job_finish(job);
	}
}

void service_job_removed(struct service_job *job, const char *path, const char *result)
{
	if (job->step == STEP_ACTION || job->step == STEP_TRACES)
		service_action_removed(&job->action, path, result);
}

/* Signals may have been lost; an answer that will not come is told as an error. */
void service_job_back(struct service_job *job)
{
	if ((job->step == STEP_ACTION && job->action.waiting) || job->step == STEP_SETTLE) {
		service_job_stop_asking(job);
		service_steps_again(job);
	}
}

/* ---- time ------------------------------------------------------------------------------ */

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct service_job *job = data;

	(void)source;
	(void)usec;
	if (job->step == STEP_LOST)
		service_steps_again(job);
	return 0;
}

/* Nobody waits any longer; but how the unit is now belongs into the answer if it can be had soon.
 */
static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct service_job *job = data;
	bool look = job->step == STEP_ACTION && job->action.waiting;

	(void)usec;
	if (job->step == STEP_ENDING) {
		if (!job->ending.turn)
			deliver(job);
		else
			service_ending_hurry(&job->ending);
		return 0;
	}
	if (job->settle.begin > 0) {
		service_job_finish_errno(ETIMEDOUT, "systemd does not tell how the unit is", job);
		return 0;
	}
	job->timed_out = true;
	if (!look) {
		service_job_finish_timeout(job);
		return 0;
	}
	service_job_stop_asking(job);
	service_job_wake(source, LAST_LOOK);
	service_steps_look(job, STEP_AFTER);
	return 0;
}

static int prepare(struct service_job *job)
{
	sd_event *event = service_event(job->service);
	int r = sd_event_add_time_relative(event, &job->timer, CLOCK_MONOTONIC, 0, ACCURACY,
					   on_timer, job);

	if (r >= 0)
		r = sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &job->deadline, CLOCK_MONOTONIC,
					       (uint64_t)job->order.timeout_ms * USEC_PER_MSEC,
					       ACCURACY, on_deadline, job);
	return r < 0 ? r : 0;
}

int service_job_new(struct service *service, const struct service_order *order,
		    struct service_job **ret_job)
{
	struct service_job *job = calloc(1, sizeof(*job));
	int r = -ENOMEM;

	if (!job)
		return r;
	job->unit = strdup(order->unit);
	job->begin = service_now(service);
	job->service = service;
	job->order = *order;
	job->order.unit = job->unit;
	service_steps_fill(job);
	if (job->unit)
		r = prepare(job);
	if (r < 0) {
		service_job_free(job);
		return r;
	}
	*ret_job = job;
	/* whatever comes of it comes later */
	service_steps_look(job, STEP_BEFORE);
	return 0;
}

struct service_job *service_job_free(struct service_job *job)
{
	if (!job)
		return NULL;
	service_job_stop_asking(job);
	service_ending_stop(&job->ending);
	sd_event_source_disable_unref(job->timer);
	sd_event_source_disable_unref(job->deadline);
	free(job->unit);
	free(job);
	return NULL;
}
