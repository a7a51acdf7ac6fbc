/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-run: the package manager. */
#include <errno.h>

#include "run/job.h"

const char *package_refuse(const struct policy *policy, const struct msg_run_call *call)
{
	(void)policy;
	(void)call;
	return "packages are not served yet";
}

void package_run(struct job *job)
{
	job_fail(job, RUN_CANNOT, ENOSYS, "packages are not served yet");
}
