/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: service.watch, whose answer is the first thing that the
 * monitor tells of the unit, and service.changed, which is everything after it.
 */
#include "engine/method_watch.h"

#include <string.h>

#include "engine/engine.h"
#include "engine/method.h"
#include "engine/rpc.h"
#include "engine/unit_right.h"

static struct watch *find_unit(struct engine *engine, const char *unit)
{
	for (size_t i = 0; i < ARRAY_SIZE(engine->watch); i++) {
		struct watch *watch = &engine->watch[i];

		if (watch->ticket && !watch->over && strcmp(watch->unit, unit) == 0)
			return watch;
	}
	return NULL;
}

/* The one with that ticket; with 0, one that is free. */
static struct watch *find_ticket(struct engine *engine, uint32_t ticket)
{
	for (size_t i = 0; i < ARRAY_SIZE(engine->watch); i++)
		if (engine->watch[i].ticket == ticket)
			return &engine->watch[i];
	return NULL;
}

bool watch_any(const struct engine *engine)
{
	for (size_t i = 0; i < ARRAY_SIZE(engine->watch); i++)
		if (engine->watch[i].ticket)
			return true;
	return false;
}

bool watch_unanswered(const struct engine *engine)
{
	for (size_t i = 0; i < ARRAY_SIZE(engine->watch); i++)
		if (engine->watch[i].call)
			return true;
	return false;
}

static void forget(struct engine *engine, struct watch *watch)
{
	if (watch->call)
		call_finish(watch->call);
	free(watch->unit);
	*watch = (struct watch){ 0 };
	stream_set_watches(&engine->stream, watch_any(engine));
}

static struct json_object *state_of(const struct msg_unit *state, const char *unit)
{
	struct json_object *data = data_of("unit", unit);

	json_put(data, "load", json_new_text(state->load_state));
	json_put(data, "active", json_new_text(state->active_state));
	json_put(data, "sub", json_new_text(state->sub_state));
	json_put(data, "file_state", json_new_text(state->file_state));
	json_put(data, "result", json_new_text(state->result));
	json_put(data, "main_pid", json_new_int(state->main_pid));
	json_put(data, "exit_status", json_new_int(state->exit_status));
	return data;
}

static int stop(struct engine *engine, const struct watch *watch)
{
	const struct msg_unwatch request = { .ticket = watch->ticket };

	return mon_unwatch(&engine->mon, &request);
}

int service_watch(struct call *call, const struct arguments *a)
{
	struct engine *engine = call->engine;
	struct watch *watch = find_ticket(engine, 0);
	scoped_ptr char *unit = NULL;
	struct msg_watch request = { 0 };
	ssize_t entry = unit_right_verb(call, a->unit, SERVICE_STATUS, &unit);
	int r;

	if (entry < 0)
		return -1;
	if (find_unit(engine, unit))
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("unit", unit),
				  "%s is watched already", unit);
	if (!watch)
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "watches"),
				  "%d units are watched already", WATCHES_MAX);
	if (call_later(call, &watch->call) < 0)
		return -1;
	watch->ticket = pending_ticket(engine);
	watch->unit = take_ptr(unit);
	stream_set_watches(&engine->stream, true);
	request.ticket = watch->ticket;
	request.entry = (uint32_t)entry;
	request.unit = watch->unit;
	r = mon_watch(&engine->mon, &request);
	if (r < 0) {
		call_internal(watch->call, "ask the monitor", r);
		forget(engine, watch);
	}
	return 0;
}

int service_unwatch(struct call *call, const struct arguments *a)
{
	struct engine *engine = call->engine;
	scoped_ptr char *unit = NULL;
	struct watch *watch;
	int r;

	if (unit_right_name(call, a->unit, &unit) < 0)
		return -1;
	watch = find_unit(engine, unit);
	if (!watch)
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("unit", unit),
				  "%s is not watched", unit);
	/* the call that began it still gets its answer */
	if (watch->call) {
		watch->over = true;
		return call_result(call, json_new_bool(true));
	}
	r = stop(engine, watch);
	forget(engine, watch);
	return r < 0 ? call_internal(call, "ask the monitor", r)
		     : call_result(call, json_new_bool(true));
}

/* The first event: the call is answered. */
static void begun(struct engine *engine, struct watch *watch, const struct msg_unit *state)
{
	watch->call->recorded = true;
	switch (state->outcome) {
	case JOB_DONE:
		if (call_result(watch->call, state_of(state, watch->unit)) < 0)
			engine->stream.ended = true;
		break;
	case JOB_DENIED:
		unit_right_denied(watch->call, SERVICE_STATUS, watch->unit);
		break;
	case JOB_NO_UNIT:
		call_error(watch->call, EXM_ERROR_SERVICE_FAILED, state_of(state, watch->unit),
			   "there is no unit %s", watch->unit);
		break;
	case JOB_BUSY:
		call_error(watch->call, EXM_ERROR_BUSY, data_of("unit", watch->unit),
			   "too many units are watched");
		break;
	default:
		call_error(watch->call, EXM_ERROR_IO, data_of("unit", watch->unit),
			   "%s cannot be watched: systemd cannot be asked", watch->unit);
	}
	call_finish(watch->call);
	watch->call = NULL;
}

void watch_event(struct engine *engine, const struct msg_unit *state)
{
	struct watch *watch = state->ticket ? find_ticket(engine, state->ticket) : NULL;
	struct json_object *params;

	if (!watch)
		return;
	if (watch->call) {
		begun(engine, watch, state);
		if (watch->over && stop(engine, watch) < 0)
			engine->stream.ended = true;
		if (watch->over || state->outcome != JOB_DONE)
			forget(engine, watch);
		return;
	}
	params = state_of(state, watch->unit);
	if (rpc_notify(engine, "service.changed", params) < 0)
		engine->stream.ended = true;
	json_free(params);
}
