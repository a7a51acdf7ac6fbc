/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-run. Tells what is, not what was planned. */
#include "run/package_report.h"

#include <string.h>

static const char *action_of(const struct plan_change *change, const struct package_state *state)
{
	static const char *const done[PLAN_KIND_MAX] = {
		[PLAN_INSTALL] = "installed",    [PLAN_UPGRADE] = "upgraded",
		[PLAN_DOWNGRADE] = "downgraded", [PLAN_REMOVE] = "installed",
		[PLAN_FINISH] = "configured",
	};

	if (!state || !package_state_is_there(state))
		return "removed";
	return strcmp(state->state, "installed") == 0 ? done[change->kind] : state->state;
}

/* Is it as it was before? A version that came to be half there is not. */
static bool is_unchanged(const struct plan_change *change, const struct package_state *state)
{
	if (!state || !package_state_is_there(state))
		return change->before[0] == '\0';
	return change->kind != PLAN_FINISH && strcmp(state->version, change->before) == 0 &&
	       strcmp(state->state, "installed") == 0;
}

int package_report_changes(const struct package_plan *plan, const struct package_states *now,
			   struct report *report)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_change *change = &plan->change[i];
		const struct package_state *state =
			package_states_find(now, change->name, change->arch);
		bool there = state && package_state_is_there(state);
		const struct package_row row = {
			.name = change->name,
			.state = state ? state->state : "not-installed",
			.version = there ? state->version : "",
			.before = change->before,
			.action = action_of(change, state),
		};
		int r;

		if (is_unchanged(change, state))
			continue;
		r = report_add_package_row(report, &row);
		if (r < 0)
			return r;
	}
	return 0;
}
