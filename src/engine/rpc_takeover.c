/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in an engine that takes over from one that is gone. What that one left
 * in the stream is the client's text; it is answered and never carried out again.
 */
#include <errno.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/rpc.h"

struct takeover {
	struct engine *engine;
	enum lost_reason reason;
};

static const char *const reasons[LOST_MAX] = {
	[LOST_NONE] = "none",     [LOST_CRASHED] = "crashed", [LOST_TIME] = "time",
	[LOST_KILLED] = "killed", [LOST_POLICY] = "policy",
};

/* The answer to one request that was under way. */
static struct json_object *lost_answer(const struct takeover *t, struct json_object *id)
{
	bool slow = t->reason == LOST_TIME;
	int code = slow ? EXM_ERROR_TIMEOUT : EXM_ERROR_ENGINE_LOST;
	struct json_object *answer = json_new_object(), *error = json_new_object();
	struct json_object *data = data_of("name", call_error_name(code));

	json_put(data, "reason", json_new_string(reasons[t->reason]));
	if (slow)
		json_put(data, "seconds", json_new_int((t->engine->timeout_ms + 999) / 1000));
	json_put(error, "code", json_new_int(code));
	json_put(error, "message",
		 json_new_string(
			 slow ? "the request took longer than allowed; uncommitted edits are gone"
			      : "the engine was lost while it worked on this; uncommitted edits "
				"are gone"));
	json_put(error, "data", data);
	json_put(answer, "jsonrpc", json_new_string("2.0"));
	json_put(answer, "id", id);
	json_put(answer, "error", error);
	return answer;
}

static int send_answer(const struct takeover *t, struct json_object *answer)
{
	struct output *out = &t->engine->out;

	output_start(out);
	output_json(out, answer);
	output_literal(out, "\n");
	json_free(answer);
	return out->failed ? -ENOMEM : stream_write(&t->engine->stream, out->text, out->length);
}

/* Those of the line that was being worked on; notifications get no answer. */
static int answer_line(const struct takeover *t, const struct stream_rest *rest)
{
	scoped_json *value = NULL;
	struct json_object *answers;
	struct json_error error;

	if (rest->stage == STREAM_READING)
		return send_answer(t, lost_answer(t, NULL));
	if (json_parse(rest->line, rest->length, RPC_DEPTH_MAX, &value, &error) < 0)
		return send_answer(t, lost_answer(t, NULL));
	if (json_kind(value) == JSON_OBJECT)
		return json_has(value, "id")
			       ? send_answer(t, lost_answer(t, json_share(json_get(value, "id"))))
			       : 0;
	answers = json_new_array();
	for (size_t i = 0; i < json_length(value); i++) {
		const struct json_object *request = json_at(value, i);

		if (json_has(request, "id"))
			json_append(answers, lost_answer(t, json_share(json_get(request, "id"))));
	}
	if (json_length(answers) > 0)
		return send_answer(t, answers);
	json_free(answers);
	return 0;
}

/* Those that waited for something. The array of a batch is lost, so each is answered by itself. */
static int answer_open(const struct takeover *t)
{
	struct stream *stream = &t->engine->stream;

	for (int i = 0; i < STREAM_OPEN_MAX; i++) {
		const struct stream_open *open = stream_slot(stream, i);
		struct json_object *id = NULL;
		struct json_error error;
		int r = 0;

		if (open && json_parse(open->id, open->length, 1, &id, &error) == 0)
			r = send_answer(t, lost_answer(t, id));
		stream_close_request(stream, i);
		if (r < 0)
			return r;
	}
	return 0;
}

int rpc_take_over(struct engine *engine, enum lost_reason reason)
{
	const struct takeover t = { engine, reason };
	struct stream_rest rest = stream_rest(&engine->stream);
	struct json_object *params = json_new_object();
	int r = stream_mend(&engine->stream);

	json_put(params, "reason", json_new_string(reasons[reason]));
	json_put(params, "edits_lost", json_new_bool(rest.edits));
	json_put(params, "watches_lost", json_new_bool(rest.watches));
	stream_set_edits(&engine->stream, false);
	stream_set_watches(&engine->stream, false);
	if (r == 0)
		r = rpc_notify(engine, "session.engine_lost", params);
	json_free(params);
	if (r == 0 && rest.stage != STREAM_IDLE)
		r = answer_line(&t, &rest);
	if (r == 0)
		r = answer_open(&t);
	stream_mark(&engine->stream, STREAM_IDLE, 0);
	return r;
}
