/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: a tree with all below it, in time that is proportional to its nodes. Of
 * libxml2 nothing is used but the structure that Augeas hands out.
 */
#include <libxml/tree.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/method.h"
#include "engine/rpc.h"

static const char *content_of(const xmlNode *node)
{
	return node && node->content ? (const char *)node->content : NULL;
}

static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const char *label_of(const xmlNode *node)
{
	for (const xmlAttr *a = node->properties; a; a = a->next)
		if (strcmp((const char *)a->name, "label") == 0)
			return content_of(a->children);
	return NULL;
}

static const char *value_of(const xmlNode *node)
{
	for (const xmlNode *child = node->children; child; child = child->next)
		if (is_element(child, "value"))
			return child->children ? content_of(child->children) : "";
	return NULL;
}

/* The next in document order below the top, with how deep it is. */
static const xmlNode *next_of(const xmlNode *node, const xmlNode *top, int *depth)
{
	if (node->children && !is_element(node, "value")) {
		++*depth;
		return node->children;
	}
	while (node != top && !node->next) {
		node = node->parent;
		--*depth;
	}
	return node == top ? NULL : node->next;
}

static struct json_object *row_of(const xmlNode *node, int depth)
{
	struct json_object *row = json_new_object();

	json_put(row, "depth", json_new_int(depth));
	json_put(row, "label", json_new_bytes(label_of(node)));
	json_put(row, "value", json_new_bytes(value_of(node)));
	return row;
}

static int add_rows(struct json_object *rows, const xmlNode *top)
{
	int depth = -1, r = 0;

	for (const xmlNode *node = top; node && r == 0; node = next_of(node, top, &depth))
		if (is_element(node, "node"))
			r = json_append(rows, row_of(node, depth));
	return r;
}

int augeas_dump(struct call *call, const struct arguments *a)
{
	const char *path = a->path ? a->path : "/files";
	struct json_object *rows;
	xmlNode *top = NULL;
	int r;

	if (tree_need(call, path) < 0)
		return -1;
	if (aug_to_xml(call->engine->tree->aug, path, &top, 0) < 0)
		return tree_fail(call, path);
	rows = json_new_array();
	r = add_rows(rows, top);
	xmlFreeNode(top);
	if (r < 0) {
		json_free(rows);
		return call_no_memory(call);
	}
	return call_result(call, rows);
}
