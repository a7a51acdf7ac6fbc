/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: a tree with all below it, in time that is proportional to its nodes. Where
 * these are few, or there is no outline, from the structure that Augeas hands out; of libxml2
 * nothing else is used.
 */
#include <errno.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/method.h"
#include "engine/output.h"
#include "engine/rpc.h"
#include "engine/selection.h"

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

static int dump_by_augeas(struct call *call, const char *path)
{
	struct json_object *rows;
	xmlNode *top = NULL;
	int r;

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

static void write_row(const struct outline *outline, uint32_t node, int depth, struct output *out)
{
	char text[32];

	if (out->text[out->length - 1] != '[')
		output_literal(out, ",");
	output_add(out, text, (size_t)snprintf(text, sizeof(text), "{\"depth\":%d", depth));
	output_literal(out, ",\"label\":");
	output_bytes(out, outline_label(outline, node));
	output_literal(out, ",\"value\":");
	output_bytes(out, outline_value(outline, node));
	output_literal(out, "}");
}

static void write_rows(struct call *call, const struct outline *outline, uint32_t top,
		       struct output *out)
{
	int depth = 0;

	write_row(outline, top, depth, out);
	for (uint32_t node = top + 1; node < outline_end(outline, top) && !call_is_full(call);
	     node++) {
		uint32_t above = node - 1;

		for (depth++; above != outline_parent(outline, node); depth--)
			above = outline_parent(outline, above);
		write_row(outline, node, depth, out);
	}
}

static int dump_by_outline(struct call *call, const struct selection *selection)
{
	struct output *out = call_begin(call);

	output_literal(out, "[");
	for (size_t i = 0; i < selection->count && !call_is_full(call); i++)
		write_rows(call, selection->outline, selection->node[i].node, out);
	output_literal(out, "]");
	return call_end(call);
}

int augeas_dump(struct call *call, const struct arguments *a)
{
	scoped_selection selection = { 0 };
	const char *path = a->path ? a->path : "/files";
	int r;

	if (tree_need(call, path) < 0)
		return -1;
	/* as aug_to_xml(3) has it */
	if (strcmp(path, "/") == 0 || !*path)
		path = "/*";
	r = selection_below(call->engine->tree, path, &selection);
	if (r == -ENOMEM)
		return call_no_memory(call);
	return r == 0 && selection.outline ? dump_by_outline(call, &selection)
					   : dump_by_augeas(call, path);
}
