/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. Which program runs is the policy's; what it is shown was staged by an
 * engine that may be the enemy, and goes to exmachina-run in a sealed memfd, unread.
 */
#include "monitor/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/candidates.h"
#include "monitor/check_secrets.h"

enum { MODE_BITS = 07777 };

struct check {
	uint32_t entry; /* the section */
	uint8_t number; /* of its Check= */
	uint32_t index; /* of the staged file */
};

struct checks {
	struct checks_order order;
	struct check *item;
	size_t count, next;
	int candidates;
};

struct checks *checks_free(struct checks *checks)
{
	if (!checks)
		return NULL;
	runner_forget(checks->order.runner, checks);
	free(checks->item);
	close_fd(checks->candidates);
	free(checks);
	return NULL;
}

static void checks_freep(struct checks **checks)
{
	checks_free(*checks);
}

static const char *line_of(const struct checks *checks, const struct check *check)
{
	return checks->order.policy->files[check->entry].checks.item[check->number];
}

static bool is_listed(const struct checks *checks, const char *line)
{
	for (size_t i = 0; i < checks->count; i++)
		if (strcmp(line_of(checks, &checks->item[i]), line) == 0)
			return true;
	return false;
}

static void list_file(struct checks *checks, uint32_t index)
{
	uint32_t entry = checks->order.staged[index].entry;
	const struct policy_list *lines = &checks->order.policy->files[entry].checks;

	for (size_t i = 0; i < lines->count; i++)
		if (!is_listed(checks, lines->item[i]))
			checks->item[checks->count++] = (struct check){
				.entry = entry,
				.number = (uint8_t)i,
				.index = index,
			};
}

static size_t count_lines(const struct policy *policy, const struct staged *staged, size_t count)
{
	size_t lines = 0;

	for (size_t i = 0; i < count; i++)
		lines += policy->files[staged[i].entry].checks.count;
	return lines;
}

bool checks_are_needed(const struct policy *policy, const struct staged *staged, size_t count)
{
	return count_lines(policy, staged, count) > 0;
}

static int list_all(struct checks *checks)
{
	const struct checks_order *order = &checks->order;

	checks->item = calloc(count_lines(order->policy, order->staged, order->count) + 1,
			      sizeof(*checks->item));
	if (!checks->item)
		return -ENOMEM;
	for (uint32_t i = 0; i < order->count; i++)
		list_file(checks, i);
	return 0;
}

/* All of them travel once, whatever is run with them. */
static int pack(struct checks *checks)
{
	const struct checks_order *order = &checks->order;
	scoped(check_secrets_clear) struct candidate_secrets secrets = { 0 };
	struct candidate_file files[STAGED_MAX];
	int r = check_secrets_find(order->policy, order->staged, order->count, order->changes,
				   &secrets);

	if (r < 0)
		return r;
	for (size_t i = 0; i < order->count; i++) {
		const struct policy_file *file = &order->policy->files[order->staged[i].entry];

		const struct former *former = order->staged[i].former;

		files[i] = (struct candidate_file){
			.entry = order->staged[i].entry,
			.path = order->staged[i].path,
			.content = order->staged[i].content,
			.owner = former ? (struct candidate_owner){ former->mode & MODE_BITS,
								    former->uid, former->gid }
					: (struct candidate_owner){ file->create_mode,
								    file->create_uid,
								    file->create_gid },
			.may_make_dirs = file->may_make_dirs,
			.dirs = { file->dirs.mode, file->dirs.uid, file->dirs.gid },
		};
	}
	checks->candidates = candidates_to_memfd(files, order->count, &secrets);
	return checks->candidates < 0 ? checks->candidates : 0;
}

/* ---- running ---- */

static const char *describe(const struct run_result *run, char *text, size_t size)
{
	switch (run->outcome) {
	case RUN_EXITED:
		snprintf(text, size, "exit status %d", run->status);
		return text;
	case RUN_SIGNALED:
		snprintf(text, size, "killed by signal %d", run->status);
		return text;
	case RUN_TIMEOUT:
		return "it took too long";
	default:
		return run->detail;
	}
}

/* That it could not be run is not its judgement. */
static enum mon_outcome outcome_of(const struct run_result *run)
{
	switch (run->outcome) {
	case RUN_EXITED:
		return run->status == 0 ? OUTCOME_DONE : OUTCOME_CHECK_FAILED;
	case RUN_SIGNALED:
	case RUN_TIMEOUT:
		return OUTCOME_CHECK_FAILED;
	default:
		return OUTCOME_IO;
	}
}

/* It may free the checks. */
static void end(struct checks *checks, const struct run_result *run)
{
	const struct check *check = &checks->item[checks->next];
	struct checks_result result = { .outcome = outcome_of(run), .check = "", .output = "" };
	char status[64], why[MESSAGE_TEXT_MAX + 1] = "";

	if (result.outcome != OUTCOME_DONE) {
		result.index = check->index;
		result.check = line_of(checks, check);
		result.how = run->outcome;
		result.status = run->status;
		result.output = run->output;
		result.error = result.outcome == OUTCOME_IO ? run->error : 0;
		snprintf(why, sizeof(why), "Check=%.200s: %.250s", result.check,
			 describe(run, status, sizeof(status)));
	}
	result.why = why;
	checks->order.done(&result, checks->order.data);
}

static int start(struct checks *checks);

static void on_end(struct run_result *run, void *data)
{
	struct checks *checks = data;
	struct run_result broken = {
		.outcome = RUN_CANNOT, .detail = "", .output = "", .report = -1
	};
	int r;

	if (outcome_of(run) != OUTCOME_DONE || checks->next + 1 == checks->count) {
		end(checks, run);
		return;
	}
	checks->next++;
	r = start(checks);
	if (r == 0)
		return;
	broken.error = -r;
	broken.detail = strerror(-r);
	end(checks, &broken);
}

static int start(struct checks *checks)
{
	const struct check *check = &checks->item[checks->next];
	const struct runner_order order = {
		.program = RUN_CHECK,
		.entry = check->entry,
		.verb = check->number,
		.timeout_ms = checks->order.policy->timeout_ms,
		.names = line_of(checks, check),
		.enclosed = &checks->candidates,
		.done = on_end,
		.data = checks,
	};

	return runner_call(checks->order.runner, &order);
}

int checks_begin(const struct checks_order *order, struct checks **ret_checks)
{
	scoped(checks_freep) struct checks *checks = calloc(1, sizeof(*checks));
	int r;

	if (!checks)
		return -ENOMEM;
	checks->order = *order;
	checks->candidates = -1;
	r = list_all(checks);
	if (r == 0)
		r = pack(checks);
	if (r == 0)
		r = start(checks);
	if (r < 0)
		return r;
	*ret_checks = take_ptr(checks);
	return 0;
}
