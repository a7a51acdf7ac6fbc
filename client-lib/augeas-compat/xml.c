/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: a tree as libxml2 has it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"

static const xmlChar *chars(const char *text)
{
	return (const xmlChar *)text;
}

/* path: of one that the expression names; NULL: it is below such a one. */
static xmlNode *add(xmlNode *above, const struct exm_dump_node *from, const char *path)
{
	xmlNode *node = xmlNewChild(above, NULL, chars("node"), NULL);

	if (!node || !xmlSetProp(node, chars("label"), chars(from->label)))
		return NULL;
	if (path && !xmlSetProp(node, chars("path"), chars(path)))
		return NULL;
	if (from->value && !xmlNewTextChild(node, NULL, chars("value"), chars(from->value)))
		return NULL;
	return node;
}

/* Rows are in the order of the tree: what is below a node follows it. */
static int add_all(xmlNode *top, struct exm_dump_node *const *rows, char *const *paths)
{
	xmlNode *last = top;
	int depth = -1;

	for (; *rows; rows++) {
		if ((*rows)->depth > depth + 1 || ((*rows)->depth == 0 && !*paths))
			return -EBADMSG;
		for (; depth >= (*rows)->depth; depth--)
			last = last->parent;
		last = add(last, *rows, (*rows)->depth == 0 ? *paths++ : NULL);
		if (!last)
			return -ENOMEM;
		depth++;
	}
	return 0;
}

static int build(const char *expr, struct exm_dump_node *const *rows, char *const *paths,
		 xmlNode **ret_top)
{
	xmlNode *top = xmlNewNode(NULL, chars("augeas"));
	int r = top && xmlSetProp(top, chars("match"), chars(expr)) ? 0 : -ENOMEM;

	if (r == 0 && rows)
		r = add_all(top, rows, paths);
	if (r < 0)
		xmlFreeNode(top);
	else
		*ret_top = top;
	return r;
}

int aug_to_xml(const augeas *aug, const char *path, xmlNode **xmldoc, unsigned int flags)
{
	TURN(handle, aug);
	const char *expr = path && *path && strcmp(path, "/") != 0 ? path : "/*";
	scoped_ptr struct exm_dump_node **rows = NULL;
	scoped_ptr char **paths = NULL;
	int r;

	if (flags != 0 || !xmldoc)
		return error_set(handle, AUG_EBADARG, "aug_to_xml: %s",
				 flags != 0 ? "FLAGS must be 0" : "XMLDOC must be non-NULL");
	*xmldoc = NULL;
	r = exm_match(handle->exm, expr, &paths);
	if (r >= 0)
		r = exm_dump(handle->exm, expr, &rows);
	if (r >= 0 || error_is_nothing(handle, r))
		r = build(expr, rows, paths, xmldoc);
	return done_of(handle, r, expr);
}
