/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: how a node shall be, said in one call, which changes nothing if it is so
 * already, and otherwise all of it or nothing.
 */
#include <stdio.h>
#include <string.h>

#include "engine/edit.h"
#include "engine/engine.h"
#include "engine/ensure.h"
#include "engine/guard.h"
#include "engine/method.h"
#include "engine/path_expr.h"
#include "engine/undo.h"

static int answer(struct call *call, bool changed, const char *path, int removed)
{
	struct json_object *result = json_new_object();

	json_put(result, "changed", json_new_bool(changed));
	json_put(result, "path", json_new_bytes(path));
	json_put(result, "removed", json_new_int(removed));
	return call_result(call, result);
}

/* Of those that the path names the ones that are as `where` has them. */
static int choose(struct call *call, const struct arguments *a, const struct nodes *all,
		  struct nodes *ret_chosen)
{
	ret_chosen->path = calloc((size_t)all->count + 1, sizeof(*ret_chosen->path));
	if (!ret_chosen->path)
		return call_no_memory(call);
	for (int i = 0; i < all->count; i++) {
		int r = ensure_holds(call, all->path[i], &a->where, true);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		ret_chosen->path[ret_chosen->count] = strdup(all->path[i]);
		if (!ret_chosen->path[ret_chosen->count])
			return call_no_memory(call);
		ret_chosen->count++;
	}
	return 0;
}

/* All of them, or none if one may not go. */
static int remove_all(struct call *call, const struct nodes *nodes)
{
	const char *top = NULL;
	int removed = 0;

	for (int i = 0; i < nodes->count; i++) {
		if (top && path_is_below(nodes->path[i], top))
			continue;
		if (guard_remove(call, nodes->path[i]) < 0)
			return -1;
		top = nodes->path[i];
	}
	/* from the last one, so that the paths of those before it stay */
	for (int i = nodes->count; i > 0; i--) {
		int gone;

		guard_edited(call, nodes->path[i - 1]);
		gone = aug_rm(call->engine->tree->aug, nodes->path[i - 1]);
		if (gone < 0)
			return tree_fail(call, nodes->path[i - 1]);
		removed += gone;
	}
	return answer(call, removed > 0, NULL, removed);
}

static bool value_holds(struct call *call, const struct arguments *a, const char *path)
{
	const char *value = NULL;

	if (!argument_given(a, PARAM_value))
		return true;
	if (aug_get(call->engine->tree->aug, path, &value) != 1)
		return false;
	return value && a->value ? strcmp(value, a->value) == 0 : value == a->value;
}

/* The node in front of which the new one shall stand: a sibling. NULL: there is none. */
static int find_ahead(struct call *call, const struct arguments *a, char **ret_path)
{
	size_t above = path_expr_parent(a->path);
	scoped_ptr char *expr = NULL;
	scoped_nodes nodes = { 0 };

	if (!a->ahead_of)
		return 0;
	if (asprintf(&expr, "%.*s/%s", (int)above, a->path, a->ahead_of) < 0) {
		expr = NULL;
		return call_no_memory(call);
	}
	if (nodes_match(call, expr, &nodes) < 0)
		return -1;
	if (nodes.count > 0)
		*ret_path = take_ptr(nodes.path[0]);
	return 0;
}

/* Is what stands before the last label the one node that the expression's parent names? */
static int check_ahead(struct call *call, const struct arguments *a, const char *ahead)
{
	scoped_ptr char *expr = strndup(a->path, path_expr_parent(a->path));
	scoped_nodes parent = { 0 };

	if (!expr)
		return call_no_memory(call);
	if (nodes_match_one(call, expr, &parent) < 0)
		return -1;
	if (path_expr_parent(ahead) == strlen(parent.path[0]) &&
	    path_is_below(ahead, parent.path[0]))
		return 0;
	return call_error(call, EXM_ERROR_BAD_PATH, data_of_path(a->ahead_of),
			  "%s: ahead_of names %.200s, which is no child of %.200s", call->method,
			  ahead, parent.path[0]);
}

/* A plain label, without what an expression would take otherwise. */
static int label_of_path(struct call *call, const struct arguments *a, char **ret_label)
{
	size_t above = path_expr_parent(a->path);
	const char *step = a->path + above + (a->path[above] == '/');

	if (step[0] == '\0' || strpbrk(step, "[]()*|=\\\"'$"))
		return call_error(call, EXM_ERROR_BAD_PATH, data_of_path(a->path),
				  "%s: with ahead_of the path must end with a plain label",
				  call->method);
	*ret_label = strdup(step);
	return *ret_label ? 0 : call_no_memory(call);
}

static int make_ahead(struct call *call, const struct arguments *a, const char *ahead,
		      struct creation *made)
{
	scoped_ptr char *label = NULL;

	if (check_ahead(call, a, ahead) < 0 || label_of_path(call, a, &label) < 0 ||
	    edit_insert(call, ahead, label, true, a->value, &made->path) < 0)
		return -1;
	made->top = strdup(made->path);
	return made->top ? 0 : call_no_memory(call);
}

static int make_node(struct call *call, const struct arguments *a, const struct nodes *all,
		     struct creation *made)
{
	scoped_ptr char *ahead = NULL;

	if (find_ahead(call, a, &ahead) < 0)
		return -1;
	if (ahead)
		return make_ahead(call, a, ahead, made);
	return ensure_one_more(call, a->path, all, a->value, made);
}

/* Is there just the one node now, as it was wanted? Else the next call would make another one. */
static int check_result(struct call *call, const struct arguments *a)
{
	scoped_nodes all = { 0 }, chosen = { 0 };
	int holds = 0;

	if (nodes_match(call, a->path, &all) < 0 || choose(call, a, &all, &chosen) < 0)
		return -1;
	if (chosen.count == 1 && value_holds(call, a, chosen.path[0]))
		holds = ensure_holds(call, chosen.path[0], &a->match, false);
	if (holds != 0)
		return holds < 0 ? -1 : answer(call, true, chosen.path[0], 0);
	return call_error(call, EXM_ERROR_BAD_VALUE, data_of_path(a->path),
			  "%s: what is wanted contradicts itself: a node that is made so is not "
			  "what %.200s names, or not all that is wanted of it is so at once",
			  call->method, a->path);
}

static int make(struct call *call, const struct arguments *a, const struct nodes *all)
{
	scoped(creation_clear) struct creation made = { 0 };
	scoped_undo undo = { 0 };

	if (make_node(call, a, all, &made) < 0)
		return -1;
	undo_begin_made(call, take_ptr(made.top), &undo);
	guard_edited(call, made.path);
	if (ensure_make(call, made.path, &a->where) == 0 &&
	    ensure_make(call, made.path, &a->match) == 0 && check_result(call, a) == 0)
		return 0;
	undo_restore(&undo);
	return -1;
}

static int change(struct call *call, const struct arguments *a, const char *path)
{
	scoped_undo undo = { 0 };
	int holds = ensure_holds(call, path, &a->match, false);

	if (holds < 0)
		return -1;
	if (holds && value_holds(call, a, path))
		return answer(call, false, path, 0);
	if (undo_begin(call, path, &undo) < 0)
		return -1;
	if ((!argument_given(a, PARAM_value) || edit_set(call, path, a->value) == 0) &&
	    ensure_make(call, path, &a->match) == 0 && check_result(call, a) == 0)
		return 0;
	undo_restore(&undo);
	return -1;
}

static int contradiction(struct call *call)
{
	return call_error(call, EXM_ERROR_INVALID_PARAMS, data_of("parameter", "absent"),
			  "%s: a node that shall be absent has no value, match or ahead_of",
			  call->method);
}

int augeas_ensure(struct call *call, const struct arguments *a)
{
	scoped_nodes all = { 0 }, chosen = { 0 };

	if (a->absent && (argument_given(a, PARAM_value) || a->match.count > 0 || a->ahead_of))
		return contradiction(call);
	if (nodes_match(call, a->path, &all) < 0 || choose(call, a, &all, &chosen) < 0)
		return -1;
	if (a->absent)
		return remove_all(call, &chosen);
	if (chosen.count > 1)
		return tree_too_many(call, a->path, chosen.count);
	return chosen.count == 0 ? make(call, a, &all) : change(call, a, chosen.path[0]);
}
