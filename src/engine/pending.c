/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: the book of calls that the monitor will end. The monitor
 * is trusted, but for the texts that it only passes on.
 */
#include "engine/pending.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "engine/method_confirm.h"
#include "engine/method_watch.h"
#include "engine/rpc.h"

enum { PERCENT_MAX = 100 };

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t pending_ticket(struct engine *engine)
{
	if (++engine->next_ticket == 0)
		engine->next_ticket = 1;
	return engine->next_ticket;
}

static struct pending *find_free(struct engine *engine)
{
	for (size_t i = 0; i < ARRAY_SIZE(engine->pending); i++)
		if (!engine->pending[i].family)
			return &engine->pending[i];
	return NULL;
}

static struct pending *find(struct engine *engine, uint32_t ticket)
{
	for (size_t i = 0; i < ARRAY_SIZE(engine->pending); i++)
		if (engine->pending[i].family && engine->pending[i].ticket == ticket)
			return &engine->pending[i];
	return NULL;
}

bool pending_any(const struct engine *engine)
{
	if (watch_unanswered(engine))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(engine->pending); i++)
		if (engine->pending[i].family)
			return true;
	return false;
}

static void forget(struct pending *pending)
{
	call_finish(pending->call);
	free(pending->subject);
	*pending = (struct pending){ 0 };
}

struct pending *pending_keep(struct call *call, const struct pending_family *family,
			     unsigned int verb, const char *subject, bool progress)
{
	struct engine *engine = call->engine;
	struct pending *pending = find_free(engine);
	scoped_ptr char *copy = subject ? strdup(subject) : NULL;
	struct call *kept;

	if (subject && !copy) {
		call_no_memory(call);
		return NULL;
	}
	if (!pending) {
		call_error(call, EXM_ERROR_BUSY, NULL, "%s: %d calls are under way already",
			   call->method, JOBS_MAX);
		return NULL;
	}
	if (call_later(call, &kept) < 0)
		return NULL;
	*pending = (struct pending){
		.family = family,
		.call = kept,
		.ticket = pending_ticket(engine),
		.verb = verb,
		.subject = take_ptr(copy),
		.progress = progress && !kept->notification,
		.begin_ms = now_ms(),
	};
	return pending;
}

int pending_sent(struct pending *pending, int r)
{
	if (r < 0) {
		call_internal(pending->call, "ask the monitor", r);
		forget(pending);
	}
	return 0;
}

/* The params get who it is for already. */
static void tell(struct call *call, const char *notification, struct json_object *params,
		 const struct msg_progress *progress)
{
	json_put(params, "id", json_share(call->id));
	json_put(params, "stage", json_new_text(progress->stage));
	json_put(params, "detail", json_new_text(progress->detail));
	json_put(params, "percent",
		 progress->percent <= PERCENT_MAX ? json_new_int(progress->percent) : NULL);
	json_put(params, "elapsed_ms", json_new_int(progress->elapsed_ms));
	if (rpc_notify(call->engine, notification, params) < 0)
		call->engine->stream.ended = true;
	json_free(params);
}

static void tell_progress(const struct pending *pending, const struct msg_progress *progress)
{
	const struct pending_family *family = pending->family;
	struct json_object *params;

	if (!pending->progress || !family->progress)
		return;
	params = json_new_object();
	if (family->subject)
		json_put(params, family->subject, json_new_bytes(pending->subject));
	/* "restart" of "service.restart" */
	json_put(params, "verb", json_new_string(strchr(pending->call->method, '.') + 1));
	tell(pending->call, family->progress, params, progress);
}

int pending_event(const struct message *event, int fd, void *data)
{
	struct engine *engine = data;
	struct pending *pending;
	uint32_t ticket;

	switch (event->type) {
	case MON_JOB:
		ticket = event->job.ticket;
		break;
	case MON_DATA:
		ticket = event->data.ticket;
		break;
	case MON_IDENTITY:
		ticket = event->identity.ticket;
		break;
	case MON_PROGRESS:
		ticket = event->progress.ticket;
		break;
	case MON_ROLLED_BACK:
		confirm_event(engine, &event->rolled_back);
		return 0;
	case MON_UNIT:
		watch_event(engine, &event->unit);
		return 0;
	default:
		return -EBADMSG;
	}
	if (event->type == MON_PROGRESS && engine->committing && ticket == engine->commit_ticket) {
		tell(engine->committing, "config.progress", json_new_object(), &event->progress);
		return 0;
	}
	pending = find(engine, ticket);
	if (!pending)
		return 0;
	if (event->type == MON_PROGRESS) {
		tell_progress(pending, &event->progress);
		return 0;
	}
	if (event->type != pending->family->end)
		return -EBADMSG;
	pending->call->recorded = true;
	pending->family->finish(pending, event, fd);
	forget(pending);
	return 0;
}

static void put_errno(struct json_object *data, int error)
{
	const char *name = error > 0 ? strerrorname_np(error) : NULL;

	if (name)
		json_put(data, "errno", json_new_string(name));
}

void pending_refuse(const struct pending *pending, enum job_outcome outcome, int error,
		    const char *detail, struct json_object *data)
{
	struct call *call = pending->call;
	const char *of = pending->subject ? " of " : "", *colon = detail[0] ? ": " : "";
	const char *subject = pending->subject ? pending->subject : "";
	uint64_t waited = now_ms() - pending->begin_ms;

	switch (outcome) {
	case JOB_TIMEOUT:
		json_put(data, "seconds", json_new_int((int64_t)(waited / 1000)));
		call_error(call, EXM_ERROR_TIMEOUT, data,
			   "%s%s%.200s takes longer than allowed%s%s", call->method, of, subject,
			   colon, detail);
		return;
	case JOB_UNAVAILABLE:
		put_errno(data, error);
		if (detail[0] == '\0')
			detail = error > 0 ? strerror(error) : "nobody is there who could do it";
		call_error(call, EXM_ERROR_IO, data, "%s%s%.200s: %s", call->method, of, subject,
			   detail);
		return;
	case JOB_BUSY:
		call_error(call, EXM_ERROR_BUSY, data, "%s%s%.200s: %s", call->method, of, subject,
			   detail[0] ? detail : "too many calls are under way");
		return;
	case JOB_BAD_VALUE:
		call_error(call, EXM_ERROR_BAD_VALUE, data, "%s%s%.200s is not possible%s%s",
			   call->method, of, subject, colon, detail);
		return;
	default:
		put_errno(data, error);
		call_error(call, EXM_ERROR_IO, data, "%s%s%.200s failed%s%s", call->method, of,
			   subject, colon, detail);
	}
}

struct json_object *pending_split(const char *text, char separator)
{
	struct json_object *parts = json_new_array();

	while (*text) {
		const char *end = strchrnul(text, separator);
		scoped_ptr char *part = strndup(text, (size_t)(end - text));

		if (part && part[0])
			json_append(parts, json_new_text(part));
		text = *end ? end + 1 : end;
	}
	return parts;
}
