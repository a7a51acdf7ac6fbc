/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUN_SPAWN_H
#define EXM_RUN_SPAWN_H

#include <sys/types.h>

#include "common/cleanup.h"
#include "run/job.h"

/* What the program has as its standard output, standard error and descriptor 3 (-1: closed). */
struct spawn_ends {
	int output;
	int error;
	int status;
};

/*
 * Starts the program in a session of its own, with nothing of ours: environment
 * made anew, default signals, standard input from /dev/null, no other
 * descriptor. Returns 0 once it has been executed, or -errno.
 */
int spawn_program(const struct job_step *step, const struct spawn_ends *ends,
		  pid_t *ret_pid) must_check;

#endif
