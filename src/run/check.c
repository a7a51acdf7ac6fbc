/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run: the programs of Check=, which judge the files of a commit before any of
 * them is written. The files come from a client, their paths from the monitor, which is not
 * trusted either; the command line is the policy's.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/candidates.h"
#include "common/root_open.h"
#include "run/check_keeper.h"
#include "run/check_limits.h"
#include "run/check_place.h"
#include "run/check_view.h"
#include "run/job.h"
#include "run/mask.h"

#define WITHHELD "(not shown: it might tell a secret)\n"

enum { MSEC_PER_SEC = 1000 };

/* ---- may it be? ---- */

static const char *refuse_file(const struct policy *policy, const struct candidate *candidate)
{
	const struct policy_file *file;

	if (candidate->entry >= policy->file_count ||
	    policy_find_file(policy, candidate->path) != (ssize_t)candidate->entry)
		return "a section of the policy is not the one for its file";
	file = &policy->files[candidate->entry];
	if (candidate->removal ? !file->may_delete : !file->may_create && !policy_may_change(file))
		return "the policy does not allow to change one of the files";
	return NULL;
}

const char *check_refuse(const struct policy *policy, const struct msg_run_call *call, int enclosed)
{
	scoped_candidates candidates = { 0 };
	const char *reason = "it is for none of the files";
	bool named = false;

	/* the line as well: by number alone it might be one of another policy */
	if (call->entry >= policy->file_count ||
	    call->verb >= policy->files[call->entry].checks.count ||
	    strcmp(policy->files[call->entry].checks.item[call->verb], call->names) != 0)
		return "the policy has no such check";
	if (candidates_read(enclosed, &candidates) < 0)
		return "these are no files of a commit";
	for (size_t i = 0; i < candidates.count; i++) {
		reason = refuse_file(policy, &candidates.item[i]);
		if (reason)
			return reason;
		named |= candidates.item[i].entry == call->entry;
	}
	return named ? NULL : "it is for none of the files";
}

/* ---- the run ---- */

static int confine(void *data)
{
	const uint32_t *seconds = data;

	return check_limits_enter(*seconds);
}

/* Whoever may write to it would decide what is written elsewhere. */
static bool check_program(struct job *job, const struct check_place *place, const char *path)
{
	scoped_fd fd = root_open(place->root, path, O_PATH);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		int error = fd < 0 ? -fd : errno;

		job_fail(job, error == ENOENT ? RUN_MISSING : RUN_CANNOT,
			 error == ENOENT ? 0 : error, "%s: %s", path, strerror(error));
		return false;
	}
	if (S_ISREG(st.st_mode) && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	job_fail(job, RUN_CANNOT, EPERM, "%s %s", path,
		 !S_ISREG(st.st_mode) ? "is no program"
		 : st.st_uid != 0     ? "is not owned by root"
				      : "can be written by others than root");
	return false;
}

static void fail_at(struct job *job, const struct view_fault *fault)
{
	job_fail(job, RUN_CANNOT, fault->error, "%s%s%s", fault->path, fault->path[0] ? ": " : "",
		 fault->reason ? fault->reason : strerror(fault->error));
}

static void hide_secrets(struct job *job, const struct candidates *candidates)
{
	if (candidates->unknown && job->output.used > 0) {
		job->output = (struct tail){ .used = 0 };
		tail_add(&job->output, WITHHELD, strlen(WITHHELD));
	}
	mask_tail(&job->output, candidates->secret, candidates->secret_count);
}

static void run(struct job *job, const struct check_place *place, char *const *words)
{
	uint32_t seconds = job->call->timeout_ms / MSEC_PER_SEC + 1;
	const struct job_step step = {
		.path = words[0],
		.argv = (const char *const *)words,
		.confine = confine,
		.data = &seconds,
		.at_once = true,
	};
	pid_t keeper;
	int r;

	if (!check_program(job, place, words[0]))
		return;
	r = keeper_start(place, &keeper);
	if (r < 0) {
		job_fail(job, RUN_CANNOT, -r, "a namespace for it cannot be made");
		return;
	}
	job_step(job, &step, &job->end);
	if (keeper_end(keeper) < 0)
		job_fail(job, RUN_CANNOT, EBUSY, "not all that it started could be killed");
}

/* Shows it the files, runs it, and looks whether they are still there. */
static void run_in(struct job *job, const struct candidates *candidates, char *const *words)
{
	scoped(check_place_clear) struct check_place place = CHECK_PLACE_NONE;
	scoped_view view = { 0 };
	struct view_fault fault = { .path = "" };
	const char *step;
	int r = check_place_enter(&place, job->root_fd, job->proc_fd, &step);

	if (r == 0 && view_find(&view, &place, candidates, &fault) < 0) {
		fail_at(job, &fault);
		return;
	}
	if (r == 0)
		r = check_place_soften(&place, &step);
	if (r < 0) {
		job_fail(job, RUN_CANNOT, -r, "cannot %s: %s", step, strerror(-r));
		return;
	}
	if (view_show(&view, &fault) < 0) {
		fail_at(job, &fault);
		return;
	}
	run(job, &place, words);
	if (job->end.outcome == RUN_EXITED && job->end.status == 0 && view_holds(&view, &fault) < 0)
		fail_at(job, &fault);
}

void check_run(struct job *job)
{
	const struct policy_file *file = &job->policy->files[job->call->entry];
	scoped_candidates candidates = { 0 };
	scoped_ptr char **words = NULL;
	int r = candidates_read(job->enclosed, &candidates);

	if (r == 0)
		r = policy_check_split(file->checks.item[job->call->verb], &words);
	if (r < 0 || !words) {
		job_fail(job, RUN_CANNOT, -r, "the files of the commit cannot be read");
		return;
	}
	run_in(job, &candidates, words);
	hide_secrets(job, &candidates);
}
