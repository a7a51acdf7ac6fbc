/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_VERDICT_H
#define EXM_SERVICE_VERDICT_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "common/message.h"
#include "common/service_verb.h"
#include "monitor/systemd/unit_state.h"

/* How a call ended, in the words of the answer. */
struct verdict {
	enum job_outcome outcome;
	int error; /* JOB_UNAVAILABLE: a positive errno; else 0 */
	char detail[MESSAGE_TEXT_MAX + 1];
};

void verdict_set(struct verdict *verdict, enum job_outcome outcome, int error, const char *format,
		 ...) printf_like(4, 5);

/* Does the error say that systemd is not there now, rather than that it refuses? */
bool verdict_is_lost(const sd_bus_error *error);

/* systemd has refused the call. */
void verdict_of_refusal(struct verdict *verdict, const sd_bus_error *error);

void verdict_of_status(struct verdict *verdict, const struct unit_state *state);

/* The job has ended with job_result, and the unit looked like that before and after it. */
void verdict_of_job(struct verdict *verdict, enum service_verb verb, const char *job_result,
		    const struct unit_state *before, const struct unit_state *after);

/* systemd has done what is no job. To reset what is not there is told as such. */
void verdict_of_change(struct verdict *verdict, enum service_verb verb,
		       const struct unit_state *before);

/* systemd has nothing to enable there. */
void verdict_of_useless(struct verdict *verdict, const struct unit_state *state);

/* Is it worth looking on after this job: is the unit up? */
bool verdict_is_settling(enum service_verb verb, const struct unit_state *after);

/*
 * Is the unit still up, and has it not been started again, `after_usec` after it
 * looked like `then`? If it is not the verdict is made.
 */
bool verdict_of_settling(struct verdict *verdict, const struct unit_state *then,
			 const struct unit_state *now, uint64_t after_usec);

/*
 * The job is gone, and nobody heard how it ended: says what can be known from
 * the unit before and after, and JOB_UNAVAILABLE where that is nothing.
 */
void verdict_of_traces(struct verdict *verdict, enum service_verb verb,
		       const struct unit_state *before, const struct unit_state *after);

#endif
