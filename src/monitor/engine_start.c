/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. */
#include "monitor/engine_start.h"

#include "config.h"

#include "monitor/confined.h"

#define ENGINE_PATH LIBEXECDIR "/exmachina-engine"

int engine_start(const struct engine_spec *spec, pid_t *ret_pid)
{
	const int fds[] = { spec->channel, spec->client, spec->stream };
	char name[] = "exmachina-engine", index[] = "--index";
	char *const argv[] = { name, spec->index ? index : NULL, NULL };
	const struct confined program = {
		.path = ENGINE_PATH,
		.argv = argv,
		.identity = spec->identity,
		.fds = fds,
		.fd_count = spec->index ? 1 : ARRAY_SIZE(fds),
		.log = spec->log,
		.staging = true,
	};

	return confined_start(&program, ret_pid);
}
