/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. Labels and values are what lenses made of the system's files, and hostile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/outline_node.h"

/* ---- paths --------------------------------------------------------------------------- */

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '.' && c <= ':' && c != '/') ||
	       (c >= '@' && c <= 'Z') || c == '_' || c == '-' || c == '#' || c == '*';
}

/* What never needs an escape goes the short way; of the rest Augeas knows best. */
static void add_label(augeas *aug, const char *label, struct output *out)
{
	size_t length = 0;
	scoped_ptr char *escaped = NULL;

	while (is_plain(label[length]))
		length++;
	if (label[length]) {
		if (aug_escape_name(aug, label, &escaped) < 0)
			out->failed = true;
		label = escaped ? escaped : label;
		length = strlen(label);
	}
	output_literal(out, "/");
	output_add(out, label, length);
}

static void add_step(const struct outline *outline, uint32_t node, struct output *out)
{
	const struct outline_node *n = &outline->node[node];
	char position[16];

	add_label(outline->aug, n->label, out);
	if (n->position > 0)
		output_add(out, position,
			   (size_t)snprintf(position, sizeof(position), "[%u]", n->position));
}

static void add_path(const struct outline *outline, uint32_t node, struct outline_path *path)
{
	struct output *text = &path->text;

	if (node == 0) {
		text->length = 0;
		output_add(text, outline->root, strlen(outline->root));
	} else if (node != path->node) {
		uint32_t parent = outline->node[node].parent;

		if (path->node != UINT32_MAX && path->node > 0 &&
		    outline->node[path->node].parent == parent)
			text->length = path->parent;
		else
			add_path(outline, parent, path);
		path->parent = text->length;
		add_step(outline, node, text);
	}
	path->node = node;
}

void outline_spell(struct outline *outline, uint32_t node, struct outline_path *path)
{
	path->text.failed |= outline_place(outline) < 0;
	add_path(outline, node, path);
	output_add(&path->text, "", 1);
	if (!path->text.failed)
		path->text.length--;
}

/* ---- printing ------------------------------------------------------------------------ */

static void add_escaped(unsigned char c, struct output *out)
{
	static const char names[] = "abtnvfr";
	char text[5];
	int length;

	if (c >= '\a' && c <= '\r')
		length = snprintf(text, sizeof(text), "\\%c", names[c - '\a']);
	else if (c == '"' || c == '\\')
		length = snprintf(text, sizeof(text), "\\%c", c);
	else
		length = snprintf(text, sizeof(text), "\\%03o", c);
	output_add(out, text, (size_t)length);
}

static void add_value(const char *value, struct output *out)
{
	output_literal(out, " = \"");
	while (*value) {
		size_t length = output_plain_length(value);

		output_add(out, value, length);
		value += length;
		if (*value)
			add_escaped((unsigned char)*value++, out);
	}
	output_literal(out, "\"");
}

void outline_print(struct outline *outline, uint32_t node, size_t max, struct output *out)
{
	scoped(outline_path_clear) struct outline_path path = OUTLINE_NOWHERE;

	out->failed |= outline_place(outline) < 0;
	for (uint32_t i = node; i < outline->node[node].end && out->length <= max && !out->failed;
	     i++) {
		add_path(outline, i, &path);
		out->failed |= path.text.failed;
		output_add(out, path.text.text, path.text.length);
		if (outline->node[i].value)
			add_value(outline->node[i].value, out);
		output_literal(out, "\n");
	}
}
