/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor: services take what was committed. All of it is the administrator's word. */
#include "monitor/apply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

struct action {
	enum service_verb verb;
	const char *unit; /* the policy's */
};

struct apply {
	struct apply_order order;
	struct action *action;
	size_t count, next;
	sd_event_source *defer; /* tells of what could not even be begun */
	struct apply_result result;
	/* of the first that failed: the job, and what its texts are kept in */
	struct msg_job job;
	struct packet *texts;
};

bool apply_is_needed(const struct policy *policy, const struct staged *staged, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (policy->files[staged[i].entry].apply_count > 0)
			return true;
	return false;
}

static bool has(const struct apply *apply, const struct policy_apply *wanted)
{
	for (size_t i = 0; i < apply->count; i++)
		if (apply->action[i].verb == wanted->verb &&
		    strcmp(apply->action[i].unit, wanted->unit) == 0)
			return true;
	return false;
}

static int collect(struct apply *apply, const struct staged *staged, size_t count)
{
	const struct policy_file *files = apply->order.policy->files;
	size_t most = 1;

	for (size_t i = 0; i < count; i++)
		most += files[staged[i].entry].apply_count;
	apply->action = calloc(most, sizeof(*apply->action));
	if (!apply->action)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct policy_file *file = &files[staged[i].entry];

		for (size_t k = 0; k < file->apply_count; k++)
			if (!has(apply, &file->apply[k]))
				apply->action[apply->count++] =
					(struct action){ file->apply[k].verb, file->apply[k].unit };
	}
	return 0;
}

/* What is told of a failure lasts longer than the job. */
static void keep_failure(struct apply *apply, const struct msg_job *job)
{
	const struct message message = { .type = MON_JOB, .job = *job };
	const struct action *action = &apply->action[apply->next];
	struct message copy;
	size_t length;

	log_warning("%s of %s after the commit failed: job %s, unit %s (%s)%s%s",
		    service_verb_word(action->verb), action->unit,
		    job->job_result[0] ? job->job_result : "refused",
		    job->active_state[0] ? job->active_state : "unknown",
		    job->result[0] ? job->result : "no result", job->detail[0] ? ": " : "",
		    job->detail);
	if (apply->result.failed++ > 0)
		return;
	apply->result.verb = action->verb;
	apply->result.unit = action->unit;
	if (message_encode(&message, apply->texts->data, sizeof(apply->texts->data), &length) < 0 ||
	    message_decode(apply->texts->data, length, &copy) < 0)
		return;
	apply->job = copy.job;
	apply->result.job = &apply->job;
}

static void go_on(struct apply *apply);

static void on_done(const struct msg_job *job, void *data)
{
	struct apply *apply = data;
	const struct action *action = &apply->action[apply->next];

	if (job->outcome == JOB_DONE)
		log_notice("%s of %s is done, after the commit", service_verb_word(action->verb),
			   action->unit);
	else
		keep_failure(apply, job);
	apply->next++;
	go_on(apply);
}

static void on_progress(const struct msg_progress *progress, void *data)
{
	const struct apply *apply = data;
	const struct action *action = &apply->action[apply->next];
	char detail[MESSAGE_TEXT_MAX + 1];

	snprintf(detail, sizeof(detail), "%s %s: %.150s%s%.150s", service_verb_word(action->verb),
		 action->unit, progress->stage, progress->detail[0] ? ", " : "", progress->detail);
	apply->order.progress("apply", detail, apply->order.data);
}

static int begin(struct apply *apply)
{
	const struct session_host *host = apply->order.host;
	const struct policy *policy = apply->order.policy;
	const struct action *action = &apply->action[apply->next];
	ssize_t section = policy_find_service(policy, action->unit);
	uint32_t own = section >= 0 ? policy->services[section].timeout_ms : 0;
	const struct service_order order = {
		.entry = UINT32_MAX, /* by no [Service] */
		.verb = action->verb,
		.unit = action->unit,
		.pair = true,
		.timeout_ms = own ? own : policy->timeout_ms,
		.settle_ms = action->verb == SERVICE_STOP ? 0 : APPLY_SETTLE_MS,
		.progress = apply->order.progress ? on_progress : NULL,
		.done = on_done,
		.data = apply,
	};

	return host->manager == MANAGER_INITD ? initd_call(host->initd, &order)
					      : service_call(host->service, &order);
}

/* The next action; the end is told after the last, or after one that failed. */
static void go_on(struct apply *apply)
{
	while (apply->next < apply->count && (apply->result.failed == 0 || apply->order.go_on)) {
		struct msg_job job = {
			.outcome = JOB_UNAVAILABLE,
			.manager = "",
			.job_result = "",
			.load_state = "",
			.active_state = "",
			.sub_state = "",
			.file_state = "",
			.result = "",
			.triggered_by = "",
			.changes = "",
			.log = "",
		};
		int r = begin(apply);

		if (r == 0)
			return;
		job.detail = strerror(-r);
		keep_failure(apply, &job);
		apply->next++;
	}
	apply->order.done(&apply->result, apply->order.data);
}

static int on_defer(sd_event_source *source, void *data)
{
	(void)source;
	go_on(data);
	return 0;
}

int apply_begin(const struct apply_order *order, const struct staged *staged, size_t count,
		struct apply **ret_apply)
{
	struct apply *apply = calloc(1, sizeof(*apply));
	int r;

	if (!apply)
		return -ENOMEM;
	apply->order = *order;
	apply->texts = malloc(sizeof(*apply->texts));
	r = apply->texts ? collect(apply, staged, count) : -ENOMEM;
	if (r == 0)
		r = sd_event_add_defer(order->host->event, &apply->defer, on_defer, apply);
	if (r < 0) {
		apply_free(apply);
		return r;
	}
	*ret_apply = apply;
	return 0;
}

struct apply *apply_free(struct apply *apply)
{
	if (!apply)
		return NULL;
	sd_event_source_disable_unref(apply->defer);
	free(apply->action);
	free(apply->texts);
	free(apply);
	return NULL;
}
