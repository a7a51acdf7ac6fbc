/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: which files are read, and with which lens. The client may name any lens and
 * any file; what is read is a file of the policy, or nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/glob.h"
#include "engine/engine.h"
#include "engine/guard.h"
#include "engine/load_check.h"
#include "engine/method.h"
#include "engine/staging.h"

/* A call of our own, of which nobody is told. */
static struct call quiet(const struct call *call)
{
	return (struct call){ .engine = call->engine,
			      .method = call->method,
			      .notification = true,
			      .recorded = true,
			      .slot = -1 };
}

/* As aug_load(3) does, and as there one that cannot be told any more is left out. */
static int define_variables_anew(struct call *call)
{
	augeas *aug = call->engine->tree->aug;
	char **nodes = NULL;
	int count = aug_match(aug, "/augeas/variables/*", &nodes);

	for (int i = 0; i < count; i++) {
		struct call other = quiet(call);
		const char *expr = NULL, *name = NULL;
		scoped_ptr char *copy = NULL, *label = NULL;

		if (aug_get(aug, nodes[i], &expr) == 1 && expr &&
		    aug_label(aug, nodes[i], &name) == 1) {
			copy = strdup(expr);
			label = strdup(name);
		}
		if (copy && label && tree_need(&other, copy) == 0)
			aug_defvar(aug, label, copy);
		free(nodes[i]);
	}
	free(nodes);
	return count < 0 ? call_internal(call, "read the variables", -ENOMEM) : 0;
}

static int begin_anew(struct call *call)
{
	int r = tree_begin_anew(call->engine->tree);

	if (r < 0)
		return call_internal(call, "begin anew", r);
	stream_set_edits(&call->engine->stream, false);
	return call_result(call, json_new_bool(true));
}

static int no_table(struct call *call, int error)
{
	if (error == -E2BIG)
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "transforms"),
				  "%s: there are too many transforms in /augeas/load",
				  call->method);
	return call_internal(call, "read /augeas/load", error);
}

int augeas_load(struct call *call, const struct arguments *a)
{
	struct tree *tree = call->engine->tree;
	int r;

	tree->empty = a->empty;
	if (a->fresh)
		return begin_anew(call);
	r = tree_forget(tree);
	if (r < 0)
		return call_internal(call, "forget the edits", r);
	stream_set_edits(&call->engine->stream, false);
	r = load_check(tree->aug, tree->policy);
	if (r == 0)
		r = tree_take_table(tree);
	if (r < 0)
		return no_table(call, r);
	if (define_variables_anew(call) < 0)
		return -1;
	return call_result(call, json_new_bool(true));
}

static int not_named(struct call *call, const char *file)
{
	return call_denied(call, data_of("file", file), "[File]", "[File]",
			   "%.200s: no [File] section of the policy names it", file);
}

/* Could it name a file of the policy? */
static bool concerns_policy(const struct policy *policy, const char *filter)
{
	if (policy_find_file(policy, filter) >= 0)
		return true;
	for (size_t i = 0; i < policy->file_count; i++)
		if (strcmp(policy->files[i].path, filter) == 0 ||
		    glob_match_path(filter, policy->files[i].path))
			return true;
	return false;
}

int augeas_transform(struct call *call, const struct arguments *a)
{
	struct tree *tree = call->engine->tree;

	if (!a->lens[0] || !a->file[0])
		return tree_augeas_error(call, EXM_ERROR_BAD_VALUE, AUG_EBADARG,
					 a->lens[0] ? "file" : "lens", "it must not be empty");
	if (!a->exclude && !concerns_policy(tree->policy, a->file))
		return not_named(call, a->file);
	if (aug_transform(tree->aug, a->lens, a->file, a->exclude) < 0)
		return tree_fail(call, a->lens);
	tree->load_edited = true;
	return call_result(call, json_new_bool(true));
}

/* Without the edits in it, and with what /augeas/load has now. 0 or -1. */
static int read_anew(struct call *call, struct tree_file *file)
{
	struct tree *tree = call->engine->tree;
	struct msg_open_reply reply;
	int r = tree_take_table(tree);

	tree_changed(tree);
	if (r < 0)
		return no_table(call, r);
	r = staging_fetch_newer(tree, file, &reply);
	if (r < 0)
		return call_internal(call, "fetch a file", r);
	if (reply.outcome != OUTCOME_DONE && reply.outcome != OUTCOME_ABSENT) {
		struct tree_file failed = *file;

		failed.state = TREE_UNREADABLE;
		failed.outcome = reply.outcome;
		failed.error = reply.error;
		return tree_file_fail(call, &failed);
	}
	r = staging_read_anew(tree, file);
	return r < 0 ? call_internal(call, "read a file anew", r) : 0;
}

int augeas_load_file(struct call *call, const struct arguments *a)
{
	const struct tree *tree = call->engine->tree;
	struct tree_file *file;

	if (policy_find_file(tree->policy, a->file) < 0)
		return not_named(call, a->file);
	if (tree_fetch(call, a->file, &file) < 0)
		return -1;
	file->asked = true;
	if (read_anew(call, file) < 0)
		return -1;
	if (file->state == TREE_DETACHED)
		return tree_augeas_error(call, EXM_ERROR_BAD_VALUE, AUG_ENOLENS, a->file,
					 "nothing in /augeas/load names a lens for it");
	if (file->state == TREE_PARSE_FAILED || file->state == TREE_UNREADABLE)
		return tree_file_fail(call, file);
	return call_result(call, json_new_bool(true));
}
