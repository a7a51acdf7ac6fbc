/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SCOPE_H
#define EXM_SCOPE_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"

/*
 * Asks systemd to move a process out of the server's control group into a scope of
 * its own, so that it outlives a restart of the server's unit.
 */
struct scope;

/* error 0: it is in there. Otherwise a positive errno, and in words. The scope may be freed. */
typedef void scope_done(int error, const char *text, void *data);

/*
 * Over a connection of its own to the systemd below root_fd. done is called once,
 * later, from the event loop. 0 or -errno.
 */
int scope_new(sd_event *event, int root_fd, pid_t pid, scope_done *done, void *data,
	      struct scope **ret_scope) must_check;

/* Before done: it is not waited for any longer. */
struct scope *scope_free(struct scope *scope);

#endif
