/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFINED_H
#define EXM_CONFINED_H

#include "monitor/starter/enclosure.h"

/*
 * A program of ours that reads hostile text: started in namespaces of its own, as a user
 * without any right, with an empty environment, and with no descriptors but
 * those that are named. On its command line are the layers that hold, those that may be missing and
 * the directories of lenses.
 */
struct confined {
	const char *path;
	const char *name;
	const char *word; /* one more argument; NULL: none */
	struct enclosure enclosure;
	const int *fds; /* these become 3, 4 ... */
	size_t fd_count;
	int log; /* standard error */
};

/*
 * For the child of this parent, and never returns. A step that fails is logged, and makes it
 * exit with EXIT_SANDBOX.
 */
_Noreturn void confined_run(const struct confined *program, pid_t parent);

#endif
