/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_WATCH_H
#define EXM_SERVICE_WATCH_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/message.h"

/*
 * The units that one session watches, over a connection to systemd of its own, so that
 * a unit which changes all the time is in no job's way. The connection is made anew
 * after it broke, for as long as it takes. Whether a unit may be watched has been
 * decided before.
 *
 * systemd's signals only say that something may have changed; then the unit is
 * looked at, once at a time and ten times a second at most, and what is shown of
 * it is told if it differs from what was told last. States that lie between two
 * looks are not told; the last one always is.
 */
struct service_watch;

/*
 * Tells how a watched unit is. The first call for a ticket comes in any case: with
 * an outcome other than JOB_DONE it is the only one, and the watch is over. Returns
 * 0, or negative if nobody can take it now: then it is told a moment later, if
 * it still counts. Must not free the list, nor change it.
 */
typedef int service_watch_tell(const struct msg_unit *event, void *data);

/* 0 or -errno. */
int service_watch_new(sd_event *event, int root_fd, service_watch_tell *tell, void *data,
		      struct service_watch **ret_watch) must_check;
struct service_watch *service_watch_free(struct service_watch *list);

/*
 * Everything is told later, from the event loop; without any systemd after
 * timeout_ms. -EEXIST if the ticket is in use, -EBUSY if WATCHES_MAX are, -ENOMEM.
 */
int service_watch_add(struct service_watch *list, uint32_t ticket, const char *unit,
		      uint32_t timeout_ms) must_check;

/* Nothing more is told of the ticket; one that is not in use is no error. */
void service_watch_remove(struct service_watch *list, uint32_t ticket);

#endif
