/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. The expression is the client's; what is guessed wrong costs a client that
 * does not wait for its answers a moment. */
#include "engine/quick.h"

#include <string.h>

#include "engine/engine.h"
#include "engine/method.h"

/* Labels and positions alone, below the file that was named last, where no outline is due. */
static bool is_near(const struct tree *tree, const char *expr)
{
	return tree_is_near(tree, expr) && !strchr(expr, '*') && !strstr(expr, "//") &&
	       !reads_takes_time(&tree->reads, expr);
}

bool quick_is(const struct engine *engine, const struct method *method,
	      const struct arguments *arguments)
{
	const struct tree *tree = engine->tree;
	const char *value;

	if (!(method->flags & METHOD_QUICK))
		return false;
	return !arguments->path || lookup_find(&tree->lookup, arguments->path, &value) ||
	       is_near(tree, arguments->path);
}
