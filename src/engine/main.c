/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exmachina-engine is started by exmachinad, with its descriptors in place, and two sets of layers
 * (sandbox.h) and the directories of lenses as its arguments; see monitor/starter. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "engine/engine.h"

enum { FD_CHANNEL = 3, FD_CLIENT = 4, FD_STREAM = 5 };

int main(int argc, char **argv)
{
	struct sandbox sandbox = { 0 };
	bool index = argc == 5 && strcmp(argv[4], "index") == 0;

	log_open("exmachina-engine", LOG_TO_STDERR);
	if ((argc != 4 && !index) || sandbox_arguments(argv[1], argv[2], &sandbox) < 0 ||
	    fcntl(FD_CHANNEL, F_GETFD) < 0) {
		fprintf(stderr, "exmachina-engine is started by exmachinad(8) and not by hand\n");
		return EXIT_FAILURE;
	}
	sandbox.lens_path = argv[3];
	if (index)
		return engine_index(FD_CHANNEL, &sandbox);
	return engine_run(FD_CHANNEL, FD_CLIENT, FD_STREAM, &sandbox);
}
