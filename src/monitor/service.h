/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_H
#define EXM_SERVICE_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/service_verb.h"

/*
 * systemd, as the monitor talks to it: over the system bus, or over
 * /run/systemd/private where no bus daemon runs, below the root directory.
 * Everything is asynchronous; the connection is made by the first call and made
 * anew by the first call after it broke. Whether a call is allowed has been decided before.
 */
struct service;

/* Called exactly once for a call that was accepted; the result lives until it returns. */
typedef void service_done(const struct msg_job *result, void *data);

int service_new(sd_event *event, const char *root, struct service **ret_service) must_check;

/* Calls still under way end without a word; their jobs go on in systemd. */
struct service *service_free(struct service *service);

/*
 * Starts one call: subscribes first, starts the job, waits for the JobRemoved
 * signal of its very object path, then reads the unit's state. `ticket` comes
 * back in the result. Unless the job and the unit did well, the result carries
 * the unit's last journal lines. Returns 0, or -errno when it could not even be
 * started (done is not called then).
 */
int service_call(struct service *service, uint32_t ticket, enum service_verb verb, const char *unit,
		 uint32_t timeout_ms, service_done *done, void *data) must_check;

#endif
