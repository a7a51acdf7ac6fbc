/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CHECK_SECRETS_H
#define EXM_CHECK_SECRETS_H

#include "common/candidates.h"
#include "common/policy.h"
#include "monitor/commit.h"

/*
 * The values of Secret= nodes that a commit changes, before and after it: they are not to be seen
 * in what a check prints. `changes` is its list of changes, or -1; where it cannot tell all of
 * them, the secrets are unknown. 0 or -errno.
 */
int check_secrets_find(const struct policy *policy, const struct staged *staged, size_t count,
		       int changes, struct candidate_secrets *ret_secrets) must_check;

void check_secrets_clear(struct candidate_secrets *secrets);

#endif
