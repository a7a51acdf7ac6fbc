/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CHECK_KEEPER_H
#define EXM_CHECK_KEEPER_H

#include <sys/types.h>

#include "run/check_place.h"

/*
 * Process 1 of a check's namespace. It does nothing but be there: without it the kernel ends all
 * that is in the namespace, in whatever session it hides, and it goes as soon as who made it does.
 * Before that it mounts /proc, which shows this namespace only.
 */
int keeper_start(const struct check_place *place, pid_t *ret_pid) must_check;

/* Ends it, and everything else. 0 once nothing of it is left, -EBUSY if that cannot be. */
int keeper_end(pid_t pid) must_check;

#endif
