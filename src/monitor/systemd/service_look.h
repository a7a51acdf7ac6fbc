/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_LOOK_H
#define EXM_SERVICE_LOOK_H

#include "monitor/systemd/service_bus.h"
#include "monitor/systemd/unit_state.h"

/* Looks on at a unit, as systemd tells of its changes. */
struct service_look;

/*
 * On each change, and with `job_path` about every second. job_state is that of
 * the job, "waiting" or "running", or "" where there is none. May free the look.
 */
typedef void service_look_seen(const struct unit_state *now, const char *job_state, void *data);

struct service_look_order {
	const char *unit;     /* its own name, not an alias */
	const char *job_path; /* "" if no job is looked at */
	bool tick;            /* tell every second, too */
	service_look_seen *seen;
	void *data;
};

/* Begins with the state that the unit has then. 0 or -errno. */
int service_look_new(sd_event *event, struct service_bus *bus,
		     const struct service_look_order *order,
		     struct service_look **ret_look) must_check;
struct service_look *service_look_free(struct service_look *look);

#endif
