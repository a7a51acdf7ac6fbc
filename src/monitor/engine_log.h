/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ENGINE_LOG_H
#define EXM_ENGINE_LOG_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"

/*
 * What an engine or a verifier writes to standard error, passed on to the log line by line:
 * bounded in length and number, marked as theirs, and with no way for it
 * to hold on to the daemon's own standard error.
 */
struct engine_log;

/* ret_fd is for the process; the caller closes it after the fork. 0 or -errno. */
int engine_log_new(sd_event *event, struct engine_log **ret_log, int *ret_fd) must_check;

/* Whose lines these are: "engine" or "verifier"; the text must live as long as the log. */
void engine_log_name(struct engine_log *log, const char *who, pid_t pid);

/* Takes what is still there. */
struct engine_log *engine_log_free(struct engine_log *log);

#endif
