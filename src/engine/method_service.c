/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: service calls. The monitor decides and acts; here the
 * client gets an early no, and later what systemd said of the job.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/method.h"

/* As systemctl(1) does: a name without a suffix is a service's. */
static char *full_name(const char *unit)
{
	char *name = NULL;

	return asprintf(&name, strchr(unit, '.') ? "%s" : "%s.service", unit) < 0 ? NULL : name;
}

static int denied(struct call *call, enum service_verb verb, const char *unit)
{
	const char *word = service_verb_word(verb);
	scoped_ptr char *rule = NULL;
	struct json_object *data = data_of("unit", unit);

	if (!word || asprintf(&rule, "[Service %s] Allow=%s", unit, word) < 0)
		rule = NULL;
	json_put(data, "verb", json_new_string(word));
	json_put(data, "key", json_new_string("Allow"));
	json_put(data, "rule", json_new_bytes(rule));
	return call_error(call, EXM_ERROR_DENIED, data,
			  "%s of %.200s is not allowed; it would need %s", word, unit,
			  rule ? rule : "a rule");
}

static int free_slot(const struct engine *engine)
{
	for (int i = 0; i < JOBS_MAX; i++)
		if (!engine->job[i])
			return i;
	return -1;
}

bool service_jobs_open(const struct engine *engine)
{
	for (int i = 0; i < JOBS_MAX; i++)
		if (engine->job[i])
			return true;
	return false;
}

static void forget_job(struct engine *engine, int slot)
{
	free(engine->job_unit[slot]);
	engine->job_unit[slot] = NULL;
	engine->job[slot] = NULL;
}

static int begin(struct call *call, enum service_verb verb, const char *wanted)
{
	struct engine *engine = call->engine;
	scoped_ptr char *unit = full_name(wanted);
	struct call *kept;
	ssize_t entry;
	int slot = free_slot(engine), r;

	if (!unit)
		return call_no_memory(call);
	if (!policy_unit_name_valid(unit))
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("unit", unit),
				  "%.200s is not the name of a unit", unit);
	entry = policy_find_service(engine->policy, unit);
	if (entry < 0 || !(engine->policy->services[entry].verbs & (1u << verb)))
		return denied(call, verb, unit);
	if (slot < 0)
		return call_error(call, EXM_ERROR_BUSY, data_of("unit", unit),
				  "%d service calls are under way already", JOBS_MAX);
	if (call_later(call, &kept) < 0)
		return -1;
	engine->job[slot] = kept;
	engine->job_ticket[slot] = ++engine->next_ticket;
	engine->job_verb[slot] = verb;
	engine->job_unit[slot] = take_ptr(unit);
	r = mon_service(&engine->mon, engine->job_ticket[slot], (uint32_t)entry, verb,
			engine->job_unit[slot]);
	if (r < 0) {
		call_internal(kept, "ask the monitor", r);
		call_finish(kept);
		forget_job(engine, slot);
	}
	return 0;
}

#define HANDLER(name, verb) \
	int service_##name(struct call *call, const struct arguments *a) \
	{ \
		return begin(call, verb, a->unit); \
	}
HANDLER(status, SERVICE_STATUS)
HANDLER(start, SERVICE_START)
HANDLER(stop, SERVICE_STOP)
HANDLER(restart, SERVICE_RESTART)
HANDLER(reload, SERVICE_RELOAD)

static struct json_object *state_of(const struct msg_job *job, const char *unit, bool with_job)
{
	struct json_object *data = data_of("unit", unit);

	if (with_job) {
		json_put(data, "job", json_new_text(job->job_result));
		json_put(data, "main_pid_before", json_new_int(job->main_pid_before));
	}
	json_put(data, "load", json_new_text(job->load_state));
	json_put(data, "active", json_new_text(job->active_state));
	json_put(data, "sub", json_new_text(job->sub_state));
	json_put(data, "main_pid", json_new_int(job->main_pid));
	json_put(data, "result", json_new_text(job->result));
	return data;
}

static struct json_object *lines_of(const char *log)
{
	struct json_object *lines = json_new_array();

	while (*log) {
		const char *end = strchrnul(log, '\n');
		scoped_ptr char *line = strndup(log, (size_t)(end - log));

		if (line)
			json_append(lines, json_new_text(line));
		log = *end ? end + 1 : end;
	}
	return lines;
}

static void answer_failure(struct call *call, const struct msg_job *job, enum service_verb verb,
			   const char *unit)
{
	const char *word = service_verb_word(verb);
	struct json_object *data = state_of(job, unit, verb != SERVICE_STATUS);

	json_put(data, "verb", json_new_string(word));
	switch (job->outcome) {
	case JOB_NO_UNIT:
		call_error(call, EXM_ERROR_SERVICE_FAILED, data, "there is no unit %s", unit);
		return;
	case JOB_TIMEOUT:
		json_put(data, "seconds", json_new_int((call->engine->timeout_ms + 999) / 1000));
		call_error(call, EXM_ERROR_TIMEOUT, data,
			   "%s of %s takes longer than allowed; systemd goes on with it", word,
			   unit);
		return;
	case JOB_BUSY:
		call_error(call, EXM_ERROR_BUSY, data, "too many service calls are under way");
		return;
	case JOB_UNAVAILABLE:
		call_error(call, EXM_ERROR_IO, data, "%s of %s: systemd cannot be asked%s%s", word,
			   unit, job->detail[0] ? ": " : "", job->detail);
		return;
	default:
		json_put(data, "exit_status", json_new_int(job->exit_status));
		json_put(data, "log", lines_of(job->log));
		call_error(call, EXM_ERROR_SERVICE_FAILED, data,
			   "%s of %s failed: job %s, unit %s (%s)%s%s", word, unit,
			   job->job_result[0] ? job->job_result : "refused",
			   job->active_state[0] ? job->active_state : "unknown",
			   job->result[0] ? job->result : "no result", job->detail[0] ? ": " : "",
			   job->detail);
	}
}

void service_job_done(const struct msg_job *job, void *data)
{
	struct engine *engine = data;

	for (int i = 0; i < JOBS_MAX; i++) {
		struct call *call = engine->job[i];

		if (!call || engine->job_ticket[i] != job->ticket)
			continue;
		if (job->outcome == JOB_DENIED)
			denied(call, engine->job_verb[i], engine->job_unit[i]);
		else if (job->outcome != JOB_DONE)
			answer_failure(call, job, engine->job_verb[i], engine->job_unit[i]);
		else if (call_result(call, state_of(job, engine->job_unit[i],
						    engine->job_verb[i] != SERVICE_STATUS)) < 0)
			engine->stream.ended = true;
		call_finish(call);
		forget_job(engine, i);
		return;
	}
}
