/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exmachina-run, the root helper that starts outside programs. exmachinad starts
 * it with two descriptors and an empty environment; see monitor/runner.c.
 */
#include <string.h>

#include "common/fd.h"
#include "common/log.h"
#include "run/run.h"

enum { FD_CHANNEL = 3, FD_ROOT = 4 };

int main(int argc, char **argv)
{
	bool to_syslog = argc == 2 && strcmp(argv[1], "--syslog") == 0;

	log_open("exmachina-run", to_syslog ? LOG_TO_SYSLOG : LOG_TO_STDERR);
	if ((argc > 1 && !to_syslog) || fd_set_cloexec(FD_CHANNEL, true) < 0 ||
	    fd_set_cloexec(FD_ROOT, true) < 0) {
		log_error("only exmachinad can start this program");
		return EXIT_FAILURE;
	}
	return run_serve(FD_CHANNEL, FD_ROOT);
}
