/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: variables, and the nodes that they name by number. Names and expressions are
 * the client's. A variable holds nodes, not rights: an edit of one asks for these as any other.
 */
#include <stdio.h>
#include <string.h>

#include "engine/edit.h"
#include "engine/engine.h"
#include "engine/guard.h"
#include "engine/method.h"
#include "engine/staging.h"

#define OWN_PREFIX "exmachina_"

/* It becomes a label below /augeas/variables. */
static int check_name(struct call *call, const char *name)
{
	if (name[0] && !strchr(name, '/') && strncmp(name, OWN_PREFIX, strlen(OWN_PREFIX)) != 0)
		return 0;
	return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "name"),
			  "%s: a variable's name is not empty, holds no slash, and does not begin "
			  "with " OWN_PREFIX,
			  call->method);
}

int augeas_defvar(struct call *call, const struct arguments *a)
{
	int count;

	if (check_name(call, a->name) < 0)
		return -1;
	if (a->expression && tree_need(call, a->expression) < 0)
		return -1;
	count = aug_defvar(call->engine->tree->aug, a->name, a->expression);
	if (count < 0)
		return tree_fail(call, a->expression ? a->expression : a->name);
	return call_result(call, json_new_int(count));
}

static int define(struct call *call, const char *name, const char *expr, bool created)
{
	struct json_object *result;
	int count = aug_defvar(call->engine->tree->aug, name, expr);

	if (count < 0)
		return tree_fail(call, expr);
	result = json_new_object();
	json_put(result, "count", json_new_int(count));
	json_put(result, "created", json_new_bool(created));
	return call_result(call, result);
}

int augeas_defnode(struct call *call, const struct arguments *a)
{
	scoped(creation_clear) struct creation made = { 0 };
	scoped_nodes nodes = { 0 };

	if (check_name(call, a->name) < 0)
		return -1;
	if (!a->expression)
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "expression"),
				  "%s: there is no node without an expression", call->method);
	if (nodes_match(call, a->expression, &nodes) < 0)
		return -1;
	if (nodes.count > 0)
		return define(call, a->name, a->expression, false);
	if (edit_create(call, a->expression, a->value, &made) < 0)
		return -1;
	guard_edited(call, made.path);
	return define(call, a->name, made.path, true);
}

/* There is no such variable, or not so many nodes in it. */
static int no_such(struct call *call, const struct arguments *a)
{
	struct json_object *data = data_of("variable", a->name);

	/* of aug_ns_count(3) it is no error */
	json_put(data, "augeas",
		 json_new_string(aug_error(call->engine->tree->aug) == AUG_NOERROR && !a->index
					 ? "NOERROR"
					 : "ENOMATCH"));
	json_put(data, "index", json_new_int(a->index));
	return call_error(call, EXM_ERROR_NO_MATCH, data, "%s: $%.100s has no node %lld",
			  call->method, a->name, (long long)a->index);
}

static bool has_index(const struct arguments *a)
{
	return a->index >= 0 && a->index <= INT32_MAX;
}

int augeas_ns_count(struct call *call, const struct arguments *a)
{
	int count = aug_ns_count(call->engine->tree->aug, a->name);

	return count < 0 ? no_such(call, a) : call_result(call, json_new_int(count));
}

int augeas_ns_attr(struct call *call, const struct arguments *a)
{
	struct tree *tree = call->engine->tree;
	const char *value = NULL, *label = NULL;
	scoped_ptr char *file = NULL;
	struct json_object *result;
	char *source;

	if (!has_index(a) ||
	    aug_ns_attr(tree->aug, a->name, (int)a->index, &value, &label, &file) < 0)
		return no_such(call, a);
	source = staging_source(tree, file);
	result = json_new_object();
	json_put(result, "value", json_new_bytes(value));
	json_put(result, "label", json_new_bytes(label));
	json_put(result, "file", json_new_bytes(source));
	if (source != file)
		free(source);
	return call_result(call, result);
}

int augeas_ns_label(struct call *call, const struct arguments *a)
{
	const char *label = NULL;
	struct json_object *result;
	int index = 0;

	if (!has_index(a) ||
	    aug_ns_label(call->engine->tree->aug, a->name, (int)a->index, &label, &index) < 0)
		return no_such(call, a);
	result = json_new_object();
	json_put(result, "label", json_new_bytes(label));
	json_put(result, "index", json_new_int(index));
	return call_result(call, result);
}

int augeas_ns_value(struct call *call, const struct arguments *a)
{
	const char *value = NULL;

	if (!has_index(a) ||
	    aug_ns_value(call->engine->tree->aug, a->name, (int)a->index, &value) < 0)
		return no_such(call, a);
	return call_result(call, json_new_bytes(value));
}

int augeas_ns_path(struct call *call, const struct arguments *a)
{
	scoped_ptr char *path = NULL;

	if (!has_index(a) ||
	    aug_ns_path(call->engine->tree->aug, a->name, (int)a->index, &path) < 0)
		return no_such(call, a);
	return call_result(call, json_new_bytes(path));
}
