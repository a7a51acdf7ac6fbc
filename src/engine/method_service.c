/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: the verbs for services. The monitor decides and acts;
 * here the client gets an early no, and later what became of the call.
 */
#include <string.h>

#include "engine/engine.h"
#include "engine/method.h"
#include "engine/unit_right.h"

/* The verbs after which a unit is to be active, so that one can look whether it stays so. */
static bool can_settle(enum service_verb verb)
{
	return service_verb_kind(verb) == VERB_JOB && verb != SERVICE_STOP;
}

static struct json_object *state_of(const struct msg_job *job, const char *unit,
				    enum service_verb verb)
{
	struct json_object *data = data_of("unit", unit);

	json_put(data, "manager", json_new_text(job->manager));
	if (verb != SERVICE_STATUS) {
		json_put(data, "job", json_new_text(job->job_result));
		json_put(data, "main_pid_before", json_new_int(job->main_pid_before));
	}
	if (service_verb_kind(verb) == VERB_UNIT_FILE)
		json_put(data, "changes", pending_split(job->changes, '\n'));
	json_put(data, "load", json_new_text(job->load_state));
	json_put(data, "active", json_new_text(job->active_state));
	json_put(data, "sub", json_new_text(job->sub_state));
	json_put(data, "file_state", json_new_text(job->file_state));
	json_put(data, "result", json_new_text(job->result));
	json_put(data, "main_pid", json_new_int(job->main_pid));
	json_put(data, "triggered_by", pending_split(job->triggered_by, ' '));
	return data;
}

static void answer_failure(const struct pending *pending, const struct msg_job *job,
			   struct json_object *data)
{
	const char *word = service_verb_word(pending->verb), *unit = pending->subject;

	json_put(data, "exit_status", json_new_int(job->exit_status));
	json_put(data, "log", pending_split(job->log, '\n'));
	call_error(pending->call, EXM_ERROR_SERVICE_FAILED, data,
		   "%s of %s failed: job %s, unit %s (%s)%s%s", word, unit,
		   job->job_result[0] ? job->job_result : "refused",
		   job->active_state[0] ? job->active_state : "unknown",
		   job->result[0] ? job->result : "no result", job->detail[0] ? ": " : "",
		   job->detail);
}

static void verb_done(const struct pending *pending, const struct message *event, int fd)
{
	const struct msg_job *job = &event->job;
	struct call *call = pending->call;
	struct json_object *data;

	(void)fd;
	if (job->outcome == JOB_DENIED) {
		unit_right_denied(call, pending->verb, pending->subject);
		return;
	}
	data = state_of(job, pending->subject, pending->verb);
	if (job->outcome == JOB_DONE) {
		if (call_result(call, data) < 0)
			call->engine->stream.ended = true;
		return;
	}
	json_put(data, "verb", json_new_string(service_verb_word(pending->verb)));
	if (job->outcome == JOB_NO_UNIT)
		call_error(call, EXM_ERROR_SERVICE_FAILED, data, "there is no unit %s",
			   pending->subject);
	else if (job->outcome == JOB_FAILED)
		answer_failure(pending, job, data);
	else
		pending_refuse(pending, job->outcome, job->error, job->detail, data);
}

static const struct pending_family family = {
	.end = MON_JOB,
	.finish = verb_done,
	.progress = "service.progress",
	.subject = "unit",
};

static int take_settle(struct call *call, const struct arguments *a, enum service_verb verb,
		       uint32_t *ret_ms)
{
	if (!argument_given(a, PARAM_settle))
		return 0;
	if (a->settle > 0 && !can_settle(verb))
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "settle"),
				  "%s: settle is for verbs that leave a unit running",
				  call->method);
	return arguments_seconds(call, PARAM_settle, a->settle, 0, ret_ms);
}

int service_verb(struct call *call, const struct arguments *a, enum service_verb verb)
{
	scoped_ptr char *unit = NULL;
	struct msg_service request = { .verb = (uint8_t)verb };
	struct pending *pending;
	ssize_t entry = unit_right_verb(call, a->unit, verb, &unit);

	if (entry < 0 || arguments_timeout(call, a, &request.timeout_ms) < 0 ||
	    take_settle(call, a, verb, &request.settle_ms) < 0)
		return -1;
	pending = pending_keep(call, &family, verb, unit, a->progress);
	if (!pending)
		return -1;
	request.ticket = pending->ticket;
	request.entry = (uint32_t)entry;
	request.progress = pending->progress;
	request.unit = pending->subject;
	return pending_sent(pending, mon_service(&call->engine->mon, &request));
}
