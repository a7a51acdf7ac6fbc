/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run: packages, by apt-get and dpkg-query. Names come from the
 * client. Each is held to the policy before a process is made for the call, and
 * is known to apt under that very name before apt-get reads it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/package_names.h"
#include "common/report.h"
#include "run/job.h"
#include "run/package_apt.h"
#include "run/package_lock.h"
#include "run/package_query.h"
#include "run/package_report.h"

/* To find out what became of it, after a run that took all its time. */
enum { AFTERWARDS_MS = 10000 };

const char *package_refuse(const struct policy *policy, const struct msg_run_call *call,
			   int enclosed)
{
	struct package_names names;
	const char *denied;

	(void)enclosed;
	if (call->verb >= PACKAGE_VERB_MAX)
		return "there is no such verb";
	if (package_names_split(call->names, &names) < 0)
		return "these are no names of packages";
	if (!package_names_allowed(&names, policy, call->verb, &denied))
		return "the policy does not allow it for each of the packages";
	return NULL;
}

static void seal(struct job *job, const struct report *report)
{
	job->report = report_seal(report, "");
	if (job->report < 0) {
		job_fail(job, RUN_CANNOT, -job->report, "the result cannot be told");
		job->report = -1;
	}
}

static void no_report(struct job *job, int error)
{
	job_fail(job, RUN_CANNOT, -error, "the result cannot be told");
}

/* ---- status -------------------------------------------------------------- */

static void status(struct job *job, const struct package_names *names)
{
	scoped_states states = { .text = NULL };
	scoped_ptr char *policy = NULL, *native = NULL;
	scoped_report report = report_begin(REPORT_PACKAGE);

	if (!package_query_native(job, &native) || !package_query_states(job, 0, &states) ||
	    !package_query_policy(job, names, &policy))
		return;
	for (size_t i = 0; i < names->count; i++) {
		const struct package_state *state =
			package_states_of(&states, names->name[i], native);
		char candidate[MESSAGE_TEXT_MAX + 1] = "";
		bool known =
			package_candidate(policy, names->name[i], candidate, sizeof(candidate));
		const struct package_row row = {
			.name = names->name[i],
			.state = state ? state->state : "not-installed",
			.version = state && package_state_is_there(state) ? state->version : "",
			.candidate = candidate,
		};
		int r;

		if (!known && !state) {
			job_fail(job, RUN_UNKNOWN, 0, "%s", names->name[i]);
			return;
		}
		r = report_add_package_row(&report, &row);
		if (r < 0) {
			no_report(job, r);
			return;
		}
	}
	seal(job, &report);
}

/* ---- changes ------------------------------------------------------------- */

/* Is each name one that apt and dpkg know, and will take for itself? */
static bool look_up(struct job *job, const struct package_names *names,
		    const struct package_states *states)
{
	scoped_ptr char *policy = NULL;

	if (names->count == 0)
		return true;
	if (!package_query_policy(job, names, &policy))
		return false;
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->name[i];
		char candidate[MESSAGE_TEXT_MAX + 1] = "";
		bool known = package_candidate(policy, name, candidate, sizeof(candidate));

		if (known && (candidate[0] || package_states_installed(states, name)))
			continue;
		job_fail(job, RUN_UNKNOWN, 0, "%s", name);
		return false;
	}
	return true;
}

/* Says no; the rows, if there are any, go with it. Where memory is short the sentence has to do. */
static void refuse(struct job *job, const struct report *refusals, const char *why)
{
	job_fail(job, RUN_REFUSED, 0, "%s", why);
	if (refusals->rows > 0)
		job->report = report_seal(refusals, "");
	if (job->report < 0)
		job->report = -1;
}

static void refuse_as_essential(struct job *job, const char *name)
{
	const struct refusal_row row = { .package = name, .would = "remove", .rule = "" };
	scoped_report refusals = report_begin(REPORT_REFUSAL);
	char why[MESSAGE_TEXT_MAX + 1];

	snprintf(why, sizeof(why), "%s is essential, and never removed", name);
	(void)!report_add_refusal_row(&refusals, &row);
	refuse(job, &refusals, why);
}

/* What is asked for by name must not be taken from the system. */
static bool refuse_essential(struct job *job, const struct package_names *names,
			     const struct package_states *states)
{
	if (job->call->verb != PACKAGE_REMOVE)
		return false;
	for (size_t i = 0; i < states->count; i++) {
		const struct package_state *state = &states->state[i];

		if (!state->essential || !package_state_is_there(state) ||
		    !package_names_has(names, state->name))
			continue;
		refuse_as_essential(job, state->name);
		return true;
	}
	return false;
}

/*
 * One who was quicker may take a lock after we have looked. apt-get waits for
 * dpkg's by itself, and fails at the others before it has done anything.
 */
static void run_apt(struct package_apt *apt)
{
	struct job *job = apt->job;

	do {
		if (!package_lock_wait(job))
			return;
		package_apt_run(apt);
	} while (job->end.outcome == RUN_EXITED && job->end.status != 0 && !apt->begun &&
		 !apt->why[0] && package_lock_is_held(job));
}

/* What apt-get's end means, before the result is looked at. */
static void judge_end(const struct package_apt *apt)
{
	struct job *job = apt->job;

	if (apt->why[0])
		refuse(job, &apt->refusals, apt->why);
	else if (job->end.outcome == RUN_EXITED && job->end.status != 0)
		job_fail(job, RUN_EXITED, 0, "%s",
			 apt->error[0] ? apt->error : "apt-get did not do it");
	else if (job->end.outcome == RUN_TIMEOUT && !job->end.detail[0])
		job_fail(job, RUN_TIMEOUT, 0, "apt-get took too long, and dpkg was not begun");
}

/* The result as it really is; how apt-get ended stays what it was. */
static void tell_changes(const struct package_apt *apt)
{
	struct job *job = apt->job;
	const struct job_end end = job->end;
	scoped_states now = { .text = NULL };
	scoped_report report = report_begin(REPORT_PACKAGE);
	int r;

	if (apt->plan.count > 0) {
		if (!package_query_states(job, AFTERWARDS_MS, &now))
			return;
		r = package_report_changes(&apt->plan, &now, &report);
		if (r < 0) {
			no_report(job, r);
			return;
		}
	}
	job->end = end;
	seal(job, &report);
}

static void change(struct job *job, const struct package_names *names)
{
	scoped_states states = { .text = NULL };
	struct package_apt apt = {
		.job = job,
		.names = names,
		.states = &states,
		.refusals = report_begin(REPORT_REFUSAL),
	};

	if (package_query_states(job, 0, &states) && look_up(job, names, &states) &&
	    !refuse_essential(job, names, &states)) {
		run_apt(&apt);
		judge_end(&apt);
		if (apt.begun || (job->end.outcome == RUN_EXITED && job->end.status == 0))
			tell_changes(&apt);
	}
	package_plan_clear(&apt.plan);
	report_clear(&apt.refusals);
}

void package_run(struct job *job)
{
	struct package_names names;

	/* has been found good in the main process */
	if (package_names_split(job->call->names, &names) < 0)
		job_fail(job, RUN_REFUSED, 0, "these are no names of packages");
	else if (job->call->verb == PACKAGE_STATUS)
		status(job, &names);
	else
		change(job, &names);
}
