/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_PROGRESS_H
#define EXM_SERVICE_PROGRESS_H

#include "monitor/systemd/service.h"
#include "monitor/systemd/service_look.h"

/*
 * What is told of a call while it is under way, if anybody wants to know. A
 * plain structure: the upper part is the owner's to fill.
 */
struct service_progress_teller {
	struct service *service;
	const struct service_order *order;
	uint64_t begin; /* of the call, CLOCK_MONOTONIC */

	uint64_t when; /* something was told, and what */
	char text[2 * UNIT_WORD_SIZE];
	struct service_look *look;
};

/* Tells, unless the same was told just now. */
void service_progress_tell(struct service_progress_teller *teller, const char *stage,
			   const char *detail);

/* Tells of the unit and its job, until it is stopped. */
void service_progress_follow(struct service_progress_teller *teller, const char *unit,
			     const char *job_path);
void service_progress_stop(struct service_progress_teller *teller);

#endif
