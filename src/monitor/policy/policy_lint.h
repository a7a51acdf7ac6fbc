/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_LINT_H
#define EXM_POLICY_LINT_H

#include <stdio.h>

#include "common/policy.h"

/*
 * Which sections give the client what amounts to root? Each is told to `out`, if
 * there is one, on a line of its own with the first reason that is found, and
 * counted. Advice, that stops nothing: a policy without a warning can still be
 * too wide. A section without Lens= is looked at by its path alone. 0 or -ENOMEM.
 */
int policy_lint(const struct policy *policy, FILE *out, size_t *ret_count) must_check;

#endif
