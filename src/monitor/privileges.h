/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PRIVILEGES_H
#define EXM_PRIVILEGES_H

#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"

/* Who a process becomes. */
struct identity {
	uid_t uid;
	gid_t gid;
	char *name;
	char *home;
	char *shell;
};

/* From the user database; 0, -ENOENT, or -EPERM for uid or gid 0. */
int identity_of(const char *name, struct identity *ret_identity) must_check;
void identity_clear(struct identity *identity);

/*
 * Gives up everything, for good: supplementary groups, gid, uid, all five
 * capability sets, and with no_new_privs the way back. Then looks whether it
 * is really gone. 0 or -errno; on failure the process must end.
 */
int privileges_drop(const struct identity *identity) must_check;

/*
 * The same for a program of ours whose root directory is to change once it is loaded: keeps
 * CAP_SYS_CHROOT and CAP_SETPCAP across exec, which it gives up by itself (sandbox/capabilities.c).
 */
int privileges_drop_but_root(const struct identity *identity) must_check;

/*
 * For monitor and starter, which stay root: these capabilities (1 << CAP_...) remain, as far as
 * they are there; all others go from every set, so that not even a new program gets them back,
 * and no_new_privs is set. 0 or -errno.
 */
int privileges_keep(uint64_t capabilities) must_check;

/* The capabilities that the process has in its permitted set. 0 or -errno. */
int privileges_held(uint64_t *ret_capabilities) must_check;

/*
 * For a child between fork and exec: default signal dispositions, nothing
 * blocked, SIGKILL when its parent (of this process ID) dies.
 */
int privileges_child_setup(pid_t parent, int death_signal) must_check;

#endif
