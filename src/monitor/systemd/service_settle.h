/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_SETTLE_H
#define EXM_SERVICE_SETTLE_H

#include "monitor/systemd/service.h"
#include "monitor/systemd/service_look.h"

/*
 * The time after a job, in which a unit that was up may still die. A plain
 * structure: the upper part is the owner's to fill.
 */
struct service_settle {
	struct service *service;
	const char *unit; /* its own name, not an alias */
	uint64_t usec;    /* how long */
	bool tick;        /* tell every second, too */
	/* at each change, and once more when the time is over; may stop it all */
	void (*seen)(const struct unit_state *now, uint64_t after_usec, bool over, void *data);
	void (*refused)(const sd_bus_error *error, void *data);
	void *data;

	uint64_t begin; /* CLOCK_MONOTONIC; 0: not yet */
	sd_event_source *timer;
	sd_bus_slot *slot;
	struct service_look *look;
};

/* Begins, or goes on after a loss with what is left of the time. 0 or -errno. */
int service_settle_begin(struct service_settle *settle) must_check;

/* Nothing is told until it begins again. */
void service_settle_stop(struct service_settle *settle);

#endif
