/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_LOCK_H
#define EXM_PACKAGE_LOCK_H

#include <stdbool.h>

#include "run/job.h"

/*
 * The locks that apt-get needs for the verb are waited for until the job's
 * deadline, with progress that says who holds one. True once all of them are
 * free, which is a moment's truth: apt-get takes them itself. Else job->end says
 * that it took too long and who it was.
 */
bool package_lock_wait(struct job *job) must_check;

/* Is one of them held, now? */
bool package_lock_is_held(const struct job *job);

#endif
