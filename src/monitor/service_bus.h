/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_BUS_H
#define EXM_SERVICE_BUS_H

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER SYSTEMD_NAME ".Manager"

/* One connection to systemd, subscribed to what it tells about its jobs. */
struct service_bus;

struct service_bus_events {
	void (*job_removed)(const char *path, const char *result, void *data);
	/* systemd is on the bus anew (it has executed itself again) and signals may have been lost
	 */
	void (*back)(void *data);
	/* the connection is of no use any more, and may be freed at once */
	void (*lost)(int error, const char *text, void *data);
};

/*
 * Connects to the system bus below root_fd or, where nothing listens there, to
 * systemd's private socket. Never looks at the environment. Everything after
 * the connect(2) itself is asynchronous. 0 or -errno.
 */
int service_bus_open(sd_event *event, int root_fd, const struct service_bus_events *events,
		     void *data, struct service_bus **ret_bus) must_check;
struct service_bus *service_bus_free(struct service_bus *bus);

/* Has the other side let us in yet? */
bool service_bus_is_ready(const struct service_bus *bus);

/*
 * Asks systemd for all properties of a unit, of all its interfaces in one
 * snapshot. The answer comes to `handler` unless the slot is freed before.
 */
int service_bus_ask_unit(struct service_bus *bus, const char *unit,
			 sd_bus_message_handler_t handler, void *data,
			 sd_bus_slot **ret_slot) must_check;

/* Calls a method of the manager that takes a unit's name and a mode, and makes a job. */
int service_bus_ask_job(struct service_bus *bus, const char *method, const char *unit,
			sd_bus_message_handler_t handler, void *data,
			sd_bus_slot **ret_slot) must_check;

#endif
