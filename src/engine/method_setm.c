/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: aug_setm(3), node by node, so that each is asked about. SUB is the client's
 * and may lead anywhere: it is looked at as Augeas would look at it, from each base.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/edit.h"
#include "engine/engine.h"
#include "engine/guard.h"
#include "engine/method.h"

/* All bases, and the one at which relative expressions begin. */
#define BASES_NODE "exmachina_bases"
#define BASE_NODE "exmachina_base"

struct setm {
	struct call *call;
	const char *sub; /* NULL: the bases themselves */
	const char *value;
	int bases;
	char **made; /* for each base the topmost node that was made, or NULL */
	int changed;
};

/* What aug_ns_path(3) gives for the root of all trees. */
#define ROOT_PATH "/\\(none\\)"

/*
 * The path of a base as it is now: nodes that were made may have given it another position. "" for
 * the root.
 */
static int base_path(const struct setm *setm, int index, char **ret_path)
{
	augeas *aug = setm->call->engine->tree->aug;

	if (aug_ns_path(aug, BASES_NODE, index, ret_path) < 0)
		return call_internal(setm->call, "find a base", -ENOENT);
	if (strcmp(*ret_path, ROOT_PATH) == 0)
		**ret_path = '\0';
	return 0;
}

/* What the expression may lead to must be there. */
static int need(const struct setm *setm, const char *base)
{
	scoped_ptr char *whole = NULL;

	if (setm->sub[0] == '/')
		return tree_need(setm->call, setm->sub);
	if (asprintf(&whole, "%s/%s", base, setm->sub) < 0)
		return call_no_memory(setm->call);
	return tree_need(setm->call, whole);
}

/* The nodes that SUB names from there, where relative expressions begin afterwards. */
static int find_nodes(const struct setm *setm, int index, struct nodes *ret_nodes)
{
	augeas *aug = setm->call->engine->tree->aug;
	scoped_ptr char *base = NULL;
	struct nodes nodes = { 0 };

	if (base_path(setm, index, &base) < 0 || need(setm, base) < 0)
		return -1;
	if (aug_defvar(aug, BASE_NODE, *base ? base : "/") != 1 ||
	    aug_set(aug, TREE_CONTEXT, "$" BASE_NODE) < 0)
		return call_internal(setm->call, "begin at a base", -EINVAL);
	nodes.count = aug_match(aug, setm->sub, &nodes.path);
	if (nodes.count < 0)
		return tree_fail(setm->call, setm->sub);
	*ret_nodes = nodes;
	return 0;
}

static int prepare_base(struct setm *setm, int index)
{
	scoped_ptr char *base = NULL;

	setm->changed++;
	if (base_path(setm, index, &base) < 0)
		return -1;
	if (!*base)
		return call_denied(setm->call, data_of_path("/"), NULL, NULL,
				   "/ is the server's own, and nothing could allow to change it");
	return guard_change(setm->call, base, setm->value);
}

/* Asks about each node that is there, or makes the one that is not. */
static int prepare(struct setm *setm, int index)
{
	scoped(creation_clear) struct creation made = { 0 };
	scoped_nodes nodes = { 0 };

	if (!setm->sub)
		return prepare_base(setm, index);
	if (find_nodes(setm, index, &nodes) < 0)
		return -1;
	setm->changed += nodes.count > 0 ? nodes.count : 1;
	for (int i = 0; i < nodes.count; i++)
		if (guard_change(setm->call, nodes.path[i], setm->value) < 0)
			return -1;
	if (nodes.count > 0)
		return 0;
	if (edit_create(setm->call, setm->sub, setm->value, &made) < 0)
		return -1;
	setm->made[index] = take_ptr(made.top);
	guard_edited(setm->call, made.path);
	return 0;
}

/* A node that was made for one base may be what another one names now: each is asked about again.
 */
static int apply(const struct setm *setm, int index)
{
	scoped_ptr char *base = NULL;
	scoped_nodes nodes = { 0 };

	if (!setm->sub)
		return base_path(setm, index, &base) < 0 ? -1
							 : edit_set(setm->call, base, setm->value);
	if (find_nodes(setm, index, &nodes) < 0)
		return -1;
	for (int i = 0; i < nodes.count; i++)
		if (edit_set(setm->call, nodes.path[i], setm->value) < 0)
			return -1;
	return 0;
}

static int set_all(struct setm *setm)
{
	int r = 0;

	for (int i = 0; i < setm->bases && r == 0; i++)
		r = prepare(setm, i);
	for (int i = 0; i < setm->bases && r == 0; i++)
		r = apply(setm, i);
	return r;
}

/* The last one first: its path is still what it was. */
static void take_back(const struct setm *setm)
{
	for (int i = setm->bases - 1; i >= 0; i--)
		if (setm->made[i])
			aug_rm(setm->call->engine->tree->aug, setm->made[i]);
}

/* With the context of the client's put back in any case. */
static int set_in_context(struct setm *setm)
{
	augeas *aug = setm->call->engine->tree->aug;
	scoped_ptr char *context = NULL;
	const char *value = NULL;
	int r;

	if (aug_get(aug, TREE_CONTEXT, &value) != 1 || !value)
		value = "/files";
	context = strdup(value);
	setm->made = calloc((size_t)setm->bases + 1, sizeof(*setm->made));
	if (!context || !setm->made)
		return call_no_memory(setm->call);
	r = set_all(setm);
	if (aug_set(aug, TREE_CONTEXT, context) < 0)
		r = setm->call->answered ? -1 : tree_fail(setm->call, TREE_CONTEXT);
	if (r < 0)
		take_back(setm);
	return r;
}

int augeas_setm(struct call *call, const struct arguments *a)
{
	struct setm setm = { .call = call, .sub = a->sub, .value = a->value };
	augeas *aug = call->engine->tree->aug;
	scoped_nodes bases = { 0 };
	int r;

	if (nodes_match(call, a->base, &bases) < 0)
		return -1;
	if (setm.sub && strcmp(setm.sub, ".") == 0)
		setm.sub = NULL;
	setm.bases = aug_defvar(aug, BASES_NODE, a->base);
	if (setm.bases < 0)
		return tree_fail(call, a->base);
	r = set_in_context(&setm);
	aug_defvar(aug, BASES_NODE, NULL);
	aug_defvar(aug, BASE_NODE, NULL);
	for (int i = 0; setm.made && i < setm.bases; i++)
		free(setm.made[i]);
	free(setm.made);
	return r < 0 ? -1 : call_result(call, json_new_int(setm.changed));
}
