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
	void (*job_removed)(const char *path, const char *result, void *data); /* may be NULL */
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

/* Was it systemd itself who sent this, and not another client of the bus? */
bool service_bus_is_from_systemd(const struct service_bus *bus, sd_bus_message *message);

/*
 * Signals of the manager, and those about changed properties of one object path, come to
 * `handler` until the slot is freed; it has to ask whether they are systemd's.
 */
int service_bus_listen(struct service_bus *bus, const char *member,
		       sd_bus_message_handler_t handler, void *data,
		       sd_bus_slot **ret_slot) must_check;
int service_bus_listen_unit(struct service_bus *bus, const char *path,
			    sd_bus_message_handler_t handler, void *data,
			    sd_bus_slot **ret_slot) must_check;

/* The object path of a unit. 0, -ENOMEM. */
int service_bus_unit_path(const char *unit, char **ret_path) must_check;

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

/* A call of a method of the manager, to be filled and sent. */
int service_bus_call(struct service_bus *bus, const char *method,
		     sd_bus_message **ret_call) must_check;
int service_bus_send(struct service_bus *bus, sd_bus_message *call,
		     sd_bus_message_handler_t handler, void *data,
		     sd_bus_slot **ret_slot) must_check;
void service_bus_unref(sd_bus_message **message);

/* Calls a method of the manager that takes a unit's name only and has no result. */
int service_bus_ask_plain(struct service_bus *bus, const char *method, const char *unit,
			  sd_bus_message_handler_t handler, void *data,
			  sd_bus_slot **ret_slot) must_check;

/* Has systemd read its files anew; the answer comes when it has. */
int service_bus_ask_reload(struct service_bus *bus, sd_bus_message_handler_t handler, void *data,
			   sd_bus_slot **ret_slot) must_check;

/* Asks for the state of one of systemd's jobs, "waiting" or "running". */
int service_bus_ask_job_state(struct service_bus *bus, const char *path,
			      sd_bus_message_handler_t handler, void *data,
			      sd_bus_slot **ret_slot) must_check;

/* Asks how the units are whose names stand in `names`, one blank apart; for unit_names_active(). */
int service_bus_ask_names(struct service_bus *bus, const char *names,
			  sd_bus_message_handler_t handler, void *data,
			  sd_bus_slot **ret_slot) must_check;

/*
 * Calls a method of the manager that takes a list of states, here an empty one, and a
 * list of name patterns.
 */
int service_bus_ask_patterns(struct service_bus *bus, const char *method, char **patterns,
			     sd_bus_message_handler_t handler, void *data,
			     sd_bus_slot **ret_slot) must_check;

/* Asks for a scope that holds one process, which makes a job. */
int service_bus_ask_scope(struct service_bus *bus, const char *name, const char *description,
			  uint32_t pid, sd_bus_message_handler_t handler, void *data,
			  sd_bus_slot **ret_slot) must_check;

#endif
