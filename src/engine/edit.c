/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: what the methods that change the tree share. Expressions are hostile. */
#include "engine/edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/node_path.h"
#include "engine/engine.h"
#include "engine/guard.h"
#include "engine/path_expr.h"

/* Of the node that is being made; a client cannot define variables of this name. */
#define NEW_NODE "exmachina_new"

void nodes_clear(struct nodes *nodes)
{
	for (int i = 0; i < nodes->count; i++)
		free(nodes->path[i]);
	free(nodes->path);
	*nodes = (struct nodes){ 0 };
}

int nodes_match(struct call *call, const char *expr, struct nodes *ret_nodes)
{
	struct nodes nodes = { 0 };

	if (tree_need(call, expr) < 0)
		return -1;
	nodes.count = aug_match(call->engine->tree->aug, expr, &nodes.path);
	if (nodes.count < 0)
		return tree_fail(call, expr);
	*ret_nodes = nodes;
	return 0;
}

int nodes_match_one(struct call *call, const char *expr, struct nodes *ret_nodes)
{
	if (nodes_match(call, expr, ret_nodes) < 0)
		return -1;
	if (ret_nodes->count == 0)
		return tree_no_match(call, expr);
	if (ret_nodes->count > 1)
		return tree_too_many(call, expr, ret_nodes->count);
	return 0;
}

void creation_clear(struct creation *creation)
{
	free(creation->top);
	free(creation->path);
}

static size_t depth_of(const char *canonical)
{
	scoped_node_path path = { 0 };

	return node_path_parse(canonical, &path) == 0 ? path.depth : 0;
}

/* What "x//y" would be made below: any node from x on. */
static char *spell_out_slashes(const char *above)
{
	size_t length = strlen(above);
	char *whole = NULL;

	if (length < 2 || above[length - 1] != '/')
		return strdup(above);
	return asprintf(&whole, "%sdescendant-or-self::*", above) < 0 ? NULL : whole;
}

/* Where an expression that is relative begins. */
static int context_depth(const struct call *call)
{
	struct nodes context = { 0 };
	int depth = 0;

	context.count = aug_match(call->engine->tree->aug, ".", &context.path);
	if (context.count == 1)
		depth = (int)depth_of(context.path[0]);
	nodes_clear(&context);
	return depth;
}

/* How deep the deepest node is that is already there on the way to the new one. -1: answered. */
static int existing_depth(struct call *call, const char *expr)
{
	augeas *aug = call->engine->tree->aug;
	scoped_ptr char *above = strdup(expr);
	size_t length;

	if (!above)
		return call_no_memory(call);
	while ((length = path_expr_parent(above)) > 0) {
		scoped_ptr char *step = NULL;
		char **path = NULL;
		int count, depth = 0;

		above[length] = '\0';
		step = spell_out_slashes(above);
		if (!step)
			return call_no_memory(call);
		count = aug_match(aug, step, &path);
		if (count < 0)
			return tree_fail(call, above);
		if (count == 1)
			depth = (int)depth_of(path[0]);
		for (int i = 0; i < count; i++)
			free(path[i]);
		free(path);
		if (count > 1)
			return tree_augeas_error(call, EXM_ERROR_TOO_MANY_MATCHES, AUG_EMMATCH,
						 above,
						 "names several nodes, so nothing can be made "
						 "below it");
		if (count == 1)
			return depth;
	}
	return expr[0] == '/' ? 0 : context_depth(call);
}

/* The first `depth` labels of a canonical path. */
static char *cut_to_depth(const char *canonical, size_t depth)
{
	const char *p = canonical;

	while (*p) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '/' && depth-- == 0)
			break;
		p++;
	}
	return strndup(canonical, (size_t)(p - canonical));
}

/*
 * Each node from `first` labels on down to the new one. Those above the file's
 * own are directories, which come and go with their files.
 */
static int check_chain(struct call *call, const char *path, size_t first, size_t last,
		       const char *value)
{
	size_t file = guard_file_depth(call, path);

	if (file == 0)
		return guard_created(call, path, value);
	for (size_t depth = file > first ? file : first; depth <= last; depth++) {
		scoped_ptr char *node = cut_to_depth(path, depth);

		if (!node)
			return call_no_memory(call);
		if (guard_created(call, node, depth == last ? value : NULL) < 0)
			return -1;
	}
	return 0;
}

int edit_create(struct call *call, const char *expr, const char *value,
		struct creation *ret_creation)
{
	augeas *aug = call->engine->tree->aug;
	struct creation made = { 0 };
	int there = existing_depth(call, expr), created = 0, r;
	size_t depth;

	if (there < 0)
		return -1;
	if (aug_defnode(aug, NEW_NODE, expr, value, &created) < 0)
		return tree_fail(call, expr);
	r = aug_ns_path(aug, NEW_NODE, 0, &made.path);
	aug_defvar(aug, NEW_NODE, NULL);
	depth = r < 0 ? 0 : depth_of(made.path);
	if (r < 0 || depth <= (size_t)there) {
		creation_clear(&made);
		return call_internal(call, "find the node that was made", r);
	}
	made.top = cut_to_depth(made.path, (size_t)there + 1);
	if (!made.top) {
		creation_clear(&made);
		return call_no_memory(call);
	}
	if (check_chain(call, made.path, (size_t)there + 1, depth, value) < 0) {
		aug_rm(aug, made.top);
		creation_clear(&made);
		return -1;
	}
	*ret_creation = made;
	return 0;
}

bool edit_label_is_free(struct call *call, const char *canonical, const char *label)
{
	augeas *aug = call->engine->tree->aug;
	scoped_ptr char *escaped = NULL, *expr = NULL;

	if (aug_escape_name(aug, label, &escaped) < 0 ||
	    asprintf(&expr, "%s/../%s", canonical, escaped ? escaped : label) < 0)
		return false;
	return aug_match(aug, expr, NULL) == 0;
}

/* The node with its last label changed. */
static int guard_sibling(struct call *call, const char *canonical, char *label, const char *value)
{
	scoped_node_path node = { 0 };
	int r = node_path_parse(canonical, &node);

	if (r < 0)
		return call_internal(call, "take apart a path", r);
	node.label[node.depth - 1] = label;
	return guard_insert(call, &node, edit_label_is_free(call, canonical, label), value);
}

/* The positions in the path of the one beside may be others by now. */
static int path_of_inserted(struct call *call, bool before, char **ret_path)
{
	const char *expr = before ? "$" NEW_NODE "/preceding-sibling::*[1]"
				  : "$" NEW_NODE "/following-sibling::*[1]";
	struct nodes found = { 0 };

	found.count = aug_match(call->engine->tree->aug, expr, &found.path);
	if (found.count == 1)
		*ret_path = take_ptr(found.path[0]);
	nodes_clear(&found);
	return *ret_path ? 0 : call_internal(call, "find the node that was made", -ENOENT);
}

static int insert_at(struct call *call, const char *label, bool before, const char *value,
		     char **ret_path)
{
	augeas *aug = call->engine->tree->aug;

	if (aug_insert(aug, "$" NEW_NODE, label, before) < 0)
		return tree_fail(call, label);
	if (path_of_inserted(call, before, ret_path) < 0)
		return -1;
	return value && aug_set(aug, *ret_path, value) < 0 ? tree_fail(call, *ret_path) : 0;
}

int edit_insert(struct call *call, const char *beside, char *label, bool before, const char *value,
		char **ret_path)
{
	augeas *aug = call->engine->tree->aug;
	scoped_ptr char *made = NULL;
	int r;

	if (guard_sibling(call, beside, label, value) < 0)
		return -1;
	if (aug_defvar(aug, NEW_NODE, beside) < 0)
		return tree_fail(call, beside);
	r = insert_at(call, label, before, value, &made);
	aug_defvar(aug, NEW_NODE, NULL);
	if (r == 0)
		*ret_path = take_ptr(made);
	return r;
}

int edit_set(struct call *call, const char *canonical, const char *value)
{
	augeas *aug = call->engine->tree->aug;
	const char *old = NULL;

	/* what changes nothing needs no right */
	if (aug_get(aug, canonical, &old) == 1 && (old == NULL) == (value == NULL) &&
	    (!old || strcmp(old, value) == 0))
		return 0;
	if (guard_change(call, canonical, value) < 0)
		return -1;
	if (aug_set(aug, canonical, value) < 0)
		return tree_fail(call, canonical);
	guard_edited(call, canonical);
	return 0;
}
