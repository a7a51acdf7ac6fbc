/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: commits that wait to be confirmed. The monitor knows them, and the token. */
#include <errno.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/method.h"
#include "engine/method_confirm.h"
#include "engine/rpc.h"
#include "engine/timer.h"

int confirm_take_seconds(struct call *call, enum parameter parameter, int64_t seconds,
			 uint32_t *ret_seconds)
{
	if (seconds < 1 || seconds > CONFIRM_SECONDS_MAX)
		return call_error(call, EXM_ERROR_BAD_VALUE,
				  data_of("parameter", parameter_name(parameter)),
				  "%s: %s is a number of seconds from 1 to %d", call->method,
				  parameter_name(parameter), CONFIRM_SECONDS_MAX);
	*ret_seconds = (uint32_t)seconds;
	return 0;
}

struct json_object *confirm_describe(uint32_t seconds, const char *token)
{
	struct json_object *confirm = json_new_object();

	json_put(confirm, "seconds", json_new_int(seconds));
	if (token[0])
		json_put(confirm, "token", json_new_string(token));
	return confirm;
}

static int refuse(struct call *call, const struct msg_confirm_reply *reply)
{
	struct json_object *data;

	switch (reply->outcome) {
	case OUTCOME_ABSENT:
		return call_error(call, EXM_ERROR_NO_MATCH, NULL,
				  "nothing waits to be confirmed; it was, or its time is over and "
				  "it was taken back");
	case OUTCOME_DENIED:
		return call_denied(call, NULL, NULL, NULL,
				   "what waits to be confirmed has another token; each commit with "
				   "confirm is answered with the one that counts from then on");
	case OUTCOME_BUSY:
		return call_error(call, EXM_ERROR_BUSY, NULL,
				  "%s: a commit is under way, or is being taken back; then it can "
				  "be asked again",
				  call->method);
	default:
		data = json_new_object();
		json_put(data, "errno", json_new_string(strerrorname_np(reply->error)));
		return call_error(call, EXM_ERROR_IO, data, "%s: %s", call->method,
				  strerror(reply->error));
	}
}

static int ask(struct call *call, const struct msg_confirm *request,
	       struct msg_confirm_reply *reply)
{
	int64_t used = timer_pause();
	int r = mon_confirm(&call->engine->mon, request, reply);

	timer_resume(used);
	call->recorded = true;
	return r < 0 ? call_internal(call, "ask the monitor", r) : 0;
}

/* What the tree has been handed out is not what is there any more. */
static int forget(struct call *call)
{
	int r = tree_forget(call->engine->tree);

	if (r < 0)
		return call_internal(call, "forget the edits", r);
	stream_set_edits(&call->engine->stream, false);
	return 0;
}

static int answer(struct call *call, enum confirm_verb verb, const struct msg_confirm_reply *reply)
{
	struct json_object *result;

	if (reply->outcome != OUTCOME_DONE)
		return refuse(call, reply);
	if (verb == CONFIRM_ROLL_BACK && forget(call) < 0)
		return -1;
	/* a look finds nothing while it is taken back, the end of which is still to come */
	if (verb != CONFIRM_LOOK || reply->seconds > 0)
		call->engine->unconfirmed = reply->seconds > 0;
	result = json_new_object();
	json_put(result, "pending", json_new_bool(reply->seconds > 0));
	json_put(result, "seconds", json_new_int(reply->seconds));
	if (verb == CONFIRM_ROLL_BACK)
		json_put(result, "restored", json_new_bool(reply->restored));
	return call_result(call, result);
}

int config_confirm(struct call *call, const struct arguments *a)
{
	struct msg_confirm request = { .verb = CONFIRM_LOOK, .token = a->token };
	struct msg_confirm_reply reply = { 0 };

	if (a->token)
		request.verb = a->rollback ? CONFIRM_ROLL_BACK : CONFIRM_KEEP;
	else if (a->rollback || argument_given(a, PARAM_extend))
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "token"),
				  "%s: only who has the token may do that", call->method);
	if (a->token && strlen(a->token) > MESSAGE_TEXT_MAX)
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "token"),
				  "%s: the token is too long", call->method);
	if (argument_given(a, PARAM_extend)) {
		if (a->rollback)
			return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "extend"),
					  "%s: extend and rollback exclude each other",
					  call->method);
		request.verb = CONFIRM_EXTEND;
		if (confirm_take_seconds(call, PARAM_extend, a->extend, &request.seconds) < 0)
			return -1;
	}
	if (ask(call, &request, &reply) < 0)
		return -1;
	return answer(call, request.verb, &reply);
}

void confirm_event(struct engine *engine, const struct msg_rolled_back *event)
{
	struct json_object *params = json_new_object();

	engine->unconfirmed = false;
	json_put(params, "reason", json_new_text(event->reason));
	json_put(params, "restored", json_new_bool(event->restored));
	if (rpc_notify(engine, "config.rolled_back", params) < 0)
		engine->stream.ended = true;
	json_free(params);
}
