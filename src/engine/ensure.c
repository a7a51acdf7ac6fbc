/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine, for augeas.ensure. Expressions and values are the client's; what may be
 * changed is asked of the guard, node by node. What fails halfway is taken back by the caller.
 */
#include "engine/ensure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/node_path.h"
#include "engine/engine.h"
#include "engine/guard.h"
#include "engine/path_expr.h"

static int leads_elsewhere(struct call *call, const char *node, const char *sub)
{
	return call_error(call, EXM_ERROR_BAD_PATH, data_of_path(sub),
			  "%s: %.200s leads out of %.200s, the node that it is about", call->method,
			  sub, node);
}

/* The nodes that are named below the node, which none may leave. */
static int find(struct call *call, const char *node, const char *sub, char **ret_expr,
		struct nodes *ret_nodes)
{
	scoped_ptr char *expr = NULL;

	if (asprintf(&expr, "%s/%s", node, sub) < 0) {
		expr = NULL;
		return call_no_memory(call);
	}
	if (nodes_match(call, expr, ret_nodes) < 0)
		return -1;
	for (int i = 0; i < ret_nodes->count; i++)
		if (!path_is_below(ret_nodes->path[i], node))
			return leads_elsewhere(call, node, sub);
	*ret_expr = take_ptr(expr);
	return 0;
}

static bool has_value(struct call *call, const char *path, const char *wanted)
{
	const char *value = NULL;

	if (aug_get(call->engine->tree->aug, path, &value) != 1)
		return false;
	return value && wanted ? strcmp(value, wanted) == 0 : value == wanted;
}

static bool is_as_wanted(struct call *call, const struct nodes *nodes,
			 const struct wanted_node *wanted, bool any)
{
	if (wanted->kind == WANTED_SOME || wanted->kind == WANTED_ABSENT)
		return (nodes->count > 0) == (wanted->kind == WANTED_SOME);
	if (wanted->kind == WANTED_ONE && any) {
		for (int i = 0; i < nodes->count; i++)
			if (has_value(call, nodes->path[i], wanted->value[0]))
				return true;
		return false;
	}
	if ((size_t)nodes->count != wanted->count)
		return false;
	for (size_t i = 0; i < wanted->count; i++)
		if (!has_value(call, nodes->path[i], wanted->value[i]))
			return false;
	return true;
}

int ensure_holds(struct call *call, const char *node, const struct wanted *wanted, bool any)
{
	for (size_t i = 0; i < wanted->count; i++) {
		scoped_ptr char *expr = NULL;
		scoped_nodes nodes = { 0 };

		if (find(call, node, wanted->node[i].sub, &expr, &nodes) < 0)
			return -1;
		if (!is_as_wanted(call, &nodes, &wanted->node[i], any))
			return 0;
	}
	return 1;
}

/* ---- one more ---- */

static const char *last_step(const char *expr)
{
	size_t above = path_expr_parent(expr);

	/* there is one, or the call is answered */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	return expr[above] == '/' ? expr + above + 1 : expr;
}

static char *last_label(const char *canonical)
{
	scoped_node_path path = { 0 };

	if (node_path_parse(canonical, &path) < 0 || path.depth == 0)
		return NULL;
	return strdup(path.label[path.depth - 1]);
}

static bool is_number(const char *label)
{
	return label[0] != '\0' && label[strspn(label, "0123456789")] == '\0';
}

static int no_label(struct call *call, const char *expr)
{
	return call_error(call, EXM_ERROR_BAD_PATH, data_of_path(expr),
			  "%s: %.200s does not say which label a new node would have: it must end "
			  "with a label, or with * for the entries of a numbered list",
			  call->method, expr);
}

/* The last of the numbered ones, and the number behind the greatest. */
static int last_number(struct call *call, const struct nodes *there, const char **ret_last,
		       unsigned long *ret_next)
{
	*ret_last = NULL;
	*ret_next = 1;
	for (int i = 0; i < there->count; i++) {
		scoped_ptr char *label = last_label(there->path[i]);
		unsigned long number;

		if (!label)
			return call_no_memory(call);
		if (is_number(label)) {
			number = strtoul(label, NULL, 10);
			*ret_last = there->path[i];
			*ret_next = number >= *ret_next ? number + 1 : *ret_next;
		} else if (label[0] != '#') {
			return no_label(call, there->path[i]);
		}
	}
	return 0;
}

static int create_numbered(struct call *call, const char *expr, const char *number,
			   const char *value, struct creation *ret_creation)
{
	scoped_ptr char *path = NULL;

	if (asprintf(&path, "%.*s/%s", (int)path_expr_parent(expr), expr, number) < 0) {
		path = NULL;
		return call_no_memory(call);
	}
	return edit_create(call, path, value, ret_creation);
}

static int add_behind(struct call *call, const char *last, char *label, const char *value,
		      struct creation *ret_creation)
{
	struct creation made = { 0 };

	if (edit_insert(call, last, label, false, value, &made.path) < 0)
		return -1;
	made.top = strdup(made.path);
	*ret_creation = made;
	return made.top ? 0 : call_no_memory(call);
}

static int add_numbered(struct call *call, const char *expr, const struct nodes *there,
			const char *value, struct creation *ret_creation)
{
	char number[32];
	unsigned long next;
	const char *last;

	if (last_number(call, there, &last, &next) < 0)
		return -1;
	snprintf(number, sizeof(number), "%lu", next);
	if (last)
		return add_behind(call, last, number, value, ret_creation);
	return create_numbered(call, expr, number, value, ret_creation);
}

int ensure_one_more(struct call *call, const char *expr, const struct nodes *there,
		    const char *value, struct creation *ret_creation)
{
	const char *step = last_step(expr);
	scoped_ptr char *label = NULL;

	if (strcmp(step, "*") == 0)
		return add_numbered(call, expr, there, value, ret_creation);
	if (there->count == 0)
		return edit_create(call, expr, value, ret_creation);
	/* a condition may be one that the new node does not meet */
	if (strpbrk(step, "[*"))
		return no_label(call, expr);
	label = last_label(there->path[there->count - 1]);
	if (!label)
		return call_no_memory(call);
	return add_behind(call, there->path[there->count - 1], label, value, ret_creation);
}

/* ---- making it so ---- */

/* From the last one, so that the paths of those before it stay. */
static int remove_from(struct call *call, const struct nodes *nodes, size_t first)
{
	for (size_t i = (size_t)nodes->count; i > first; i--) {
		if (guard_remove(call, nodes->path[i - 1]) < 0)
			return -1;
		guard_edited(call, nodes->path[i - 1]);
		if (aug_rm(call->engine->tree->aug, nodes->path[i - 1]) < 0)
			return tree_fail(call, nodes->path[i - 1]);
	}
	return 0;
}

static int add_one(struct call *call, const char *node, const struct wanted_node *wanted,
		   const char *value)
{
	scoped(creation_clear) struct creation made = { 0 };
	scoped_ptr char *expr = NULL;
	scoped_nodes nodes = { 0 };

	if (find(call, node, wanted->sub, &expr, &nodes) < 0 ||
	    ensure_one_more(call, expr, &nodes, value, &made) < 0)
		return -1;
	guard_edited(call, made.path);
	if (path_is_below(made.top, node))
		return 0;
	aug_rm(call->engine->tree->aug, made.top);
	return leads_elsewhere(call, node, wanted->sub);
}

static int make_values(struct call *call, const char *node, const struct wanted_node *wanted,
		       const struct nodes *nodes)
{
	size_t there = (size_t)nodes->count;

	for (size_t i = 0; i < wanted->count && i < there; i++)
		if (edit_set(call, nodes->path[i], wanted->value[i]) < 0)
			return -1;
	for (size_t i = there; i < wanted->count; i++)
		if (add_one(call, node, wanted, wanted->value[i]) < 0)
			return -1;
	return remove_from(call, nodes, wanted->count);
}

static int make_one(struct call *call, const char *node, const struct wanted_node *wanted)
{
	scoped_ptr char *expr = NULL;
	scoped_nodes nodes = { 0 };

	if (find(call, node, wanted->sub, &expr, &nodes) < 0)
		return -1;
	if (is_as_wanted(call, &nodes, wanted, false))
		return 0;
	switch (wanted->kind) {
	case WANTED_SOME:
		return add_one(call, node, wanted, NULL);
	case WANTED_ABSENT:
		return remove_from(call, &nodes, 0);
	case WANTED_ONE:
		if (nodes.count > 1)
			return tree_too_many(call, expr, nodes.count);
		break;
	case WANTED_LIST:
		break;
	}
	return make_values(call, node, wanted, &nodes);
}

int ensure_make(struct call *call, const char *node, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (make_one(call, node, &wanted->node[i]) < 0)
			return -1;
	return 0;
}
