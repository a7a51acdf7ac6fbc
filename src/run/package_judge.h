/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_JUDGE_H
#define EXM_PACKAGE_JUDGE_H

#include "common/package_names.h"
#include "common/report.h"
#include "run/package_plan.h"
#include "run/package_state.h"

/*
 * Does the policy allow what apt is about to do? It is judged by its effect,
 * whatever names were asked for:
 *
 *   - removed is only what may be removed, and only by remove
 *   - what is upgraded must be allowed upgrade or install
 *   - what is new is what was asked for or depends on it, and comes with
 *     install and upgrade; a remove that would install needs install
 *   - nothing is downgraded, and nothing that dpkg calls essential is removed
 *   - what was asked for happens under that very name
 *
 * True, or false with the packages and the missing rule in `why`, and one by one in a
 * REPORT_REFUSAL.
 */
bool package_judge(const struct policy *policy, enum package_verb verb,
		   const struct package_names *names, const struct package_plan *plan,
		   const struct package_states *states, struct report *refusals, char *why,
		   size_t size) must_check;

#endif
