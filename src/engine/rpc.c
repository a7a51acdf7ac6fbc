/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: JSON-RPC 2.0. The line is hostile; a request costs at
 * most its own answer, and never the session.
 */
#include "engine/rpc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/method.h"
#include "engine/quick.h"
#include "engine/timer.h"

struct batch {
	struct output out;
	unsigned int waiting; /* requests that are answered later, and the reader while it reads */
};

static int write_output(struct engine *engine, struct output *out)
{
	int64_t used;
	int r;

	output_literal(out, "\n");
	if (out->failed)
		return -ENOMEM;
	if (engine->holds && stream_hold(&engine->stream, out->text, out->length))
		return 0;
	/*
	 * how long the client takes to read is not the request's time; and what is
	 * written may be about another one, while this has yet to do its work
	 */
	used = timer_pause();
	r = stream_write(&engine->stream, out->text, out->length);
	timer_resume(used);
	return r;
}

/* Another answer than the one that was begun. */
static int without_memory(struct call *call)
{
	call->answered = false;
	call_no_memory(call);
	return 0;
}

static int too_large(struct call *call)
{
	call->answered = false;
	call_error(call, EXM_ERROR_LIMIT, data_of("limit", "answer"),
		   "%s: the answer is longer than %d bytes", call->method, RPC_ANSWER_MAX);
	return 0;
}

static struct output *output_of(const struct call *call)
{
	return call->batch ? &call->batch->out : &call->engine->out;
}

/* The envelope up to the member's value. */
struct output *rpc_begin(struct call *call, const char *member)
{
	struct output *out = output_of(call);

	if (!call->batch)
		output_start(out);
	call->begun = out->length;
	call->begun_failed = out->failed;
	if (call->captured)
		return out;
	if (call->batch)
		output_add(out, out->length == 0 ? "[" : ",", 1);
	output_literal(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	output_json(out, call->id);
	output_literal(out, ",\"");
	output_add(out, member, strlen(member));
	output_literal(out, "\":");
	return out;
}

void rpc_cancel(struct call *call)
{
	struct output *out = output_of(call);

	out->length = call->begun;
	out->failed = call->begun_failed;
}

/* What a caller of ours waits for is no line to the client, and may be longer. */
static bool is_too_long(const struct call *call)
{
	return !call->captured && output_of(call)->length > RPC_ANSWER_MAX;
}

bool rpc_is_full(const struct call *call)
{
	return output_of(call)->failed || is_too_long(call);
}

/* What was written is no answer to the client, but the value that a caller of ours waits for. */
static int capture(struct call *call, struct output *out)
{
	struct json_error error;
	int r = json_read(call->engine->reader, out->text + call->begun, out->length - call->begun,
			  &call->captured->result, &error);

	rpc_cancel(call);
	return r < 0 ? without_memory(call) : 0;
}

int rpc_end(struct call *call, const char *member)
{
	struct output *out = output_of(call);

	if (!call->captured)
		output_literal(out, "}");
	/* in a batch all answers together are one line */
	if (rpc_is_full(call) && strcmp(member, "error") != 0) {
		bool failed = out->failed;

		rpc_cancel(call);
		/* another answer of the batch is missing, and so the batch has none */
		if (call->begun_failed)
			return 0;
		return failed ? without_memory(call) : too_large(call);
	}
	if (call->captured)
		return capture(call, out);
	return call->batch ? 0 : write_output(call->engine, out);
}

int rpc_answer(struct call *call, const char *member, struct json_object *value)
{
	if (call->captured) {
		*(strcmp(member, "error") ? &call->captured->result : &call->captured->error) =
			json_share(value);
		return 0;
	}
	output_json(rpc_begin(call, member), value);
	return rpc_end(call, member);
}

int rpc_notify(struct engine *engine, const char *method, struct json_object *params)
{
	struct output *out = &engine->out;

	output_start(out);
	output_literal(out, "{\"jsonrpc\":\"2.0\",\"method\":\"");
	output_add(out, method, strlen(method));
	output_literal(out, "\",\"params\":");
	output_json(out, params);
	output_literal(out, "}");
	return write_output(engine, out);
}

void rpc_batch_wait(struct batch *batch)
{
	if (batch)
		batch->waiting++;
}

void rpc_batch_done(struct engine *engine, struct batch *batch)
{
	if (!batch || --batch->waiting > 0)
		return;
	/* a batch of notifications has no answer */
	if (batch->out.length > 0) {
		output_literal(&batch->out, "]");
		if (write_output(engine, &batch->out) < 0)
			engine->stream.ended = true;
	}
	output_clear(&batch->out);
	free(batch);
}

static int invalid_request(struct call *call, const char *reason)
{
	/* the specification wants an answer, with id null if there is none */
	call->notification = false;
	return call_error(call, EXM_ERROR_INVALID_REQUEST, NULL, "invalid request: %s", reason);
}

/* Takes over what identifies the request; everything later is answered with it. */
static const char *read_id(struct call *call, const struct json_object *request)
{
	struct json_object *id = json_get(request, "id");
	enum json_kind kind = json_kind(id);
	size_t length = 0;

	call->notification = !json_has(request, "id");
	if (call->notification)
		return NULL;
	if (kind != JSON_STRING && kind != JSON_INT && kind != JSON_NULL)
		return "id must be a string, an integer or null";
	if (json_string(id, &length) && length > STREAM_ID_MAX)
		return "id is longer than 128 bytes";
	call->id = json_share(id);
	return NULL;
}

static const char *check_request(const struct json_object *request)
{
	const char *version = json_string(json_get(request, "jsonrpc"), NULL);
	enum json_kind params = json_kind(json_get(request, "params"));
	size_t length;
	const char *method = json_string(json_get(request, "method"), &length);

	if (!version || strcmp(version, "2.0") != 0)
		return "\"jsonrpc\" must be \"2.0\"";
	if (!method || strlen(method) != length)
		return "\"method\" must be a string";
	if (json_has(request, "params") && params != JSON_OBJECT && params != JSON_ARRAY)
		return "\"params\" must be an object or an array";
	return NULL;
}

/*
 * Of requests that came together the answers go together, as far as each is there at once: those
 * that are held are written before one that takes its time is begun.
 */
static void carry_out(struct call *call, const struct method *method,
		      const struct arguments *arguments)
{
	struct engine *engine = call->engine;
	bool quick = quick_is(engine, method, arguments);

	/* a client that does not read is told nothing, and still heard */
	if (!quick)
		(void)stream_flush(&engine->stream);
	engine->holds = quick && stream_has_more(&engine->stream);
	timer_begin();
	stream_beat(&engine->stream);
	method->handler(call, arguments);
	timer_end();
	if (!call->answered && !call->later)
		call_internal(call, "answer", ENOMSG);
	engine->holds = false;
}

static void dispatch(struct call *call, const struct json_object *request)
{
	scoped(arguments_clear) struct arguments arguments = { 0 };
	const struct method *method;
	struct engine *engine = call->engine;

	call->method = json_string(json_get(request, "method"), NULL);
	method = method_find(call->method);
	if (!engine->authenticated && !(method && (method->flags & METHOD_BEFORE_AUTH))) {
		struct json_object *data = json_new_object();

		json_put(data, "tries_left", json_new_int(engine->tries_left));
		call_error(call, EXM_ERROR_UNAUTHENTICATED, data,
			   "show the secret with session.authenticate first");
		return;
	}
	if (!method) {
		call_error(call, EXM_ERROR_UNKNOWN_METHOD, data_of("method", call->method),
			   "there is no method %.100s; session.methods lists them", call->method);
		return;
	}
	call->method = method->name;
	if (arguments_take(call, method, json_get(request, "params"), &arguments) < 0)
		return;
	if (!(method->flags & METHOD_READS))
		tree_changed(engine->tree);
	carry_out(call, method, &arguments);
}

static void one_request(struct engine *engine, struct batch *batch, struct json_object *seen_ids,
			const struct json_object *request)
{
	struct call call = { .engine = engine, .method = "", .batch = batch, .slot = -1 };
	const char *problem;

	if (json_kind(request) != JSON_OBJECT) {
		invalid_request(&call, "a request is an object");
		return;
	}
	problem = read_id(&call, request);
	if (!problem)
		problem = check_request(request);
	if (!problem && seen_ids && call.id) {
		const char *id = json_text(call.id, NULL);

		if (json_has(seen_ids, id))
			problem = "its id is used twice in this batch";
		else
			json_put(seen_ids, id, json_new_bool(true));
	}
	if (problem)
		invalid_request(&call, problem);
	else
		dispatch(&call, request);
	json_free(call.id);
}

static int whole_batch(struct engine *engine, const struct json_object *requests)
{
	struct call nobody = { .engine = engine, .method = "", .slot = -1 };
	scoped_json *seen_ids = json_new_object();
	struct batch *batch;
	size_t count = json_length(requests);

	if (count == 0) {
		invalid_request(&nobody, "an empty batch");
		return 0;
	}
	if (count > RPC_BATCH_MAX) {
		call_error(&nobody, EXM_ERROR_LIMIT, data_of("limit", "batch"),
			   "a batch of %zu requests, at most %d are allowed; none was carried out",
			   count, RPC_BATCH_MAX);
		return 0;
	}
	batch = calloc(1, sizeof(*batch));
	if (!batch)
		return -ENOMEM;
	batch->waiting = 1;
	for (size_t i = 0; i < count && !engine->closing; i++)
		one_request(engine, batch, seen_ids, json_at(requests, i));
	rpc_batch_done(engine, batch);
	return 0;
}

int rpc_line(struct engine *engine, const char *line, size_t length)
{
	struct call nobody = { .engine = engine, .method = "", .slot = -1 };
	scoped_json *value = NULL;
	struct json_error error;
	int r;

	stream_mark(&engine->stream, STREAM_READING, length);
	r = json_read(engine->reader, line, length, &value, &error);
	if (r == -EBADMSG) {
		struct json_object *data = json_new_object();

		json_put(data, "offset", json_new_int((int64_t)error.offset));
		call_error(&nobody, EXM_ERROR_PARSE, data, "not JSON, at byte %zu: %s",
			   error.offset, error.reason);
		r = 0;
	} else if (r < 0) {
		call_no_memory(&nobody);
		r = 0;
	} else {
		stream_mark(&engine->stream, STREAM_WORKING, length);
		if (json_kind(value) == JSON_ARRAY)
			r = whole_batch(engine, value);
		else
			one_request(engine, NULL, NULL, value);
	}
	stream_mark(&engine->stream, STREAM_IDLE, 0);
	return r;
}

int rpc_line_too_long(struct engine *engine, size_t max)
{
	struct call nobody = { .engine = engine, .method = "", .slot = -1 };

	call_error(&nobody, EXM_ERROR_LIMIT, data_of("limit", "line"),
		   "a line of more than %zu bytes; it was skipped%s", max,
		   engine->authenticated ? "" : " (before authentication lines are shorter)");
	return 0;
}
