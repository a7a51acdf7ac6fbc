/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_METHOD_WATCH_H
#define EXM_METHOD_WATCH_H

#include "common/message.h"
#include "engine/call.h"

/* A unit whose changes the client is told. */
struct watch {
	uint32_t ticket; /* 0: free */
	char *unit;
	struct call *call; /* what began it, until the first event answers it */
	bool over;         /* ended before that event came */
};

/* From the monitor: how a watched unit is now. */
void watch_event(struct engine *engine, const struct msg_unit *state);

/* Is anything watched? */
bool watch_any(const struct engine *engine);
/* Does a call that began to watch still wait for its answer? */
bool watch_unanswered(const struct engine *engine);

#endif
