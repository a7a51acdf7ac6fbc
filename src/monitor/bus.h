/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BUS_H
#define EXM_BUS_H

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"

/* Who answers for a name that has no owner, and tells of owners. */
#define BUS_DRIVER "org.freedesktop.DBus"

/*
 * A connection of our own to the system bus below root_fd, or to systemd's
 * private socket there, which has no bus daemon behind it. Everything after the
 * connect(2) itself is asynchronous; calls have no deadline but the caller's.
 * 0 or -errno.
 */
int bus_open(sd_event *event, int root_fd, sd_bus **ret_bus) must_check;
int bus_open_private(sd_event *event, int root_fd, sd_bus **ret_bus) must_check;

#endif
