/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The unit's name comes from the engine, and the policy has
 * allowed it; systemd is trusted. A job moves on only by a timer, an answer
 * or a signal, and ends from a timer of its own, so that whoever walks over
 * the jobs never sees one vanish.
 */
#include "monitor/service_job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "monitor/service_verdict.h"
#include "monitor/text.h"
#include "monitor/unit_log.h"

enum {
	USEC_PER_MSEC = 1000,
	ACCURACY = 1, /* else sd-event may be late by a quarter of a second */

	RETRY_INTERVAL = 200 * USEC_PER_MSEC,
	RETRY_MAX = 25, /* 5 s, in which systemd has long executed itself again */

	LAST_LOOK = 500 * USEC_PER_MSEC, /* for the unit's state after the deadline */

	/* journald writes a moment later than systemd answers */
	LOG_INTERVAL = 50 * USEC_PER_MSEC,
	LOG_TRIES = 10,
};

enum job_step {
	STEP_NEW,
	STEP_BEFORE, /* asked for the state before the job */
	STEP_ASKED,  /* asked for the job */
	STEP_WAIT,   /* for its end */
	STEP_LOST,   /* no connection; the timer tries again */
	STEP_TRACES, /* asked what has become of a job that was lost from sight */
	STEP_AFTER,  /* asked for the state after the job, or after the deadline */
	STEP_LOG,
	STEP_END,
};

struct service_job {
	struct service *service;
	struct service_order order; /* its unit is `unit` */
	char *unit;

	enum job_step step;
	unsigned int tries;
	bool asked;     /* systemd may have got the request */
	bool timed_out; /* the deadline has passed */
	bool log_ended; /* process 1 has had the last word */
	uint64_t begin; /* CLOCK_MONOTONIC, microseconds */
	sd_event_source *timer, *deadline;
	sd_bus_slot *slot; /* the answer that is waited for */

	char path[JOB_PATH_SIZE]; /* of the job; empty until known */
	char job_result[JOB_WORD_SIZE];
	struct unit_state before, after;
	struct verdict verdict;
	char log[MESSAGE_LOG_MAX + 1];
};

static void ask_state(struct service_job *job, enum job_step step);

static void wake(struct service_job *job, uint64_t usec)
{
	/* both work on an existing source and can't fail */
	(void)sd_event_source_set_time_relative(job->timer, usec);
	(void)sd_event_source_set_enabled(job->timer, SD_EVENT_ONESHOT);
}

/* The verdict stands. What has failed looks for its log first. */
static void finish(struct service_job *job)
{
	bool with_log = job->path[0] != '\0' &&
			(job->verdict.outcome == JOB_FAILED || job->verdict.outcome == JOB_TIMEOUT);

	job->slot = sd_bus_slot_unref(job->slot);
	job->tries = 0;
	job->step = with_log ? STEP_LOG : STEP_END;
	wake(job, 0);
}

static void finish_errno(struct service_job *job, int error, const char *what)
{
	verdict_set(&job->verdict, JOB_UNAVAILABLE, error, "%s: %s", what, strerror(error));
	finish(job);
}

static void finish_timeout(struct service_job *job)
{
	verdict_set(&job->verdict, JOB_TIMEOUT, 0, "%s %s has not ended in %.3g s%s.",
		    service_verb_word(job->order.verb), job->unit, job->order.timeout_ms / 1000.0,
		    job->asked ? "; it goes on" : "");
	finish(job);
}

void service_job_lost(struct service_job *job, int error, const char *text)
{
	if (job->step == STEP_NEW || job->step >= STEP_LOG)
		return;
	if (job->timed_out) {
		finish_timeout(job);
		return;
	}
	job->slot = sd_bus_slot_unref(job->slot);
	job->step = STEP_LOST;
	if (++job->tries > RETRY_MAX) {
		verdict_set(&job->verdict, JOB_UNAVAILABLE, error, "systemd does not answer: %s",
			    text ? text : strerror(error));
		finish(job);
		return;
	}
	wake(job, RETRY_INTERVAL);
}

/* Is the answer an error? If so the job has been told, and is elsewhere now. */
static bool refused(struct service_job *job, sd_bus_message *message)
{
	const sd_bus_error *error = sd_bus_message_get_error(message);

	job->slot = sd_bus_slot_unref(job->slot);
	if (!error)
		return false;
	if (verdict_is_lost(error)) {
		service_job_lost(job, sd_bus_error_get_errno(error), error->message);
	} else if (job->timed_out) {
		finish_timeout(job);
	} else {
		verdict_of_refusal(&job->verdict, error);
		finish(job);
	}
	return true;
}

void service_job_removed(struct service_job *job, const char *path, const char *result)
{
	if (job->path[0] == '\0' || strcmp(job->path, path) != 0)
		return;
	if (job->step != STEP_WAIT && job->step != STEP_TRACES)
		return;
	text_copy(job->job_result, sizeof(job->job_result), result, strlen(result));
	ask_state(job, STEP_AFTER);
}

void service_job_back(struct service_job *job)
{
	if (job->step == STEP_WAIT)
		ask_state(job, STEP_TRACES);
}

/* From here on the job's end is told by its path, or has been told already. */
static void wait_for(struct service_job *job, const char *path)
{
	const char *result = service_removed_result(job->service, path);

	text_copy(job->path, sizeof(job->path), path, strlen(path));
	job->step = STEP_WAIT;
	if (result)
		service_job_removed(job, path, result);
}

static int on_job(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_job *job = data;
	const char *path;
	int r;

	(void)error;
	if (refused(job, message))
		return 0;
	r = sd_bus_message_read(message, "o", &path);
	if (r < 0 || strlen(path) >= sizeof(job->path))
		finish_errno(job, EBADMSG, "systemd's answer is not a job");
	else
		wait_for(job, path);
	return 0;
}

static void ask_job(struct service_job *job)
{
	struct service_bus *bus;
	int r = service_connect(job->service, &bus);

	if (r >= 0)
		r = service_bus_ask_job(bus, service_verb_method(job->order.verb), job->unit,
					on_job, job, &job->slot);
	if (r < 0) {
		finish_errno(job, -r, "systemd can't be asked");
		return;
	}
	job->asked = true;
	job->step = STEP_ASKED;
}

/* The job that was lost from sight: still there, or known by what it left. */
static void follow_traces(struct service_job *job)
{
	bool has_job = strcmp(job->after.job, "/") != 0 && job->after.job[0] != '\0';
	bool is_ours = job->path[0] == '\0' || strcmp(job->path, job->after.job) == 0;

	if (has_job && is_ours) {
		job->tries = 0;
		wait_for(job, job->after.job);
		return;
	}
	verdict_of_traces(&job->verdict, job->order.verb, &job->before, &job->after);
	finish(job);
}

static void judge(struct service_job *job)
{
	if (job->job_result[0] != '\0') {
		verdict_of_job(&job->verdict, job->order.verb, job->job_result, &job->after);
		finish(job);
	} else {
		finish_timeout(job);
	}
}

static int on_state(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_job *job = data;
	int r;

	(void)error;
	if (refused(job, message))
		return 0;
	r = unit_state_read(message, &job->after);
	if (r < 0) {
		finish_errno(job, -r, "systemd's answer can't be read");
		return 0;
	}
	if (job->step == STEP_TRACES) {
		follow_traces(job);
	} else if (job->step == STEP_AFTER) {
		judge(job);
	} else if (job->order.verb == SERVICE_STATUS) {
		verdict_of_status(&job->verdict, &job->after);
		finish(job);
	} else {
		job->before = job->after;
		ask_job(job);
	}
	return 0;
}

static void ask_state(struct service_job *job, enum job_step step)
{
	struct service_bus *bus;
	int r = service_connect(job->service, &bus);

	job->slot = sd_bus_slot_unref(job->slot);
	if (r >= 0)
		r = service_bus_ask_unit(bus, job->unit, on_state, job, &job->slot);
	job->step = step;
	if (r >= 0)
		return;
	if (job->asked || job->tries > 0)
		service_job_lost(job, -r, NULL);
	else
		finish_errno(job, -r, "no systemd answers");
}

/* Takes up what the lost connection interrupted. */
static void ask_again(struct service_job *job)
{
	if (job->job_result[0] != '\0')
		ask_state(job, STEP_AFTER);
	else
		ask_state(job, job->asked ? STEP_TRACES : STEP_BEFORE);
}

static void read_log(struct service_job *job)
{
	const char *unit = job->after.id[0] != '\0' ? job->after.id : job->unit;
	bool was_ended = job->log_ended;
	int r = unit_log_read(service_root_fd(job->service), unit, job->begin, job->log,
			      sizeof(job->log), &job->log_ended);

	if (r < 0)
		job->log[0] = '\0';
	/* once more after process 1's last word: the unit's own may come by another way */
	if (r < 0 || was_ended || job->timed_out || ++job->tries >= LOG_TRIES)
		job->step = STEP_END;
	wake(job, job->step == STEP_END ? 0 : LOG_INTERVAL);
}

static void deliver(struct service_job *job)
{
	const struct unit_state *state = &job->after;
	const struct msg_job result = {
		.ticket = job->order.ticket,
		.outcome = (uint8_t)job->verdict.outcome,
		.error = job->verdict.error,
		.manager = "systemd",
		.job_result = job->job_result,
		.load_state = state->load,
		.active_state = state->active,
		.sub_state = state->sub,
		.result = state->result,
		.main_pid_before = job->before.main_pid,
		.main_pid = state->main_pid,
		.exit_status = unit_state_exit(state),
		.detail = job->verdict.detail,
		.log = job->log,
	};

	service_forget(job->service, job);
	job->order.done(&result, job->order.data);
	service_job_free(job);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct service_job *job = data;

	(void)source;
	(void)usec;
	if (job->step == STEP_NEW)
		ask_state(job, STEP_BEFORE);
	else if (job->step == STEP_LOST)
		ask_again(job);
	else if (job->step == STEP_LOG)
		read_log(job);
	else if (job->step == STEP_END)
		deliver(job);
	return 0;
}

/* Nobody waits any longer; but how the unit is now belongs into the answer if it can be had soon.
 */
static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct service_job *job = data;
	bool look = job->step == STEP_WAIT && !job->timed_out;

	(void)usec;
	if (job->step >= STEP_LOG)
		return 0;
	job->timed_out = true;
	if (!look) {
		finish_timeout(job);
		return 0;
	}
	(void)sd_event_source_set_time_relative(source, LAST_LOOK);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	ask_state(job, STEP_AFTER);
	return 0;
}

static int prepare(struct service_job *job)
{
	sd_event *event = service_event(job->service);
	int r = sd_event_now(event, CLOCK_MONOTONIC, &job->begin);

	if (r >= 0)
		r = sd_event_add_time_relative(event, &job->timer, CLOCK_MONOTONIC, 0, ACCURACY,
					       on_timer, job);
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
	job->service = service;
	job->order = *order;
	job->order.unit = job->unit = strdup(order->unit);
	if (job->unit)
		r = prepare(job);
	if (r < 0) {
		service_job_free(job);
		return r;
	}
	*ret_job = job;
	return 0;
}

struct service_job *service_job_free(struct service_job *job)
{
	if (!job)
		return NULL;
	sd_event_source_disable_unref(job->timer);
	sd_event_source_disable_unref(job->deadline);
	sd_bus_slot_unref(job->slot);
	free(job->unit);
	free(job);
	return NULL;
}
