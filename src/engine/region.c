/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. Paths are what Augeas found, expressions are the client's; touches nothing.
 */
#include "engine/region.h"

#include <string.h>

#include "engine/path_expr.h"

/* Below /augeas. */
static const char *const clients[] = { "load", "events", "error", "text" };

/* Below /augeas too, and there without a file; "files" is not. */
static const char *const servers[] = { "context", "save",      "span", "root",
				       "version", "variables", "pathx" };

static bool is_among(const char *label, size_t length, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == length && strncmp(list[i], label, length) == 0)
			return true;
	return false;
}

static bool is_label(const struct node_path *node, size_t at, const char *label)
{
	return node->depth > at && strcmp(node->label[at], label) == 0;
}

enum region region_of(const struct node_path *node)
{
	if (node->depth == 0)
		return REGION_SERVER;
	if (is_label(node, 0, "files"))
		return REGION_FILES;
	if (!is_label(node, 0, "augeas"))
		return REGION_CLIENT;
	if (node->depth == 1)
		return REGION_SERVER;
	return is_among(node->label[1], strlen(node->label[1]), clients, ARRAY_SIZE(clients))
		       ? REGION_CLIENT
		       : REGION_SERVER;
}

bool region_is_load(const struct node_path *node)
{
	return is_label(node, 0, "augeas") && is_label(node, 1, "load");
}

static size_t plain_length(const char *label)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_";

	return strspn(label, plain);
}

bool region_needs_no_file(const char *expr)
{
	const char *first = expr + 1, *second;
	size_t length;

	if (expr[0] != '/' || path_expr_may_leave(expr))
		return false;
	length = plain_length(first);
	if (length == 0 || (first[length] && !strchr("/[", first[length])))
		return false;
	if (length != 6 || strncmp(first, "augeas", length) != 0)
		return length != 5 || strncmp(first, "files", length) != 0;
	if (first[length] != '/')
		return false;
	second = first + length + 1;
	length = plain_length(second);
	if (second[length] && !strchr("/[", second[length]))
		return false;
	return is_among(second, length, clients, ARRAY_SIZE(clients)) ||
	       is_among(second, length, servers, ARRAY_SIZE(servers));
}
