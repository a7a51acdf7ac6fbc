/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: config.revert. Where a file is what the revision made of it, the monitor has
 * the old bytes come back by itself; where more was done since, the inverse of the revision is done
 * on what there is now. What comes of it is verified like any commit.
 */
#include <errno.h>
#include <string.h>

#include "common/fd.h"
#include "engine/engine.h"
#include "engine/method_commit.h"
#include "engine/rebase.h"
#include "engine/revision.h"
#include "engine/staging.h"

/* ---- before anything is done -------------------------------------------------------- */

/* It is done on what the files are, not on what somebody has begun to make of them. */
static int refuse_edits(struct call *call)
{
	scoped_dirty_list *list = NULL;
	struct json_object *data, *files;

	if (dirty_collect(call, &list) < 0)
		return -1;
	if (list->count == 0)
		return 0;
	data = json_new_object();
	files = json_new_array();
	json_put(data, "files", files);
	for (size_t i = 0; i < list->count; i++)
		json_append(files, json_new_bytes(list->item[i].file->path));
	return call_error(call, EXM_ERROR_CONFLICT, data,
			  "there are edits that are not committed; commit or discard them first");
}

static int refuse_partial(struct call *call, const struct revision_row *row)
{
	struct json_object *data = json_new_object();

	json_put(data, "revision", json_new_int((int64_t)row->revision));
	return call_denied(call, data, "[File]", "[File]",
			   "revision %llu has changed more files than the policy names, and it is "
			   "taken back whole or not at all",
			   (unsigned long long)row->revision);
}

/* ---- one file ----------------------------------------------------------------------- */

static int cannot_merge(struct call *call, const struct revision_row *row,
			const struct rebase *rebase)
{
	static const char *const actions[] = {
		[CHANGE_VALUE] = "changed",
		[CHANGE_ADDED] = "added",
		[CHANGE_REMOVED] = "removed",
	};
	struct json_object *data = data_of("file", row->path), *nodes = json_new_array();

	json_put(data, "revision", json_new_int((int64_t)row->revision));
	json_put(data, "nodes", nodes);
	json_put(data, "more", json_new_bool(rebase->more));
	for (size_t i = 0; i < rebase->count; i++) {
		const struct rebase_touch *touch = &rebase->touch[i];
		struct json_object *node = data_of("node", touch->node + (touch->node[0] == '/'));

		json_put(node, "revert", json_new_string(actions[touch->ours]));
		json_put(node, "since", json_new_string(actions[touch->theirs]));
		json_append(nodes, node);
	}
	return call_error(
		call, EXM_ERROR_CONFLICT, data,
		rebase->count > 0
			? "%s was changed after revision %llu, in the same place: %.200s; "
			  "nothing was written"
			: "%s was changed after revision %llu, and it cannot be told how "
			  "to take that back alone%.0s; nothing was written",
		row->path, (unsigned long long)row->revision,
		rebase->count > 0 && rebase->touch[0].node[0] ? rebase->touch[0].node + 1 : "");
}

static int withheld_conflict(struct call *call, const struct revision_row *row)
{
	struct json_object *data = data_of("file", row->path);

	json_put(data, "revision", json_new_int((int64_t)row->revision));
	json_put(data, "nodes", json_new_array());
	json_put(data, "more", json_new_bool(false));
	return call_error(call, EXM_ERROR_CONFLICT, data,
			  "%s was changed after revision %llu, and it has secrets in it, so that "
			  "the two cannot be put together; nothing was written",
			  row->path, (unsigned long long)row->revision);
}

static int stage_merged(struct call *call, struct dirty *dirty)
{
	const char *pattern = call->engine->policy->files[dirty->file->entry].path;
	enum mon_outcome outcome;
	int r = mon_stage(&call->engine->mon, dirty->file->entry,
			  staging_name(pattern, dirty->file->path), dirty->content, &outcome);

	if (r < 0)
		return call_internal(call, "hand a file to the monitor", r);
	if (outcome == OUTCOME_DENIED)
		return commit_denied_file(call, dirty);
	if (outcome != OUTCOME_DONE)
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "files"),
				  "a commit of more than %d files", STAGED_MAX);
	return 0;
}

/* 1 if both are the same bytes, or both none; 0; or -errno. */
static int is_same(int a, int b)
{
	return a < 0 || b < 0 ? a < 0 && b < 0 : fd_same_content(a, b);
}

static int take_merged(struct call *call, const struct revision_row *row, struct rebase *rebase,
		       struct dirty_list *list)
{
	struct dirty *dirty = &list->item[list->count];
	int same;

	if (rebase->outcome == REBASE_UNREADABLE)
		return call_error(call, EXM_ERROR_PARSE_FAILED, data_of("file", row->path),
				  "%s was changed after revision %llu, and its lens does not read "
				  "all that it was; nothing was written",
				  row->path, (unsigned long long)row->revision);
	if (rebase->outcome != REBASE_DONE)
		return cannot_merge(call, row, rebase);
	same = is_same(rebase->merged, dirty->file->base);
	if (same < 0)
		return call_internal(call, "compare a file", same);
	if (same)
		return 0;
	dirty->ours = dirty->content = take_fd(&rebase->merged);
	dirty->origin = DIRTY_MERGED;
	list->total = ++list->count;
	return stage_merged(call, dirty);
}

/* The inverse of the revision, and all that came after it. */
static int merge(struct call *call, const struct revision_row *row, struct dirty_list *list)
{
	struct tree_file *file = list->item[list->count].file;
	scoped_ptr struct rebase *rebase = calloc(1, sizeof(*rebase));
	scoped_fd old = -1, new = -1;
	int r;

	if (row->withheld)
		return withheld_conflict(call, row);
	if (!rebase)
		return call_no_memory(call);
	if (revision_part(call, row, PART_OLD, &old) < 0 ||
	    revision_part(call, row, PART_NEW, &new) < 0)
		return -1;
	r = rebase_merge(
		&(struct rebase_texts){
			.lens = call->engine->policy->files[file->entry].lens,
			.lens_path = call->engine->tree->lens_path,
			.base = new,
			.ours = old,
			.theirs = file->base,
		},
		rebase);
	if (r < 0)
		return call_internal(call, "put two changes together", r);
	r = take_merged(call, row, rebase, list);
	rebase_clear(rebase);
	return r;
}

static int take_restored(struct call *call, const struct revision_row *row, struct dirty_list *list)
{
	struct dirty *dirty = &list->item[list->count];

	dirty->origin = row->withheld && row->had ? DIRTY_WITHHELD : DIRTY_RESTORED;
	if (dirty->origin == DIRTY_RESTORED && row->had &&
	    revision_part(call, row, PART_OLD, &dirty->ours) < 0)
		return -1;
	dirty->content = dirty->ours;
	list->total = ++list->count;
	return 0;
}

/* The monitor does not say what it denies beyond that it does; the rule is for the whole file. */
static int restore_denied(struct call *call, const struct revision_row *row,
			  const struct dirty_list *list)
{
	struct dirty dirty = list->item[list->count];

	dirty.origin = row->had ? DIRTY_WITHHELD : DIRTY_RESTORED;
	call->recorded = true;
	return commit_denied_file(call, &dirty);
}

static int stage_one(struct call *call, const struct revision_row *row, struct dirty_list *list)
{
	const struct msg_restore request = { .revision = row->revision, .file = row->file };
	struct dirty *dirty = &list->item[list->count];
	struct msg_restore_reply reply;
	int r;

	*dirty = (struct dirty){ .from = -1, .content = -1, .ours = -1 };
	if (tree_fetch(call, row->path, &dirty->file) < 0)
		return -1;
	if (!dirty->file)
		return call_internal(call, "understand the monitor", EPROTO);
	if (dirty->file->state == TREE_UNREADABLE)
		return tree_file_fail(call, dirty->file);
	dirty->from = dirty->file->base;
	r = mon_restore(&call->engine->mon, &request, &reply);
	if (r < 0)
		return call_internal(call, "hand a file to the monitor", r);
	switch (reply.outcome) {
	case OUTCOME_DONE:
		return take_restored(call, row, list);
	case OUTCOME_CONFLICT:
		return reply.same ? 0 : merge(call, row, list);
	case OUTCOME_DENIED:
		return restore_denied(call, row, list);
	case OUTCOME_LIMIT:
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "files"),
				  "a commit of more than %d files", STAGED_MAX);
	default:
		return revision_fail(call, (int64_t)row->revision, reply.outcome, reply.error);
	}
}

/* ---- all of them -------------------------------------------------------------------- */

static int stage_all(struct call *call, const struct revision *revision, struct dirty_list *list)
{
	int r = tree_forget(call->engine->tree);

	if (r < 0)
		return call_internal(call, "forget what was read", r);
	for (size_t i = 0; r == 0 && i < revision->count; i++)
		r = stage_one(call, &revision->row[i], list);
	return r;
}

static int commit(struct call *call, const struct arguments *a, const struct dirty_list *list,
		  struct mon_commit *answer)
{
	int r;

	call->recorded = true;
	r = commit_ask(call, a, true, answer);
	if (r < 0)
		return call_internal(call, "commit", r);
	return answer->reply.outcome == OUTCOME_DONE ? 0 : commit_failed(call, list, answer);
}

static int revert(struct call *call, const struct arguments *a, const struct revision *revision,
		  struct mon_commit *answer)
{
	scoped_dirty_list *list = calloc(1, sizeof(*list));
	struct json_object *result;

	if (!list)
		return call_no_memory(call);
	if (stage_all(call, revision, list) < 0) {
		/* the call is answered already */
		(void)!commit_ask(call, a, false, answer);
		return -1;
	}
	if (commit(call, a, list, answer) < 0)
		return -1;
	result = commit_describe(list, a->dry_run, answer);
	json_put(result, "reverts", json_new_int(a->revision));
	if (answer->reply.confirm > 0)
		call->engine->unconfirmed = true;
	return call_result(call, result);
}

int config_revert(struct call *call, const struct arguments *a)
{
	scoped_ptr struct mon_commit *answer = calloc(1, sizeof(*answer));
	scoped_revision revision = { .count = 0 };
	int r;

	if (!answer)
		return call_no_memory(call);
	answer->enclosed = -1;
	if (commit_check(call, a) < 0 || revision_take(call, a->revision, &revision) < 0)
		return -1;
	if (revision.row[0].partial)
		return refuse_partial(call, &revision.row[0]);
	if (refuse_edits(call) < 0)
		return -1;
	r = revert(call, a, &revision, answer);
	close_fd(answer->enclosed);
	/* what was read of the files may be what they were */
	if (tree_forget(call->engine->tree) < 0)
		call->engine->stream.ended = true;
	return r;
}
