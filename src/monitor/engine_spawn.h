/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ENGINE_SPAWN_H
#define EXM_ENGINE_SPAWN_H

#include <sys/types.h>

#include "monitor/engine_log.h"
#include "monitor/starter/starter.h"

/*
 * An engine that was started and told nothing yet. It reads nothing of the client before it was,
 * and makes its sandbox meanwhile: so the first one is started while the server still prepares
 * itself.
 */
struct spawned {
	pid_t pid;   /* 0: none, or it was taken over */
	int channel; /* to it */
	int stream;  /* memfd that each engine of a session hands on to the next */
	struct engine_log *log;
};

#define SPAWNED_NONE \
	{ \
		.channel = -1, .stream = -1 \
	}

struct spawn_order {
	struct starter *starter;         /* who starts it; NULL: this process, as ... */
	const struct starter_spec *spec; /* ... this says */
	sd_event *event;
	uint32_t optional; /* layers of the sandbox that may be missing */
	int client;        /* the server's end of the stream; stays the caller's */
	int stream;        /* likewise; -1: a new one is made, which is then the spawned one's */
};

/* 0 or -errno. */
int engine_spawn(const struct spawn_order *order, struct spawned *ret_engine) must_check;

/* Ends one that was not taken over. */
void spawned_clear(struct spawned *engine);

#endif
