/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine, on the client's text. Looks at each byte a bounded number of times. */
#include "engine/path_expr.h"

#include <stdio.h>
#include <string.h>

#define LABEL_END "/[]|()=!<>,*'\"$+- \t\n"

bool path_expr_may_leave(const char *expr)
{
	char before = '/';
	int depth = 0;

	for (const char *p = expr; *p; p++) {
		if (*p == '\\' && p[1]) {
			before = *++p;
			continue;
		}
		if (*p == '|' || *p == '$' || (p[0] == ':' && p[1] == ':') ||
		    (p[0] == '.' && p[1] == '.'))
			return true;
		if (p[0] == '.' && before == '/')
			return true;
		if (*p == '/' && depth > 0 && strchr("[(=<>!,+-*|&", before))
			return true;
		if (depth == 0 && strchr(" \t\n()", *p))
			return true;
		if (*p == '[')
			depth++;
		else if (*p == ']')
			depth--;
		if (!strchr(" \t\n", *p))
			before = *p;
	}
	return false;
}

/* Copies one label without its escapes; returns the byte after it. */
static const char *copy_label(const char *p, char *out, size_t *used)
{
	out[(*used)++] = '/';
	while (*p && !strchr(LABEL_END, *p)) {
		if (*p == '\\' && p[1])
			p++;
		out[(*used)++] = *p++;
	}
	/* a hyphen or plus within a label is part of it */
	while (*p == '-' || *p == '+') {
		while (*p && (*p == '-' || *p == '+' || !strchr(LABEL_END, *p))) {
			if (*p == '\\' && p[1])
				p++;
			out[(*used)++] = *p++;
		}
	}
	return p;
}

char *path_expr_prefix(const char *expr, const char *context)
{
	scoped_ptr char *whole = NULL, *prefix = NULL;
	size_t used = 0;
	const char *p;

	if (expr[0] == '/')
		whole = strdup(expr);
	else if (asprintf(&whole, "%s/%s", context, expr) < 0)
		whole = NULL;
	prefix = whole ? malloc(strlen(whole) + 2) : NULL;
	if (!prefix)
		return NULL;
	prefix[0] = '\0';
	if (strncmp(whole, "/files", 6) != 0 || (whole[6] != '/' && whole[6] != '\0'))
		return take_ptr(prefix);
	if (path_expr_may_leave(whole))
		return take_ptr(prefix);
	for (p = whole + 6; p[0] == '/' && p[1] && !strchr(LABEL_END, p[1]);) {
		size_t start = used;

		p = copy_label(p + 1, prefix, &used);
		/* "a*" is no label but a label and something else */
		if (*p != '/' && *p != '[' && *p != '\0') {
			used = start;
			break;
		}
		if (*p == '[')
			break;
	}
	prefix[used] = '\0';
	return take_ptr(prefix);
}

size_t path_expr_parent(const char *expr)
{
	size_t last = 0;
	int depth = 0;
	char quote = 0;

	for (size_t i = 0; expr[i]; i++) {
		char c = expr[i];

		if (c == '\\' && expr[i + 1]) {
			i++;
		} else if (quote) {
			if (c == quote)
				quote = 0;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '[' || c == '(') {
			depth++;
		} else if (c == ']' || c == ')') {
			depth--;
		} else if (c == '/' && depth == 0) {
			last = i;
		}
	}
	return last;
}

static bool is_axis(const char *label)
{
	static const char *const axes[] = {
		"self::",   "child::",    "seq::",  "descendant::",        "descendant-or-self::",
		"parent::", "ancestor::", "root::", "preceding-sibling::", "following-sibling::",
	};

	for (size_t i = 0; i < ARRAY_SIZE(axes); i++)
		if (strncmp(label, axes[i], strlen(axes[i])) == 0)
			return true;
	return false;
}

/* Of one label, as it is written. */
static bool selects(const char *label)
{
	size_t dots = strspn(label, ".");

	return *label == '$' || is_axis(label) ||
	       ((dots == 1 || dots == 2) && strchr("/[", label[dots]));
}

const char *path_expr_looks_around(const char *path)
{
	if (*path != '/' && selects(path))
		return path;
	for (const char *p = path; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '*')
			return p;
		else if (*p == '/' && selects(p + 1))
			return p + 1;
	}
	return NULL;
}

bool path_is_below(const char *below, const char *above)
{
	size_t length = strlen(above);

	return strncmp(below, above, length) == 0 &&
	       (below[length] == '\0' || below[length] == '/');
}
