/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_REPORT_H
#define EXM_PACKAGE_REPORT_H

#include "common/report.h"
#include "run/package_plan.h"
#include "run/package_state.h"

/*
 * What became of the plan: a row for each package that is not as it was, by
 * what dpkg says now. `action` is "installed", "upgraded", "removed" or, for
 * what was left half done before, "configured"; for what is neither the one nor the
 * other it is dpkg's own word, such as "half-configured". 0 or -errno.
 */
int package_report_changes(const struct package_plan *plan, const struct package_states *now,
			   struct report *report) must_check;

#endif
