/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: makes answers. Texts that it quotes are the client's, and leave as JSON
 * strings. */
#include "engine/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/rpc.h"

enum { MESSAGE_SIZE = 1024 };

const char *call_error_name(int code)
{
	switch (code) {
#define X(number, name, meaning) \
	case EXM_ERROR_##name: \
		return #name;
		EXM_ERRORS(X)
#undef X
	case EXM_ERROR_PARSE:
		return "PARSE";
	case EXM_ERROR_INVALID_REQUEST:
		return "INVALID_REQUEST";
	case EXM_ERROR_UNKNOWN_METHOD:
		return "UNKNOWN_METHOD";
	case EXM_ERROR_INVALID_PARAMS:
		return "INVALID_PARAMS";
	default:
		return "INTERNAL";
	}
}

/* One answer a request; a second one would be a bug, and is not sent. */
static bool take_turn(struct call *call)
{
	bool first = !call->answered;

	call->answered = true;
	return first;
}

int call_result(struct call *call, struct json_object *result)
{
	int r = 0;

	if (take_turn(call) && !call->notification)
		r = rpc_answer(call, "result", result);
	json_free(result);
	return r;
}

struct output *call_begin(struct call *call)
{
	return rpc_begin(call, "result");
}

bool call_is_full(const struct call *call)
{
	return rpc_is_full(call);
}

int call_end(struct call *call)
{
	if (take_turn(call) && !call->notification)
		return rpc_end(call, "result");
	rpc_cancel(call);
	return 0;
}

static const char *text_of(const struct json_object *data, const char *key)
{
	const char *text = json_string(json_get(data, key), NULL);

	return text ? text : "";
}

/* A text, or a list of them with a blank between two; as much as a message takes. */
static void add_subject(char subject[static MESSAGE_NAME_MAX + 1], const struct json_object *value)
{
	const char *text = json_string(value, NULL);
	size_t used = strlen(subject);

	if (text)
		snprintf(subject + used, MESSAGE_NAME_MAX + 1 - used, "%s%s", used ? " " : "",
			 text);
	for (size_t i = 0; json_kind(value) == JSON_ARRAY && i < json_length(value); i++)
		add_subject(subject, json_at(value, i));
}

/* What the monitor does not see, because it was refused here, is told for the audit trail. */
static void tell_refusal(struct call *call, const struct json_object *data)
{
	static const char *const subjects[] = { "unit", "names", "file", "path" };
	char subject[MESSAGE_NAME_MAX + 1] = "";
	const char *rule = text_of(data, "rule");

	for (size_t i = 0; i < ARRAY_SIZE(subjects) && !*subject; i++)
		add_subject(subject, json_get(data, subjects[i]));
	if (!call->recorded && mon_refused(&call->engine->mon, call->method, subject,
					   *rule ? rule : text_of(data, "key")) < 0)
		call->engine->stream.ended = true;
	call->recorded = true;
}

static int answer_error(struct call *call, int code, struct json_object *data, const char *message)
{
	scoped_json *error = NULL;

	if (!data)
		data = json_new_object();
	/* a value that is no good in itself breaks no rule of the policy */
	if (code == EXM_ERROR_DENIED || (code == EXM_ERROR_BAD_VALUE && json_get(data, "rule")))
		tell_refusal(call, data);
	json_put(data, "name", json_new_string(call_error_name(code)));

	error = json_new_object();
	json_put(error, "code", json_new_int(code));
	json_put(error, "message", json_new_text(message));
	json_put(error, "data", data);
	if (call->refusal) {
		json_free(*call->refusal);
		*call->refusal = take_ptr(error);
		return -1;
	}
	/* a client that is gone is noticed by whoever reads from it next */
	if (take_turn(call) && !call->notification && rpc_answer(call, "error", error) < 0)
		call->engine->stream.ended = true;
	return -1;
}

int call_error(struct call *call, int code, struct json_object *data, const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return answer_error(call, code, data, message);
}

int call_denied(struct call *call, struct json_object *data, const char *key, const char *rule,
		const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	data_put_rule(data, key, rule);
	return answer_error(call, EXM_ERROR_DENIED, data, message);
}

int call_no_memory(struct call *call)
{
	return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "memory"),
			  "%s: there is not enough memory for it", call->method);
}

int call_internal(struct call *call, const char *what, int error)
{
	return call_error(call, EXM_ERROR_INTERNAL, NULL, "%s: cannot %s: %s", call->method, what,
			  strerror(error < 0 ? -error : error));
}

struct json_object *data_of(const char *key, const char *text)
{
	struct json_object *data = json_new_object();

	json_put(data, key, json_new_bytes(text));
	return data;
}

struct json_object *data_of_path(const char *path)
{
	return data_of("path", path);
}

void data_put_rule(struct json_object *data, const char *key, const char *rule)
{
	json_put(data, "key", json_new_bytes(key));
	json_put(data, "rule", json_new_bytes(rule));
}

int call_later(struct call *call, struct call **ret_kept)
{
	struct engine *engine = call->engine;
	struct call *kept = malloc(sizeof(*kept));
	size_t length;
	const char *id = json_text(call->id, &length);

	if (!kept)
		return call_no_memory(call);
	*kept = *call;
	kept->slot = -1;
	if (!call->notification) {
		kept->slot = stream_open_request(&engine->stream, id, length);
		if (kept->slot < 0) {
			free(kept);
			return call_error(call, EXM_ERROR_BUSY, NULL,
					  "%s: too many requests wait for their answer",
					  call->method);
		}
	}
	rpc_batch_wait(call->batch);
	call->id = NULL;
	call->later = true;
	*ret_kept = kept;
	return 0;
}

void call_finish(struct call *kept)
{
	stream_close_request(&kept->engine->stream, kept->slot);
	rpc_batch_done(kept->engine, kept->batch);
	json_free(kept->id);
	free(kept);
}
