/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: from edits in the tree to files. Augeas writes them to the
 * staging directory; the monitor, who is asked to put them in place, compares them with
 * what it handed out.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "common/report.h"
#include "engine/diff.h"
#include "engine/engine.h"
#include "engine/method.h"
#include "engine/staging.h"
#include "engine/tree_error.h"

/* One file that would be changed by a commit. */
struct dirty {
	struct tree_file *file;
	int content; /* -1: removed */
};

struct dirty_list {
	struct dirty item[TREE_FILES_MAX];
	size_t count;
};

static void dirty_list_free(struct dirty_list **list)
{
	for (size_t i = 0; *list && i < (*list)->count; i++)
		close_fd((*list)->item[i].content);
	free(*list);
}

#define scoped_dirty_list scoped(dirty_list_free) struct dirty_list

/* Makes Augeas see the file as edited again. */
static void touch(struct tree *tree, struct tree_file *file)
{
	scoped_ptr char *node = staging_node(file->path), *probe = NULL;

	if (!node || aug_match(tree->aug, node, NULL) != 1 ||
	    asprintf(&probe, "%s/exmachina_touch", node) < 0)
		return;
	if (aug_set(tree->aug, probe, NULL) == 0)
		aug_rm(tree->aug, probe);
}

/* Lets Augeas write what was edited to the staging directory. */
static int render(struct call *call)
{
	struct tree *tree = call->engine->tree;
	struct tree_file *failed = NULL;

	for (size_t i = 0; i < tree->count; i++)
		if (tree->file[i].needs_touch)
			touch(tree, &tree->file[i]);
	if (aug_save(tree->aug) == 0) {
		for (size_t i = 0; i < tree->count; i++)
			tree->file[i].needs_touch = false;
		return 0;
	}
	for (size_t i = 0; i < tree->count; i++) {
		struct tree_file *file = &tree->file[i];

		file->needs_touch = file->edited && staging_has_error(tree, file);
		if (file->needs_touch && !failed)
			failed = file;
	}
	if (!failed)
		return tree_fail(call, "/files");
	return call_error(
		call, EXM_ERROR_BAD_VALUE, tree_error_data(tree, failed),
		"%s cannot be written: the tree is not what %s can write; the edits are kept",
		failed->path, tree->policy->files[failed->entry].lens);
}

static int map_content(int fd, struct mapping *ret_mapping)
{
	if (fd >= 0)
		return memfd_map(fd, CONTENT_MAX, ret_mapping);
	*ret_mapping = (struct mapping){ 0 };
	return 0;
}

/* 1 if the new content differs from what was handed out, 0 or -errno. */
static int differs(const struct dirty *p)
{
	int same;

	if ((p->file->base < 0) != (p->content < 0))
		return 1;
	if (p->content < 0)
		return 0;
	same = fd_same_content(p->file->base, p->content);
	return same < 0 ? same : !same;
}

static int collect(struct call *call, struct dirty_list **ret_list)
{
	struct tree *tree = call->engine->tree;
	scoped_dirty_list *list = calloc(1, sizeof(*list));

	if (!list)
		return call_no_memory(call);
	if (render(call) < 0)
		return -1;
	for (size_t i = 0; i < tree->count; i++) {
		struct dirty *p = &list->item[list->count];
		int r;

		if (!tree->file[i].edited)
			continue;
		*p = (struct dirty){ .file = &tree->file[i], .content = -1 };
		r = staging_content(tree, p->file, &p->content);
		if (r == 0)
			r = differs(p);
		if (r > 0)
			list->count++;
		else
			close_fd(p->content);
		if (r < 0)
			return call_internal(call, "compare a file", r);
	}
	*ret_list = take_ptr(list);
	return 0;
}

static const char *action_of(const struct dirty *p)
{
	if (p->content < 0)
		return "delete";
	return p->file->base < 0 ? "create" : "change";
}

static char *diff_of(const char *path, int from, int to)
{
	scoped_mapping old = { 0 }, new = { 0 };

	if (map_content(from, &old) < 0 || map_content(to, &new) < 0)
		return NULL;
	return diff_unified(path, (struct text){ old.data, old.size },
			    (struct text){ new.data, new.size });
}

static struct json_object *describe(const struct dirty_list *list, bool with_diff)
{
	struct json_object *files = json_new_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct dirty *p = &list->item[i];
		struct json_object *item = data_of("file", p->file->path);

		json_put(item, "action", json_new_string(action_of(p)));
		if (with_diff) {
			scoped_ptr char *diff = diff_of(p->file->path, p->file->base, p->content);

			json_put(item, "diff", json_new_bytes(diff));
		}
		json_append(files, item);
	}
	return files;
}

int config_diff(struct call *call, const struct arguments *a)
{
	scoped_dirty_list *list = NULL;
	struct json_object *result;

	(void)a;
	if (collect(call, &list) < 0)
		return -1;
	result = json_new_object();
	json_put(result, "files", describe(list, true));
	return call_result(call, result);
}

static int denied_file(struct call *call, const struct dirty *p)
{
	const char *action = action_of(p);
	const char *key = action[0] == 'd' ? "Delete" : action[1] == 'r' ? "Create" : "Set";
	struct json_object *data = data_of("file", p->file->path);

	json_put(data, "key", json_new_string(key));
	return call_error(
		call, EXM_ERROR_DENIED, data,
		"%s: the policy does not allow to %s it; [File %s] would need %s=", p->file->path,
		action, call->engine->policy->files[p->file->entry].path, key);
}

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
			return denied_file(call, p);
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "files"),
				  "a commit of more than %d files", STAGED_MAX);
	}
	return 0;
}

static int conflict(struct call *call, const struct dirty *p, int theirs)
{
	scoped_ptr char *our_diff = diff_of(p->file->path, p->file->base, p->content);
	scoped_ptr char *their_diff = diff_of(p->file->path, p->file->base, theirs);
	struct json_object *data = data_of("file", p->file->path);

	json_put(data, "ours", json_new_bytes(our_diff));
	json_put(data, "theirs", json_new_bytes(their_diff));
	return call_error(call, EXM_ERROR_CONFLICT, data,
			  "%s was changed by somebody else meanwhile; nothing was written, the "
			  "edits are kept",
			  p->file->path);
}

static const char *obstacle(int error)
{
	switch (error) {
	case ELOOP:
	case ENOTDIR:
		return "there is a symbolic link on its path";
	case EXDEV:
		return "it is a bind mount, which cannot be replaced";
	case EMLINK:
		return "it is a hard link of several names, which replacing would part";
	default:
		return "it is not a regular file";
	}
}

static int commit_failed(struct call *call, const struct dirty_list *list,
/* By effect: what the verifier found in the new text, whatever was asked for. */
static int not_permitted(struct call *call, const struct pending *p,
			 const struct mon_commit *commit, struct json_object *data)
{
	scoped_ptr char *key = strndup(commit->step, strcspn(commit->step, "="));

	json_put(data, "node", json_new_bytes(commit->node));
	json_put(data, "key", json_new_bytes(key));
	json_put(data, "rule", json_new_bytes(commit->step));
	return call_error(call, EXM_ERROR_DENIED, data,
			  "the commit would change %s in %s, which is not allowed; [File %s] %s %s",
			  commit->node, p->file->path,
			  call->engine->policy->files[p->file->entry].path,
			  key && (strcmp(key, "Deny") == 0 || strcmp(key, "Value") == 0)
				  ? "has"
				  : "would need",
			  commit->step);
}

static int commit_failed(struct call *call, const struct pendings *pendings,
			 const struct mon_commit *commit)
{
	const struct dirty *p;
	struct json_object *data;

	if (commit->index >= list->count)
		return call_internal(call, "understand the monitor", EPROTO);
	p = &list->item[commit->index];
	if (commit->outcome == OUTCOME_CONFLICT)
		return conflict(call, p, commit->enclosed);
	data = data_of("file", p->file->path);
	if (commit->outcome == OUTCOME_DENIED)
		return not_permitted(call, p, commit, data);
	if (commit->outcome == OUTCOME_UNVERIFIED)
		return call_error(
			call, EXM_ERROR_PARSE_FAILED, data,
			"%s cannot be verified: %s; nothing was written, the edits are kept",
			p->file->path, commit->step);
	if (commit->outcome == OUTCOME_LIMIT) {
		json_put(data, "limit", json_new_string(commit->error ? "time" : "changes"));
		return call_error(call, EXM_ERROR_LIMIT, data,
				  "%s: %s; nothing was written, the edits are kept", p->file->path,
				  commit->step);
	}
	json_put(data, "errno", json_new_string(strerrorname_np(commit->error)));
	json_put(data, "step", json_new_text(commit->step));
	if (commit->outcome == OUTCOME_NOT_PLAIN)
		return call_error(call, EXM_ERROR_IO, data,
				  "%s: %s; nothing was written, the edits are kept", p->file->path,
				  obstacle(commit->error));
	return call_error(call, EXM_ERROR_IO, data,
			  "%s: cannot %s: %s; nothing was written, the edits are kept",
			  p->file->path, commit->step, strerror(commit->error));
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
static void put_changes(struct json_object *result, const struct pendings *pendings, int list)
{
	scoped_reader reader = { .rows = 0 };
	struct json_object *files = json_get(result, "files");
	struct change_row row;
	size_t shown = 0;

	if (list < 0 || report_open(list, REPORT_CHANGE, &reader) < 0)
		return;
	for (size_t i = 0; i < pendings->count; i++)
		json_put(json_at(files, i), "changes", json_new_array());
	while (shown++ < CHANGES_SHOWN && report_next_change_row(&reader, &row) > 0)
		if (row.file < pendings->count)
			json_append(json_get(json_at(files, row.file), "changes"),
				    describe_change(&row));
	json_put(result, "more", json_new_bool(reader.rows > CHANGES_SHOWN));
}

/* What was written is what counts as handed out from now on, as the monitor sees it. */
static void settle(struct engine *engine, struct dirty_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct dirty *p = &list->item[i];

		close_fd(p->file->base);
		p->file->base = take_fd(&p->content);
		p->file->state = p->file->base < 0 ? TREE_ABSENT : TREE_LOADED;
	}
	for (size_t i = 0; i < engine->tree->count; i++)
		engine->tree->file[i].edited = false;
	stream_set_edits(&engine->stream, false);
}

int config_commit(struct call *call, const struct arguments *a)
{
	struct engine *engine = call->engine;
	struct mon_commit commit = { .theirs = -1 };
	scoped_dirty_list *list = NULL;
	struct mon_commit commit = { .enclosed = -1 };
	scoped_pendings *pendings = NULL;
	struct json_object *result;
	bool staged;
	int r;

	(void)a;
	if (collect(call, &list) < 0)
		return -1;
	result = json_new_object();
	json_put(result, "changed", json_new_bool(list->count > 0));
	json_put(result, "files", describe(list, false));
	staged = stage_all(call, list) == 0;
	r = mon_commit(&engine->mon, !staged, &commit);
	if (r < 0 && staged)
		call_internal(call, "commit", r);
	else if (staged && commit.outcome != OUTCOME_DONE)
		r = commit_failed(call, list, &commit);
	close_fd(commit.theirs);
		r = commit_failed(call, pendings, &commit);
	if (r == 0 && staged)
		put_changes(result, pendings, commit.enclosed);
	close_fd(commit.enclosed);
	if (r < 0 || !staged) {
		json_free(result);
		return -1;
	}
	settle(engine, list);
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

int augeas_load(struct call *call, const struct arguments *a)
{
	int r = tree_forget(call->engine->tree);

	(void)a;
	if (r < 0)
		return call_internal(call, "forget the edits", r);
	stream_set_edits(&call->engine->stream, false);
	return call_result(call, json_new_bool(true));
}

int augeas_transform(struct call *call, const struct arguments *a)
{
	const struct policy *policy = call->engine->policy;
	ssize_t entry = policy_find_file(policy, a->file);
	scoped_ptr char *lens = NULL;
	struct json_object *data;
	struct tree_file *file;

	if (asprintf(&lens, strchr(a->lens, '.') ? "%s" : "%s.lns", a->lens) < 0)
		return call_no_memory(call);
	if (entry >= 0 && strcmp(policy->files[entry].lens, lens) == 0 && !a->exclude) {
		if (tree_fetch(call, a->file, &file) < 0)
			return -1;
		return call_result(call, json_new_bool(true));
	}
	data = data_of("file", a->file);
	json_put(data, "key", json_new_string(entry < 0 ? "[File]" : "Lens"));
	if (entry < 0)
		return call_error(call, EXM_ERROR_DENIED, data,
				  "%.200s is not a file that the policy names", a->file);
	if (a->exclude)
		return call_error(
			call, EXM_ERROR_DENIED, data,
			"%.200s: the policy decides which files there are; none can be excluded",
			a->file);
	return call_error(call, EXM_ERROR_DENIED, data,
			  "%.200s: the policy reads it with %s and not with %.100s", a->file,
			  policy->files[entry].lens, lens);
}
