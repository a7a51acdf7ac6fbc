/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_WATCHED_UNIT_H
#define EXM_WATCHED_UNIT_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "monitor/systemd/service_bus.h"
#include "monitor/systemd/service_watch.h"

/* One unit of a service_watch. */
struct watched_unit;

/* 0, -ENOMEM or another -errno. */
int watched_unit_new(struct service_watch *list, uint32_t ticket, const char *name,
		     uint32_t timeout_ms, struct watched_unit **ret_unit) must_check;
struct watched_unit *watched_unit_free(struct watched_unit *unit);

uint32_t watched_unit_ticket(const struct watched_unit *unit);

/* It may have changed: look at it soon. */
void watched_unit_touch(struct watched_unit *unit);

/* systemd has loaded what has this object path, or unloaded it. */
void watched_unit_loaded(struct watched_unit *unit, const char *path, bool loaded);

/* The connection is about to go. */
void watched_unit_lost(struct watched_unit *unit);

/* What the list does for its units. */

sd_event *service_watch_event(const struct service_watch *list);

/* The connection, or NULL while there is none. */
struct service_bus *service_watch_bus(const struct service_watch *list);

int service_watch_say(struct service_watch *list, const struct msg_unit *event) must_check;

/* The watch is over: frees the unit. */
void service_watch_forget(struct service_watch *list, struct watched_unit *unit);

#endif
