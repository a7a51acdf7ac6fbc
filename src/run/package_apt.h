/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_APT_H
#define EXM_PACKAGE_APT_H

#include "common/package_names.h"
#include "common/report.h"
#include "run/job.h"
#include "run/package_plan.h"
#include "run/package_state.h"

/* One run of apt-get, and what it said that it would do. */
struct package_apt {
	struct job *job;
	const struct package_names *names;
	const struct package_states *states; /* before it */
	struct package_plan plan;            /* as far as it was allowed or refused */
	bool begun;                          /* dpkg has been let go */
	char why[MESSAGE_TEXT_MAX + 1];      /* it was refused */
	struct report refusals;              /* because of these packages, if any */
	char error[MESSAGE_TEXT_MAX + 1];    /* the first that dpkg complained of */
};

/*
 * Runs apt-get for the job's verb, to its end. Before dpkg is started apt's plan
 * is judged; if it is refused nothing is changed. Once dpkg was let go the
 * job is not ended any more at its deadline. job->end is apt-get's.
 */
void package_apt_run(struct package_apt *apt);

#endif
