/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. What comes after what in a service call, from the first look
 * at the unit to the verdict; service_job has the time, the losses and the end.
 */
#include "monitor/systemd/service_steps.h"

#include <errno.h>
#include <string.h>

enum {
	USEC_PER_MSEC = 1000,
	PATIENCE = 10 * 1000 * USEC_PER_MSEC, /* with a systemd that is silent while it settles */
};

static void settle(struct service_job *job)
{
	int r = service_settle_begin(&job->settle);

	job->step = STEP_SETTLE;
	if (r < 0)
		service_job_lost(job, -r, NULL);
}

/* Takes up what was interrupted. Only jobs leave traces; the rest is done again. */
void service_steps_again(struct service_job *job)
{
	if (job->settle.begin > 0)
		settle(job);
	else if (job->ended)
		service_steps_look(job, STEP_AFTER);
	else
		service_steps_look(job, job->action.asked && service_job_is_job(job) ? STEP_TRACES
										     : STEP_BEFORE);
}

static void on_settling(const struct unit_state *now, uint64_t after_usec, bool over, void *data)
{
	struct service_job *job = data;
	bool good = verdict_of_settling(&job->verdict, &job->settled, now, after_usec);

	job->tries = 0;
	if (good && !over) {
		service_progress_tell(&job->teller, "settling", now->sub);
		return;
	}
	if (good)
		verdict_set(&job->verdict, JOB_DONE, 0, "%s", "");
	job->after = *now;
	service_job_finish(job);
}

static void on_waits(const char *path, void *data)
{
	struct service_job *job = data;

	service_progress_follow(&job->teller, job->before.id, path);
}

/* The verdict is made, unless the unit still has to prove itself. */
static void finish_or_settle(struct service_job *job)
{
	if (job->verdict.outcome != JOB_DONE || job->order.settle_ms == 0 ||
	    !verdict_is_settling(job->order.verb, &job->after)) {
		service_job_finish(job);
		return;
	}
	job->settled = job->after;
	job->settle.unit = job->settled.id;
	service_job_wake(job->deadline, job->settle.usec + PATIENCE);
	settle(job);
}

static void judge(struct service_job *job)
{
	if (!job->ended) {
		service_job_finish_timeout(job);
		return;
	}
	if (job->action.useless)
		verdict_of_useless(&job->verdict, &job->after);
	else if (service_job_is_job(job))
		verdict_of_job(&job->verdict, job->order.verb, job->action.job_result, &job->before,
			       &job->after);
	else
		verdict_of_change(&job->verdict, job->order.verb, &job->before);
	finish_or_settle(job);
}

/* The job that was lost from sight: still there, or known by what it left. */
static void follow_traces(struct service_job *job)
{
	const char *path = job->action.path, *now = job->after.job;
	bool has_job = now[0] != '\0' && strcmp(now, "/") != 0;

	if (path[0] != '\0' && service_removed_result(job->service, path))
		now = path;
	else if (!has_job || (path[0] != '\0' && strcmp(path, now) != 0))
		now = NULL;
	if (now) {
		job->tries = 0;
		job->step = STEP_ACTION;
		service_action_wait(&job->action, now);
		return;
	}
	verdict_of_traces(&job->verdict, job->order.verb, &job->before, &job->after);
	finish_or_settle(job);
}

static void act(struct service_job *job)
{
	bool reload = job->before.need_reload && !job->reloaded;

	job->reloaded = true;
	job->step = STEP_ACTION;
	service_action_begin(&job->action, reload);
}

static void on_ended(void *data)
{
	struct service_job *job = data;

	job->ended = true;
	service_steps_look(job, STEP_AFTER);
}

static void on_blocked(const char *unit, const char *job_result, void *data)
{
	struct service_job *job = data;

	verdict_set(&job->verdict, JOB_FAILED, 0,
		    "%s has to be stopped first, but that ended with: %s.", unit, job_result);
	service_job_finish(job);
}

static int on_state(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	struct service_job *job = data;
	int r;

	(void)error;
	job->slot = sd_bus_slot_unref(job->slot);
	if (refusal) {
		service_job_refused(refusal, job);
		return 0;
	}
	r = unit_state_read(message, &job->after);
	if (r < 0) {
		service_job_finish_errno(-r, "systemd's answer can't be read", job);
	} else if (job->step == STEP_TRACES) {
		follow_traces(job);
	} else if (job->step == STEP_AFTER) {
		judge(job);
	} else if (job->order.verb == SERVICE_STATUS) {
		verdict_of_status(&job->verdict, &job->after);
		service_job_finish(job);
	} else {
		job->before = job->after;
		act(job);
	}
	return 0;
}

void service_steps_look(struct service_job *job, enum job_step step)
{
	struct service_bus *bus;
	int r = service_connect(job->service, &bus);

	job->slot = sd_bus_slot_unref(job->slot);
	if (r >= 0)
		r = service_bus_ask_unit(bus, job->unit, on_state, job, &job->slot);
	job->step = step;
	if (r >= 0)
		return;
	if (job->action.asked || job->tries > 0)
		service_job_lost(job, -r, NULL);
	else
		service_job_finish_errno(-r, "no systemd answers", job);
}

void service_steps_fill(struct service_job *job)
{
	static const struct service_action_events events = {
		.waits = on_waits,
		.ended = on_ended,
		.refused = service_job_refused,
		.broken = service_job_finish_errno,
		.blocked = on_blocked,
	};

	job->action.service = job->settle.service = job->teller.service = job->service;
	job->teller.order = &job->order;
	job->teller.begin = job->begin;
	job->action.events = &events;
	job->action.data = job->settle.data = job;
	job->action.verb = job->order.verb;
	job->action.unit = job->unit;
	job->action.pair = job->order.pair;
	job->settle.usec = (uint64_t)job->order.settle_ms * USEC_PER_MSEC;
	job->settle.tick = job->order.progress != NULL;
	job->settle.seen = on_settling;
	job->settle.refused = service_job_refused;
}
