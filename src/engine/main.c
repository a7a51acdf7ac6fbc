/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exmachina-engine is started by exmachinad, with its descriptors in place; see
 * monitor/engine_start.c. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "engine/engine.h"

enum { FD_CHANNEL = 3, FD_CLIENT = 4, FD_STREAM = 5 };

int main(int argc, char **argv)
{
	log_open("exmachina-engine", LOG_TO_STDERR);
	if (fcntl(FD_CHANNEL, F_GETFD) < 0) {
		fprintf(stderr, "exmachina-engine is started by exmachinad(8) and not by hand\n");
		return EXIT_FAILURE;
	}
	if (argc > 1 && strcmp(argv[1], "--index") == 0)
		return engine_index(FD_CHANNEL);
	return engine_run(FD_CHANNEL, FD_CLIENT, FD_STREAM);
}
