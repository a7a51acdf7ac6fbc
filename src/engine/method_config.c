/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: edits that wait for a commit, and files as Augeas is told of them. */
#include "common/fd.h"
#include "engine/engine.h"
#include "engine/method_commit.h"

/* That it would be refused is an answer, too. */
static int put_outcome(struct call *call, struct dirty_list *list, struct json_object *result)
{
	scoped_ptr struct mon_commit *commit = calloc(1, sizeof(*commit));
	struct json_object *refusal = NULL;
	char plan[PLAN_SIZE];
	int r;

	if (!commit)
		return call_no_memory(call);
	call->refusal = &refusal;
	r = commit_dry_run(call, list, plan, commit);
	call->refusal = NULL;
	if (r == 0)
		commit_put_changes(result, list, commit->enclosed);
	else
		json_put(result, "refused", refusal);
	if (plan[0])
		json_put(result, "plan", json_new_string(plan));
	close_fd(commit->enclosed);
	mon_prepare(&call->engine->mon, list->item[0].file->entry);
	return 0;
}

int config_diff(struct call *call, const struct arguments *a)
{
	scoped_dirty_list *list = NULL;
	scoped_json *result = json_new_object();

	(void)a;
	if (dirty_collect(call, &list) < 0)
		return -1;
	json_put(result, "files", dirty_describe(list, true));
	if (list->count > 0 && put_outcome(call, list, result) < 0)
		return -1;
	return call_result(call, take_ptr(result));
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
