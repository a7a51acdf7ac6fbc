/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. Expressions are the client's and hostile; only Augeas reads them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/selection.h"
#include "engine/tree.h"

static int print_by_augeas(augeas *aug, const char *expr, struct output *out)
{
	scoped_ptr char *text = NULL;
	scoped_file *file = NULL;
	size_t size = 0;
	int r;

	file = open_memstream(&text, &size);
	if (!file)
		return -ENOMEM;
	r = aug_print(aug, file, expr);
	if (fclose(take_ptr(file)) != 0)
		return -ENOMEM;
	if (r < 0)
		return -EINVAL;
	output_add(out, text, size);
	return 0;
}

int selection_print(struct tree *tree, const char *expr, size_t max, struct output *out)
{
	scoped_selection s = { 0 };
	int r;

	/* as aug_print(3) has it */
	if (expr[0] == '\0')
		expr = "/*";
	r = selection_below(tree, expr, &s);
	if (r == 0 && !s.outline)
		r = print_by_augeas(tree->aug, expr, out);
	for (size_t i = 0; r == 0 && s.outline && i < s.count; i++)
		outline_print(s.outline, s.node[i].node, max, out);
	return r == 0 && out->failed ? -ENOMEM : r;
}
