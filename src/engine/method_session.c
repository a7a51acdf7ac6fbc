/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: methods about the session itself. Parameters are hostile. */
#include <errno.h>
#include <string.h>

#include "config.h"
#include "engine/engine.h"
#include "engine/method.h"
#include "engine/rpc.h"

enum { PROTOCOL = 1 };

int session_hello(struct call *call, const struct arguments *a)
{
	struct json_object *result;

	if (argument_given(a, PARAM_protocol) && a->protocol != PROTOCOL) {
		struct json_object *data = data_of("parameter", "protocol");

		json_put(data, "expected", json_new_string("1"));
		return call_error(call, EXM_ERROR_INVALID_PARAMS, data,
				  "session.hello: this server speaks protocol %d", PROTOCOL);
	}
	result = data_of("server", "exmachina");
	json_put(result, "version", json_new_string(PACKAGE_VERSION));
	json_put(result, "protocol", json_new_int(PROTOCOL));
	json_put(result, "authenticated", json_new_bool(call->engine->authenticated));
	return call_result(call, result);
}

int session_authenticate(struct call *call, const struct arguments *a)
{
	struct engine *engine = call->engine;
	struct msg_auth_reply reply;
	struct json_object *data;
	char attempt[SECRET_TEXT_SIZE + 2];
	int r;

	/* one byte more than a secret has is enough to be wrong */
	strncpy(attempt, a->secret, sizeof(attempt) - 1);
	attempt[sizeof(attempt) - 1] = '\0';
	r = mon_auth(&engine->mon, attempt, &reply);
	explicit_bzero(attempt, sizeof(attempt));
	explicit_bzero(a->secret, strlen(a->secret));
	if (r < 0)
		return call_internal(call, "ask the monitor", r);
	engine->tries_left = reply.tries_left;
	if (reply.granted) {
		engine->authenticated = true;
		data = json_new_object();
		json_put(data, "authenticated", json_new_bool(true));
		return call_result(call, data);
	}
	data = json_new_object();
	json_put(data, "tries_left", json_new_int(reply.tries_left));
	if (reply.tries_left == 0)
		engine->closing = true;
	return call_error(call, EXM_ERROR_UNAUTHENTICATED, data, "wrong secret; %s",
			  reply.tries_left > 0 ? "try again" : "the session ends");
}

static struct json_object *limits(void)
{
	struct json_object *limits = json_new_object();

	json_put(limits, "line", json_new_int(STREAM_LINE_MAX));
	json_put(limits, "depth", json_new_int(RPC_DEPTH_MAX));
	json_put(limits, "batch", json_new_int(RPC_BATCH_MAX));
	json_put(limits, "answer", json_new_int(RPC_ANSWER_MAX));
	json_put(limits, "matches", json_new_int(RPC_MATCHES_MAX));
	return limits;
}

static void put_files(struct json_object *info, const struct tree *tree)
{
	struct json_object *loaded = json_new_array(), *pending = json_new_array();

	for (size_t i = 0; i < tree->count; i++) {
		if (tree->file[i].state == TREE_LOADED)
			json_append(loaded, json_new_bytes(tree->file[i].path));
		if (tree->file[i].edited)
			json_append(pending, json_new_bytes(tree->file[i].path));
	}
	json_put(info, "loaded", loaded);
	json_put(info, "pending", pending);
}

/* How the texts of edited files were made. */
static void put_texts(struct json_object *info, const struct tree *tree)
{
	struct json_object *texts = json_new_object();

	json_put(texts, "spliced", json_new_int((int64_t)tree->texts_spliced));
	json_put(texts, "whole", json_new_int((int64_t)tree->texts_whole));
	json_put(info, "texts", texts);
}

/* How reads of many nodes were answered. */
static void put_reads(struct json_object *info, const struct reads *reads)
{
	struct json_object *counts = json_new_object();

	json_put(counts, "outlined", json_new_int((int64_t)reads->outlined));
	json_put(counts, "augeas", json_new_int((int64_t)reads->fallbacks));
	json_put(info, "reads", counts);
}

/* Those of the sandbox that hold, and those that do not. */
static void put_layers(struct json_object *info, uint32_t layers)
{
	struct json_object *held = json_new_array(), *missing = json_new_array();

	for (unsigned int layer = 0; layer < LAYER_MAX; layer++)
		json_append(layers & UINT32_C(1) << layer ? held : missing,
			    json_new_string(layer_word(layer)));
	json_put(info, "layers", held);
	json_put(info, "missing_layers", missing);
}

int session_info(struct call *call, const struct arguments *a)
{
	const struct engine *engine = call->engine;
	struct json_object *info = json_new_object(), *process = json_new_object();

	(void)a;
	json_put(info, "version", json_new_string(PACKAGE_VERSION));
	json_put(info, "protocol", json_new_int(PROTOCOL));
	json_put(info, "authenticated", json_new_bool(engine->authenticated));
	json_put(info, "user", json_new_bytes(engine->user));
	json_put(info, "root", json_new_bytes(engine->root));
	json_put(info, "lenses", json_new_bytes(engine->tree->lens_path));
	json_put(info, "timeout", json_new_int((engine->timeout_ms + 999) / 1000));
	json_put(process, "uid", json_new_int(getuid()));
	json_put(process, "pid", json_new_int(getpid()));
	json_put(info, "engine", process);
	put_layers(info, engine->sandbox.layers | engine->monitor_layers);
	json_put(info, "audit", json_new_string(policy_audit_word(engine->policy->audit)));
	json_put(info, "limits", limits());
	put_files(info, engine->tree);
	put_texts(info, engine->tree);
	put_reads(info, &engine->tree->reads);
	return call_result(call, info);
}

int session_methods(struct call *call, const struct arguments *a)
{
	struct json_object *list = json_new_array();

	(void)a;
	for (const struct method *m = methods; m->name; m++) {
		struct json_object *item = data_of("name", m->name);
		struct json_object *params = json_new_array();

		for (size_t i = 0; i < METHOD_PARAMS_MAX; i++) {
			const struct method_param *param = &m->params[i];
			struct json_object *one;

			if (param->parameter == PARAM_none)
				break;
			one = data_of("name", parameter_name(param->parameter));
			json_put(one, "type", json_new_string(parameter_type(param->parameter)));
			json_put(one, "required", json_new_bool(param->required));
			json_append(params, one);
		}
		json_put(item, "parameters", params);
		json_put(item, "authenticated", json_new_bool(!(m->flags & METHOD_BEFORE_AUTH)));
		json_append(list, item);
	}
	return call_result(call, list);
}

int session_ping(struct call *call, const struct arguments *a)
{
	(void)a;
	return call_result(call, json_new_string("pong"));
}

static int refuse_channel(struct call *call, const struct msg_channel_reply *reply)
{
	struct json_object *data;

	if (reply->outcome != OUTCOME_BUSY) {
		data = data_of("errno", strerrorname_np(reply->error));
		json_put(data, "step", json_new_string("open a channel"));
		return call_error(call, EXM_ERROR_IO, data, "%s: cannot open one: %s", call->method,
				  strerror(reply->error));
	}
	data = json_new_object();
	json_put(data, "limit", json_new_int(CHANNELS_MAX));
	return call_error(call, EXM_ERROR_BUSY, data,
			  "%s: there are %d already, or the server is about to end", call->method,
			  CHANNELS_MAX);
}

int session_channel(struct call *call, const struct arguments *a)
{
	struct engine *engine = call->engine;
	struct msg_channel_reply reply;
	scoped_fd fd = -1;
	int r;

	(void)a;
	/* one answer, one line, one descriptor */
	if (call->batch || call->notification)
		return call_error(call, EXM_ERROR_INVALID_REQUEST, NULL,
				  "%s: neither in a batch nor as a notification, since a socket "
				  "comes with its answer",
				  call->method);
	r = mon_channel(&engine->mon, &reply, &fd);
	if (r < 0)
		return call_internal(call, "ask the monitor", r);
	if (reply.outcome != OUTCOME_DONE || fd < 0)
		return refuse_channel(call, &reply);
	stream_pass(&engine->stream, fd);
	r = call_result(call, json_new_bool(true));
	stream_pass(&engine->stream, -1);
	return r;
}

int session_bye(struct call *call, const struct arguments *a)
{
	(void)a;
	call->engine->closing = true;
	return call_result(call, json_new_bool(true));
}
