/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. Once the monitor has handed a file out anew it compares with that, and we
 * have to know that our tree is based on something older: nothing of it is committed without a
 * merge from then on.
 */
#include "engine/conflict.h"

#include <errno.h>
#include <string.h>

#include "common/fd.h"
#include "engine/engine.h"
#include "engine/rebase.h"
#include "engine/staging.h"

static struct json_object *sides_of(const struct dirty *p, int theirs)
{
	scoped_ptr char *our_diff = dirty_diff(p, p->file->base, p->ours);
	scoped_ptr char *their_diff = dirty_diff(p, p->file->base, theirs);
	struct json_object *data = data_of("file", p->file->path);

	json_put(data, "ours", json_new_bytes(our_diff));
	json_put(data, "theirs", json_new_bytes(their_diff));
	return data;
}

int conflict_answer(struct call *call, const struct dirty *dirty, int theirs)
{
	return call_error(call, EXM_ERROR_CONFLICT, sides_of(dirty, theirs),
			  "%s was changed by somebody else meanwhile; nothing was written, the "
			  "edits are kept",
			  dirty->file->path);
}

/* ---- what both touch ---- */

static const char *word_of(enum change_action action)
{
	return action == CHANGE_ADDED ? "added" : action == CHANGE_REMOVED ? "removed" : "changed";
}

static struct json_object *nodes_of(const struct rebase *rebase)
{
	struct json_object *nodes = json_new_array();

	for (size_t i = 0; i < rebase->count; i++) {
		const struct rebase_touch *touch = &rebase->touch[i];
		struct json_object *one = json_new_object();

		json_put(one, "node",
			 json_new_bytes(touch->node[0] == '/' ? touch->node + 1 : touch->node));
		json_put(one, "ours", json_new_string(word_of(touch->ours)));
		json_put(one, "theirs", json_new_string(word_of(touch->theirs)));
		json_append(nodes, one);
	}
	return nodes;
}

static int not_merged(struct call *call, const struct dirty *p, const struct rebase *rebase)
{
	struct json_object *data = sides_of(p, p->file->newer);
	const char *path = p->file->path, *first = rebase->count > 0 ? rebase->touch[0].node : "";

	json_put(data, "nodes", nodes_of(rebase));
	json_put(data, "more", json_new_bool(rebase->more));
	if (rebase->outcome == REBASE_UNREADABLE)
		return call_error(call, EXM_ERROR_CONFLICT, data,
				  "%s was changed by somebody else meanwhile, and is not what its "
				  "lens describes now; nothing was written, the edits are kept",
				  path);
	if (rebase->outcome == REBASE_UNSURE)
		return call_error(call, EXM_ERROR_CONFLICT, data,
				  "%s was changed by somebody else meanwhile, and no text could be "
				  "made that is both changes and nothing else; nothing was "
				  "written, the edits are kept",
				  path);
	return call_error(call, EXM_ERROR_CONFLICT, data,
			  "%s was changed by somebody else meanwhile: both sides touch %.200s%s%s; "
			  "nothing was written, the edits are kept",
			  path, *first ? first + 1 : "the file itself",
			  rebase->count > 1 ? " and other nodes" : "",
			  rebase->more ? ", many" : "");
}

/* ---- files anew ---- */

static int not_readable(struct call *call, const struct dirty *p,
			const struct msg_open_reply *reply)
{
	struct json_object *data = data_of("file", p->file->path);

	json_put(data, "errno", json_new_string(strerrorname_np(reply->error)));
	json_put(data, "step", json_new_string("read it again"));
	return call_error(call, EXM_ERROR_IO, data,
			  "%s was changed by somebody else meanwhile, and cannot be read again: "
			  "%s; nothing was written, the edits are kept",
			  p->file->path,
			  reply->outcome == OUTCOME_NOT_PLAIN ? "it is not a plain file any more"
			  : reply->outcome == OUTCOME_LIMIT   ? "it is too large"
							      : strerror(reply->error));
}

static int same_content(int a, int b)
{
	return a < 0 || b < 0 ? a == b : fd_same_content(a, b);
}

/* Is it another one than our tree is based on? 1, 0, or -1 with the call answered. */
static int fetch_anew(struct call *call, struct dirty *p)
{
	struct tree *tree = call->engine->tree;
	struct msg_open_reply reply;
	int r = staging_fetch_newer(tree, p->file, &reply);

	if (r < 0)
		return call_internal(call, "fetch a file", r);
	if (reply.outcome != OUTCOME_DONE && reply.outcome != OUTCOME_ABSENT)
		return not_readable(call, p, &reply);
	r = same_content(p->file->base, p->file->newer);
	if (r < 0)
		return call_internal(call, "compare a file", r);
	if (r == 0)
		return 1;
	staging_forget_newer(p->file);
	return 0;
}

int conflict_check(struct call *call, const struct dirty_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct dirty p = list->item[i];
		int r = p.file->stale ? fetch_anew(call, &p) : 0;

		if (r < 0)
			return -1;
		if (r > 0)
			return conflict_answer(call, &p, p.file->newer);
	}
	return 0;
}

static int merge_one(struct call *call, struct dirty *p)
{
	const struct tree *tree = call->engine->tree;
	scoped_rebase rebase = { .merged = -1 };
	const struct rebase_texts texts = {
		.lens = tree->policy->files[p->file->entry].lens,
		.lens_path = tree->lens_path,
		.base = p->file->base,
		.ours = p->ours,
		.theirs = p->file->newer,
	};
	int r = rebase_merge(&texts, &rebase);

	if (r < 0)
		return call_internal(call, "merge a file", r);
	if (rebase.outcome != REBASE_DONE)
		return not_merged(call, p, &rebase);
	dirty_set_merged(p, take_fd(&rebase.merged));
	return 0;
}

static int rebase_one(struct call *call, struct dirty *p)
{
	int r = fetch_anew(call, p);

	if (r < 0)
		return -1;
	/* of an earlier round; the file may be again as it was */
	dirty_set_plain(p);
	return r > 0 ? merge_one(call, p) : 0;
}

/* Both did the same: the file is as it shall be. */
static int put_same_behind(struct call *call, struct dirty_list *list)
{
	for (size_t i = 0; i < list->count;) {
		struct dirty p = list->item[i];
		int same = p.rebased ? same_content(p.content, p.from) : 0;

		if (same < 0)
			return call_internal(call, "compare a file", same);
		if (!same) {
			i++;
			continue;
		}
		list->item[i] = list->item[--list->count];
		list->item[list->count] = p;
	}
	return 0;
}

int conflict_rebase(struct call *call, struct dirty_list *list)
{
	list->count = list->total;
	for (size_t i = 0; i < list->total; i++)
		if (rebase_one(call, &list->item[i]) < 0)
			return -1;
	return put_same_behind(call, list);
}

struct json_object *conflict_rebased(const struct dirty_list *list)
{
	struct json_object *files = json_new_array();

	for (size_t i = 0; i < list->total; i++)
		if (list->item[i].rebased)
			json_append(files, json_new_bytes(list->item[i].file->path));
	return files;
}
