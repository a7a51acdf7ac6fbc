/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ENGINE_HANG_H
#define EXM_ENGINE_HANG_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"

/*
 * Notices an engine that has something to do and does nothing, because it was stopped, say, or
 * because its own timer no longer counts. It looks once a second and never asks the engine, so
 * that a request costs nothing more.
 */
struct engine_hang;

/* Where it looks; all stay the caller's, and stay open longer. */
struct engine_view {
	int stream;               /* memfd with the engine's mark */
	int client;               /* our descriptor of the server's end */
	int channel;              /* to the engine */
	const unsigned int *jobs; /* calls under way, for which the engine may wait */
	const void *const *waits; /* for this it has to wait, unless it is NULL */
};

typedef void engine_hung(void *data);

/* `hung` is called once, two to four seconds after the time that a request may take. 0 or -errno.
 */
int engine_hang_new(sd_event *event, const struct engine_view *view, uint32_t timeout_ms,
		    engine_hung *hung, void *data, struct engine_hang **ret_hang) must_check;
struct engine_hang *engine_hang_free(struct engine_hang *hang);

#endif
