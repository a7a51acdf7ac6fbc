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
	bool quiet;                 /* standard descriptors lead to /dev/null */
	struct rlimit descriptors;  /* RLIMIT_NOFILE as it was before the server raised its own */
	const char *const *set_env; /* NAME=VALUE or NAME */
	size_t set_env_count;
};

/* 0 with the process ID, or -errno. A program that cannot be executed exits with 126 or 127. */
int program_start(const struct program_spec *spec, pid_t *ret_pid) must_check;

#endif
