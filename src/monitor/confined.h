/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFINED_H
#define EXM_CONFINED_H

#include <stdbool.h>

#include "monitor/privileges.h"

/*
 * A program of ours that reads hostile text: started in namespaces of its own, as a user
 * without any right, with an empty environment, and with no descriptors but
 * those that are named.
 */
struct confined {
	const char *path;
	char *const *argv;
	const struct identity *identity;
	const int *fds; /* these become 3, 4 ... */
	size_t fd_count;
	int log;      /* standard error; -1: the daemon's own */
	bool staging; /* a private tmpfs over the run directory, which it may write */
};

/* 0 with the process ID, or -errno. A step that fails makes it exit with EXIT_SANDBOX. */
int confined_start(const struct confined *program, pid_t *ret_pid) must_check;

#endif
