/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: edits that wait for a commit, and files as Augeas is told of them. */
#include "engine/dirty.h"
#include "engine/engine.h"
#include "engine/method.h"

int config_diff(struct call *call, const struct arguments *a)
{
	scoped_dirty_list *list = NULL;
	struct json_object *result;

	(void)a;
	if (dirty_collect(call, &list) < 0)
		return -1;
	result = json_new_object();
	json_put(result, "files", dirty_describe(list, true));
	return call_result(call, result);
}

int config_discard(struct call *call, const struct arguments *a)
{
	struct engine *engine = call->engine;
	struct json_object *result = json_new_object(), *files = json_new_array();
	int r;

	(void)a;
	for (size_t i = 0; i < engine->tree->count; i++)
		if (engine->tree->file[i].edited)
			json_append(files, json_new_bytes(engine->tree->file[i].path));
	r = tree_forget(engine->tree);
	if (r < 0) {
		json_free(files);
		json_free(result);
		return call_internal(call, "forget the edits", r);
	}
	stream_set_edits(&engine->stream, false);
	json_put(result, "files", files);
	return call_result(call, result);
}
