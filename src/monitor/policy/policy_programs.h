/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_PROGRAMS_H
#define EXM_POLICY_PROGRAMS_H

#include <stdio.h>

#include "common/policy.h"

/*
 * Are the programs of Check= there, below the root directory, and may they be executed? A line for
 * each that is not, where `out` is not NULL. 0 with their number, or -errno.
 */
int policy_programs_missing(const struct policy *policy, int root_fd, FILE *out,
			    size_t *ret_count) must_check;

#endif
