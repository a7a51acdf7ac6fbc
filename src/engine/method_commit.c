/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: hands what was edited to the monitor, who compares it with what it
 * handed out, has it verified, and puts it in place; and tells the client.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/report.h"
#include "engine/conflict.h"
#include "engine/dirty.h"
#include "engine/engine.h"
#include "engine/method_commit.h"
#include "engine/method_confirm.h"
#include "engine/plan.h"
#include "engine/staging.h"
#include "engine/texts.h"
#include "engine/timer.h"

static int stage_all(struct call *call, const struct dirty_list *list)
{
	struct engine *engine = call->engine;

	for (size_t i = 0; i < list->count; i++) {
		const struct dirty *p = &list->item[i];
		const char *pattern = engine->policy->files[p->file->entry].path;
		enum mon_outcome outcome;
		int r = mon_stage(&engine->mon, p->file->entry,
				  staging_name(pattern, p->file->path), p->content, &outcome);

		if (r < 0)
			return call_internal(call, "hand a file to the monitor", r);
		if (outcome == OUTCOME_DONE)
			continue;
		if (outcome == OUTCOME_DENIED)
			return commit_denied_file(call, p);
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "files"),
				  "a commit of more than %d files", STAGED_MAX);
	}
	return 0;
}

enum { CHANGES_SHOWN = 1000 };

static struct json_object *describe_change(const struct change_row *row)
{
	static const char *const actions[] = {
		[CHANGE_VALUE] = "changed",
		[CHANGE_ADDED] = "added",
		[CHANGE_REMOVED] = "removed",
	};
	struct json_object *one = data_of("node", row->path + 1);
	const char *action = row->action < CHANGE_MAX ? actions[row->action] : "changed";

	json_put(one, "action", json_new_string(action));
	if (row->moved)
		json_put(one, "moved", json_new_bool(true));
	json_put(one, "old", json_new_bytes(row->has_old ? row->old_value : NULL));
	json_put(one, "new", json_new_bytes(row->has_new ? row->new_value : NULL));
	return one;
}

/* The list that the commit was judged by: for each file its "changes", a bounded number in all. */
void commit_put_changes(struct json_object *result, const struct dirty_list *list, int changes)
{
	scoped_reader reader = { .rows = 0 };
	struct json_object *files = json_get(result, "files");
	struct change_row row;
	size_t shown = 0;

	if (changes < 0 || report_open(changes, REPORT_CHANGE, &reader) < 0)
		return;
	for (size_t i = 0; i < list->count; i++)
		json_put(json_at(files, i), "changes", json_new_array());
	while (shown++ < CHANGES_SHOWN && report_next_change_row(&reader, &row) > 0)
		if (row.file < list->count)
			json_append(json_get(json_at(files, row.file), "changes"),
				    describe_change(&row));
	json_put(result, "more", json_new_bool(reader.rows > CHANGES_SHOWN));
}

struct json_object *commit_describe(const struct dirty_list *list, bool with_diff,
				    const struct mon_commit *answer)
{
	struct json_object *result = json_new_object();
	uint64_t revision = answer->reply.revision;

	json_put(result, "changed", json_new_bool(list->count > 0));
	json_put(result, "files", dirty_describe(list, with_diff));
	commit_put_changes(result, list, answer->enclosed);
	if (revision > 0)
		json_put(result, "revision", json_new_int((int64_t)revision));
	if (answer->reply.confirm > 0)
		json_put(result, "confirm",
			 confirm_describe(answer->reply.confirm, answer->reply.token));
	return result;
}

/* What was written is what counts as handed out from now on, as the monitor sees it. */
static int settle(struct call *call, struct dirty_list *list)
{
	struct engine *engine = call->engine;
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->total; i++) {
		struct dirty *p = &list->item[i];

		if (p->rebased) {
			p->rebased = false;
			r = staging_adopt(engine->tree, p->file, take_fd(&p->content));
			continue;
		}
		if (p->origin == DIRTY_BESIDE) {
			r = staging_adopt(engine->tree, p->file, take_fd(&p->ours));
			continue;
		}
		close_fd(p->file->base);
		p->file->base = take_fd(&p->ours);
		p->file->state = p->file->base < 0 ? TREE_ABSENT : TREE_LOADED;
		texts_settled(p->file);
	}
	for (size_t i = 0; i < engine->tree->count; i++)
		engine->tree->file[i].edited = false;
	stream_set_edits(&engine->stream, false);
	return r;
}

int commit_ask(struct call *call, const struct arguments *a, bool staged, struct mon_commit *commit)
{
	struct engine *engine = call->engine;
	const struct msg_commit request = {
		.ticket = pending_ticket(engine),
		.drop = !staged,
		.dry_run = a->dry_run,
		.progress = a->progress && !call->notification,
		.confirm = (uint32_t)a->confirm,
		.dead_man = a->dead_man,
		.reverts = (uint64_t)a->revision,
	};
	int64_t used = timer_pause();
	int r;

	engine->committing = call;
	engine->commit_ticket = request.ticket;
	r = mon_commit(&engine->mon, &request, commit);
	engine->committing = NULL;
	timer_resume(used);
	return r;
}

/* All of it to the monitor, and its answer: 0; 1 for a conflict; or -1 with the call answered. */
static int commit_list(struct call *call, const struct arguments *a, const struct dirty_list *list,
		       struct mon_commit *commit)
{
	bool staged;
	int r;

	call->recorded = true;
	staged = stage_all(call, list) == 0;
	r = commit_ask(call, a, staged, commit);
	if (!staged)
		return -1;
	if (r < 0)
		return call_internal(call, "commit", r);
	if (commit->reply.outcome == OUTCOME_CONFLICT && commit->reply.index < list->count)
		return 1;
	return commit->reply.outcome == OUTCOME_DONE ? 0 : commit_failed(call, list, commit);
}

static int is_planned(struct call *call, const struct arguments *a, const char *plan)
{
	if (!argument_given(a, PARAM_plan) || strcmp(a->plan, plan) == 0)
		return 0;
	return call_error(call, EXM_ERROR_CONFLICT, data_of("plan", plan),
			  "what would be committed now is not what was planned; nothing was "
			  "written, the edits are kept");
}

int commit_check(struct call *call, const struct arguments *a)
{
	uint32_t seconds;

	if (argument_given(a, PARAM_confirm) &&
	    confirm_take_seconds(call, PARAM_confirm, a->confirm, &seconds) < 0)
		return -1;
	if (a->dead_man && !argument_given(a, PARAM_confirm))
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "dead_man"),
				  "%s: dead_man is for a commit with confirm", call->method);
	return 0;
}

enum { ROUNDS_MAX = 8 };

/*
 * Until there is no conflict, or too many came: somebody who writes the file all the time gets his
 * way. 0 with what was committed, or -1 with the call answered.
 */
static int commit_rounds(struct call *call, const struct arguments *a, struct dirty_list *list,
			 char plan[static PLAN_SIZE], struct mon_commit *commit)
{
	/* a dry run is no commit, in which a conflict would show */
	bool at_once = a->dry_run;
	int r;

	for (size_t i = 0; i < list->count; i++)
		at_once = at_once || list->item[i].file->stale;
	r = !a->rebase ? conflict_check(call, list) : at_once ? conflict_rebase(call, list) : 0;
	for (int round = 1; r == 0; round++) {
		r = plan_of(list, plan);
		if (r < 0)
			return call_internal(call, "tell one plan from another", r);
		if (is_planned(call, a, plan) < 0)
			return -1;
		r = commit_list(call, a, list, commit);
		if (r <= 0)
			return r;
		if (!a->rebase || round == ROUNDS_MAX)
			return commit_failed(call, list, commit);
		commit->enclosed = close_fd(commit->enclosed);
		r = conflict_rebase(call, list);
	}
	return r;
}

/* As aug_save(3) does: the files whose edits were written, or would be. */
static int tell_saved(struct tree *tree, const struct dirty_list *list)
{
	char **paths = calloc(list->count + 1, sizeof(*paths));
	size_t count = 0;

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		const struct dirty *p = &list->item[i];
		const struct tree_file *file = p->origin == DIRTY_BESIDE ? p->stands_for : p->file;

		if (file)
			paths[count] = staging_plain_node(file->path);
		if (file && !paths[count++])
			break;
	}
	tree_set_saved(tree, paths);
	return tree_tell_saved(tree);
}

int commit_dry_run(struct call *call, struct dirty_list *list, char ret_plan[static PLAN_SIZE],
		   struct mon_commit *ret_commit)
{
	const struct arguments dry = { .dry_run = true };

	*ret_commit = (struct mon_commit){ .enclosed = -1 };
	ret_plan[0] = '\0';
	return commit_rounds(call, &dry, list, ret_plan, ret_commit);
}

static int committed(struct call *call, const struct arguments *a, struct dirty_list *list,
		     const struct mon_commit *commit, const char *plan)
{
	struct json_object *result = commit_describe(list, a->dry_run, commit);
	int r;

	if (commit->reply.confirm > 0)
		call->engine->unconfirmed = true;
	if (a->rebase)
		json_put(result, "rebased", conflict_rebased(list));
	/* to plan is no save, but one that is not to write anything is */
	r = !a->dry_run || strcmp(call->method, "augeas.save") == 0
		    ? tell_saved(call->engine->tree, list)
		    : 0;
	if (a->dry_run) {
		json_put(result, "plan", json_new_string(plan));
		return call_result(call, result);
	}
	if (r == 0)
		r = settle(call, list);
	if (r == 0)
		return call_result(call, result);
	/* it is written, but not in our tree: the next engine reads it anew */
	json_free(result);
	log_error("cannot take over what was merged: %s", strerror(-r));
	abort();
}

int commit_all(struct call *call, const struct arguments *a, struct dirty_list *list)
{
	scoped_ptr struct mon_commit *commit = calloc(1, sizeof(*commit));
	char plan[PLAN_SIZE];
	int r;

	if (!commit)
		return call_no_memory(call);
	commit->enclosed = -1;
	r = commit_rounds(call, a, list, plan, commit);
	if (r == 0)
		r = committed(call, a, list, commit, plan);
	/* the edits are kept, and may be committed after a change */
	else if (list->count > 0)
		mon_prepare(&call->engine->mon, list->item[0].file->entry);
	close_fd(commit->enclosed);
	return r;
}

int config_commit(struct call *call, const struct arguments *a)
{
	scoped_dirty_list *list = NULL;

	if (commit_check(call, a) < 0 || dirty_collect(call, &list) < 0)
		return -1;
	return commit_all(call, a, list);
}
