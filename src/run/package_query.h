/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_QUERY_H
#define EXM_PACKAGE_QUERY_H

#include "common/package_names.h"
#include "run/job.h"
#include "run/package_state.h"

/*
 * What dpkg and apt know; nothing of it takes a lock. Each is true, or false
 * with job->end saying why.
 */

/* All that dpkg has. `extra_ms` as in struct job_step. */
bool package_query_states(struct job *job, uint32_t extra_ms,
			  struct package_states *ret_states) must_check;

/* What apt-cache policy prints of the names, for package_candidate(). */
bool package_query_policy(struct job *job, const struct package_names *names,
			  char **ret_text) must_check;

/* This machine's architecture. */
bool package_query_native(struct job *job, char **ret_text) must_check;

#endif
