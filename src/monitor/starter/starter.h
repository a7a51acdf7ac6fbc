/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_STARTER_H
#define EXM_STARTER_H

#include <systemd/sd-event.h>

#include "monitor/starter/starter_run.h"

/* The starter, as the monitor uses it. */
struct starter;

/*
 * Forks it; to be called while all rights are there, and before there is a secret. What spec
 * points to is copied with the process. 0 or -errno.
 */
int starter_new(const struct starter_spec *spec, struct starter **ret_starter) must_check;
struct starter *starter_free(struct starter *starter);

/* Calls `gone` once, should it end before starter_free(). 0 or -errno. */
int starter_watch(struct starter *starter, sd_event *event, void (*gone)(void *data),
		  void *data) must_check;

/*
 * Starts one process with these descriptors, which stay the caller's, in the order of START_WHATS;
 * `optional` are the layers of the sandbox that may be missing. It is a child of this process. 0 or
 * -errno; -ENOTCONN if the starter is gone. One whose answer did not come in time, or whole, is
 * let go, which starter_watch() tells.
 */
int starter_start(struct starter *starter, enum start_what what, const int *fds, size_t count,
		  uint32_t optional, pid_t *ret_pid) must_check;

#endif
