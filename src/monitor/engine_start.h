/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ENGINE_START_H
#define EXM_ENGINE_START_H

#include <stdbool.h>

#include "monitor/privileges.h"

/*
 * Starts exmachina-engine: in namespaces of its own, with a private tmpfs over
 * the run directory, as a user without any right, with three descriptors.
 */
struct engine_spec {
	const struct identity *identity;
	int channel; /* the engine's end */
	int client;  /* the server's end of the client's stream */
	int stream;  /* memfd that outlives one engine, see engine/stream.h */
	int log;     /* standard error; -1: the daemon's own */
	bool index;  /* only to tell which lens serves which file; no client */
};

/* 0 with the process ID, or -errno. A sandbox that cannot be built makes it exit with EXIT_SANDBOX.
 */
int engine_start(const struct engine_spec *spec, pid_t *ret_pid) must_check;

#endif
