/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_STEPS_H
#define EXM_SERVICE_STEPS_H

/* Between service_job.c and service_steps.c: one call, seen from inside. */

#include "monitor/systemd/service_action.h"
#include "monitor/systemd/service_ending.h"
#include "monitor/systemd/service_job.h"
#include "monitor/systemd/service_progress.h"
#include "monitor/systemd/service_settle.h"
#include "monitor/systemd/service_verdict.h"

enum job_step {
	STEP_BEFORE, /* asked for the state before the action */
	STEP_ACTION, /* what the verb does */
	STEP_LOST,   /* no connection; the timer tries again */
	STEP_TRACES, /* asked what has become of a job that was lost from sight */
	STEP_AFTER,  /* asked for the state after it, or after the deadline */
	STEP_SETTLE, /* looks on */
	STEP_ENDING, /* the verdict stands */
};

struct service_job {
	struct service *service;
	struct service_order order; /* its unit is `unit` */
	char *unit;

	enum job_step step;
	unsigned int tries;
	bool reloaded;  /* systemd has read its files anew for this job */
	bool ended;     /* the action has */
	bool timed_out; /* the deadline has passed */
	uint64_t begin; /* CLOCK_MONOTONIC, microseconds */
	sd_event_source *timer, *deadline;
	sd_bus_slot *slot; /* the answer that is waited for */
	struct service_action action;
	struct service_settle settle;
	struct service_progress_teller teller;
	struct service_ending ending;

	struct unit_state before, after, settled; /* the last one when the settling began */
	struct verdict verdict;
};

static inline bool service_job_is_job(const struct service_job *job)
{
	return service_verb_kind(job->order.verb) == VERB_JOB;
}

/* Hands the parts of a new call what they need. */
void service_steps_fill(struct service_job *job);

/* Asks how the unit is, and goes on from there: BEFORE, TRACES or AFTER. */
void service_steps_look(struct service_job *job, enum job_step step);

/* Takes up what was interrupted. */
void service_steps_again(struct service_job *job);

/* What service_job does for the steps. */

void service_job_wake(sd_event_source *timer, uint64_t usec);

/* What has been asked is of no interest any more. */
void service_job_stop_asking(struct service_job *job);

/* systemd has answered with an error, which may mean that it is lost. */
void service_job_refused(const sd_bus_error *error, void *data);

/* The verdict stands, or is made here. */
void service_job_finish(struct service_job *job);
void service_job_finish_errno(int error, const char *what, void *data);
void service_job_finish_timeout(struct service_job *job);

#endif
