/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CHECK_PLACE_H
#define EXM_CHECK_PLACE_H

/*
 * Where a check runs: the machine as it is, but nothing of it can be changed, and nobody is there
 * to talk to. Namespaces for mounts, network, processes, IPC, names and control groups; all of the
 * root directory read-only; /dev and /proc with what does no harm; /tmp and what daemons keep for
 * themselves as a copy that is thrown away.
 */

#include "common/cleanup.h"

struct check_place {
	int store; /* a tmpfs that nobody but us can reach: what is shown in place of something */
	int root;  /* the root directory as the check sees it; ours too */
	int proc;  /* /proc of whoever started us */
	unsigned int stored; /* names given in the store */
};

#define CHECK_PLACE_NONE ((struct check_place){ .store = -1, .root = -1, .proc = -1 })

/*
 * For the job's process, once: it is in that place from here on, and so are its children, as
 * process 2 and on. root_fd is the root directory; proc_fd stays the caller's. 0 or -errno, with
 * the step.
 */
int check_place_enter(struct check_place *place, int root_fd, int proc_fd,
		      const char **ret_step) must_check;

/* What of the machine may seem to be written to. After the files of the commit were found. */
int check_place_soften(struct check_place *place, const char **ret_step) must_check;

/*
 * For the child that becomes the check, with no_new_privs: a second wall (landlock(7)) around what
 * may be written to, which also keeps pipes that are files from being opened. 0 or -errno.
 */
int check_place_guard(void) must_check;

void check_place_clear(struct check_place *place);

/* A name in the store that was never given before. */
void check_place_name(struct check_place *place, char name[static 16]);

#endif
