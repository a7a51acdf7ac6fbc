/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PROGRAM_H
#define EXM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#include "monitor/privileges.h"

/*
 * The paired program: started with every privilege dropped, with standard
 * descriptors, its end of the socketpair, and the secret.
 */
struct program_spec {
	char *const *argv;
	const struct identity *identity;
	int client_fd; /* the program's end */
	int secret_fd;
	int exec_fd;                /* is closed by exec, or gets one byte if that fails */
	bool quiet;                 /* standard descriptors lead to /dev/null */
	struct rlimit descriptors;  /* RLIMIT_NOFILE as it was before the server raised its own */
	const char *const *set_env; /* NAME=VALUE or NAME */
	size_t set_env_count;
};

/*
 * For the child of this parent, and never returns: exits with 126 or 127 if the program cannot be
 * executed, and with EXIT_SANDBOX if its rights cannot be dropped.
 */
_Noreturn void program_run(const struct program_spec *spec, pid_t parent);

#endif
