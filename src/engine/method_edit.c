/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: methods that change the tree. Each finds the nodes first,
 * asks the guard about every one of them, and only then touches any.
 */
#include <stdio.h>
#include <string.h>

#include "common/node_path.h"
#include "engine/edit.h"
#include "engine/engine.h"
#include "engine/guard.h"
#include "engine/method.h"
#include "engine/path_expr.h"

#define SOURCE_NODE "exmachina_source"

static int done(struct call *call)
{
	return call_result(call, json_new_bool(true));
}

static int create(struct call *call, const char *expr, const char *value)
{
	scoped(creation_clear) struct creation made = { 0 };

	if (edit_create(call, expr, value, &made) < 0)
		return -1;
	guard_edited(call, made.path);
	return 0;
}

/* Augeas makes the node that the context names if it is missing, and asks no guard. */
static int check_context(struct call *call, const char *value)
{
	if (value && tree_may_be_context(call->engine->tree, value))
		return 0;
	return call_denied(call, data_of_path(TREE_CONTEXT), "[File]", "[File]",
			   TREE_CONTEXT ": it must be the node of a file that a [File] section "
					"names, or one above it");
}

/* Of a node that no policy governs. */
static int set_context(struct call *call, const char *value)
{
	if (check_context(call, value) < 0)
		return -1;
	return aug_set(call->engine->tree->aug, TREE_CONTEXT, value) < 0
		       ? tree_fail(call, TREE_CONTEXT)
		       : 0;
}

/* Nodes by which the server goes: one of these values. Returns 0, 1 for another node, or -1. */
static int set_mode(struct call *call, const char *canonical, const char *value)
{
	static const struct {
		const char *path, *value;
	} modes[] = {
		{ TREE_SAVE, "overwrite" }, { TREE_SAVE, "backup" },  { TREE_SAVE, "newfile" },
		{ TREE_SAVE, "noop" },      { TREE_SPAN, "disable" }, { TREE_SPAN, "enable" },
	};
	struct tree *tree = call->engine->tree;
	bool is_mode = false;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(modes[i].path, canonical) != 0)
			continue;
		is_mode = true;
		if (!value || strcmp(modes[i].value, value) != 0)
			continue;
		if (strcmp(canonical, TREE_SAVE) == 0)
			tree->save_mode = modes[i].value;
		return aug_set(tree->aug, canonical, value) < 0 ? tree_fail(call, canonical) : 0;
	}
	if (!is_mode)
		return 1;
	return call_error(call, EXM_ERROR_BAD_VALUE, data_of_path(canonical), "%s: the value is %s",
			  canonical,
			  strcmp(canonical, TREE_SAVE) == 0 ? "overwrite, backup, newfile or noop"
							    : "enable or disable");
}

int edit_set_one(struct call *call, const char *expr, const char *value)
{
	scoped_nodes nodes = { 0 };
	int r;

	if (nodes_match(call, expr, &nodes) < 0)
		return -1;
	if (nodes.count == 0)
		return create(call, expr, value);
	if (nodes.count > 1)
		return tree_too_many(call, expr, nodes.count);
	if (strcmp(nodes.path[0], TREE_CONTEXT) == 0)
		return set_context(call, value);
	r = set_mode(call, nodes.path[0], value);
	return r <= 0 ? r : edit_set(call, nodes.path[0], value);
}

int augeas_set(struct call *call, const struct arguments *a)
{
	return edit_set_one(call, a->path, a->value) < 0 ? -1 : done(call);
}

int augeas_clear(struct call *call, const struct arguments *a)
{
	return edit_set_one(call, a->path, NULL) < 0 ? -1 : done(call);
}

/* aug_insert(3) takes an empty label, and says nothing of what is wrong with a slash. */
static int check_label(struct call *call, const char *label)
{
	struct json_object *data;

	if (label[0] != '\0' && !strchr(label, '/'))
		return 0;
	data = data_of("label", label);
	json_put(data, "augeas", json_new_string("ELABEL"));
	return call_error(call, EXM_ERROR_BAD_VALUE, data,
			  "%s: a label is not empty and holds no slash", call->method);
}

int augeas_insert(struct call *call, const struct arguments *a)
{
	bool before = argument_given(a, PARAM_before) ? a->before : true;
	scoped_ptr char *made = NULL;
	scoped_nodes nodes = { 0 };

	if (check_label(call, a->label) < 0 || nodes_match_one(call, a->path, &nodes) < 0)
		return -1;
	if (edit_insert(call, nodes.path[0], a->label, before, NULL, &made) < 0)
		return -1;
	guard_edited(call, made);
	return done(call);
}

int augeas_remove(struct call *call, const struct arguments *a)
{
	augeas *aug = call->engine->tree->aug;
	const char *top = NULL;
	scoped_nodes nodes = { 0 };
	int removed;

	if (nodes_match(call, a->path, &nodes) < 0)
		return -1;
	for (int i = 0; i < nodes.count; i++) {
		/* in document order, so what is below an allowed node comes right after it */
		if (top && path_is_below(nodes.path[i], top))
			continue;
		if (guard_remove(call, nodes.path[i]) < 0)
			return -1;
		top = nodes.path[i];
	}
	for (int i = 0; i < nodes.count; i++)
		guard_edited(call, nodes.path[i]);
	removed = aug_rm(aug, a->path);
	if (removed < 0)
		return tree_fail(call, a->path);
	return call_result(call, json_new_int(removed));
}

/*
 * Would the subtree of `source` be allowed with `to` as its top? `alone` is
 * for the top; what is below has the neighbours that it has now.
 */
static int guard_transplant(struct call *call, const char *source, const struct node_path *to,
			    bool alone)
{
	augeas *aug = call->engine->tree->aug;
	scoped_ptr char *expr = NULL;
	scoped_nodes below = { 0 };
	const char *value = NULL;
	scoped_node_path from = { 0 };
	size_t from_depth;

	if (node_path_parse(source, &from) < 0 || asprintf(&expr, "%s//*", source) < 0)
		return call_no_memory(call);
	from_depth = from.depth;
	if (aug_get(aug, source, &value) < 0 || guard_insert(call, to, alone, value) < 0)
		return call->answered ? -1 : tree_fail(call, source);
	if (nodes_match(call, expr, &below) < 0)
		return -1;
	for (int i = 0; i < below.count; i++) {
		scoped_node_path node = { 0 };
		struct node_path moved = *to;

		if (node_path_parse(below.path[i], &node) < 0 ||
		    to->depth + node.depth - from_depth > NODE_DEPTH_MAX)
			return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "depth"),
					  "%.200s: nested too deep", source);
		for (size_t d = from_depth; d < node.depth; d++)
			moved.label[moved.depth++] = node.label[d];
		if (aug_get(aug, below.path[i], &value) < 0)
			value = NULL;
		if (guard_insert(call, &moved, node.position[node.depth - 1] == 0, value) < 0)
			return -1;
	}
	return 0;
}

/* Finds or makes the node that will be overwritten. ret_made is set if it was made. */
static int move_destination(struct call *call, const char *expr, struct creation *ret_made,
			    char **ret_path)
{
	scoped_nodes nodes = { 0 };

	if (nodes_match(call, expr, &nodes) < 0)
		return -1;
	if (nodes.count > 1)
		return tree_too_many(call, expr, nodes.count);
	if (nodes.count == 1) {
		if (guard_remove(call, nodes.path[0]) < 0)
			return -1;
		*ret_path = take_ptr(nodes.path[0]);
		return 0;
	}
	if (edit_create(call, expr, NULL, ret_made) < 0)
		return -1;
	*ret_path = strdup(ret_made->path);
	return *ret_path ? 0 : call_no_memory(call);
}

static int move_checked(struct call *call, const char *source, const char *destination)
{
	scoped_node_path to = { 0 };

	if (node_path_parse(destination, &to) < 0)
		return call_no_memory(call);
	/* the destination exists by now and counts itself */
	return guard_transplant(call, source, &to, to.position[to.depth - 1] == 0);
}

/*
 * Of nodes that are both there. Augeas frees what it overwrites, the source too if that is in it,
 * and leaves variables that name some of it as they are.
 */
static int make_room(struct call *call, const char *source, const char *destination, bool moves)
{
	scoped_ptr char *below = NULL;

	if (path_is_below(destination, source))
		return tree_augeas_error(call, EXM_ERROR_BAD_PATH,
					 moves ? AUG_EMVDESC : AUG_ECPDESC, destination,
					 "a node cannot move, or be copied, below itself");
	if (path_is_below(source, destination))
		return tree_augeas_error(
			call, EXM_ERROR_BAD_PATH, AUG_EINTERNAL, destination,
			"what is overwritten holds what would be put in its place");
	if (asprintf(&below, "%s/*", destination) < 0)
		return call_no_memory(call);
	return aug_rm(call->engine->tree->aug, below) < 0 ? tree_fail(call, destination) : 0;
}

static int transplant(struct call *call, const char *source, const char *destination, bool moves)
{
	augeas *aug = call->engine->tree->aug;
	int r = move_checked(call, source, destination);

	if (r == 0)
		r = make_room(call, source, destination, moves);
	if (r == 0)
		r = moves ? aug_mv(aug, "$" SOURCE_NODE, destination)
			  : aug_cp(aug, "$" SOURCE_NODE, destination);
	return r == 0 || call->answered ? r : tree_fail(call, destination);
}

static int move_or_copy(struct call *call, const struct arguments *a, bool moves)
{
	augeas *aug = call->engine->tree->aug;
	scoped(creation_clear) struct creation made = { 0 };
	scoped_ptr char *destination = NULL, *source = NULL;
	scoped_nodes found = { 0 }, there = { 0 };
	int r;

	/* what is malformed is told first */
	if (nodes_match(call, a->source, &found) < 0 ||
	    nodes_match(call, a->destination, &there) < 0)
		return -1;
	nodes_clear(&found);
	if (nodes_match_one(call, a->source, &found) < 0 ||
	    (moves && guard_remove(call, found.path[0]) < 0))
		return -1;
	/* a new sibling changes positions in canonical paths, but not this variable */
	if (aug_defvar(aug, SOURCE_NODE, found.path[0]) < 0)
		return tree_fail(call, a->source);
	r = move_destination(call, a->destination, &made, &destination);
	if (r == 0 && aug_ns_path(aug, SOURCE_NODE, 0, &source) < 0)
		r = tree_fail(call, a->source);
	if (r == 0)
		r = transplant(call, source, destination, moves);
	if (r < 0 && made.top)
		aug_rm(aug, made.top);
	aug_defvar(aug, SOURCE_NODE, NULL);
	if (r < 0)
		return -1;
	if (moves)
		guard_edited(call, found.path[0]);
	guard_edited(call, destination);
	return done(call);
}

int augeas_move(struct call *call, const struct arguments *a)
{
	return move_or_copy(call, a, true);
}

int augeas_copy(struct call *call, const struct arguments *a)
{
	return move_or_copy(call, a, false);
}

static int guard_rename(struct call *call, const char *canonical, char *label)
{
	scoped_node_path to = { 0 };
	bool alone = edit_label_is_free(call, canonical, label);

	if (guard_remove(call, canonical) < 0)
		return -1;
	if (node_path_parse(canonical, &to) < 0)
		return call_no_memory(call);
	to.label[to.depth - 1] = label;
	return guard_transplant(call, canonical, &to, alone);
}

int augeas_rename(struct call *call, const struct arguments *a)
{
	scoped_nodes nodes = { 0 };
	int renamed;

	if (check_label(call, a->label) < 0 || nodes_match(call, a->path, &nodes) < 0)
		return -1;
	for (int i = 0; i < nodes.count; i++)
		if (guard_rename(call, nodes.path[i], a->label) < 0)
			return -1;
	for (int i = 0; i < nodes.count; i++)
		guard_edited(call, nodes.path[i]);
	renamed = aug_rename(call->engine->tree->aug, a->path, a->label);
	if (renamed < 0)
		return tree_fail(call, a->path);
	return call_result(call, json_new_int(renamed));
}
