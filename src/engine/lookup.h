/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LOOKUP_H
#define EXM_LOOKUP_H

#include <stdbool.h>

/*
 * What expressions named when they were read last. Most of the time of a warm
 * read goes into parsing the expression again, and panels ask the same things
 * over and over. The values are Augeas's own and live as long as the tree
 * does not change; whatever may change it must call tree_changed() first.
 */
enum { LOOKUP_SLOTS = 256, LOOKUP_EXPR_MAX = 256 };

struct lookup {
	struct {
		char *expr; /* NULL: free */
		const char *value;
	} slot[LOOKUP_SLOTS];
	bool used;
};

bool lookup_find(const struct lookup *lookup, const char *expr, const char **ret_value);
void lookup_remember(struct lookup *lookup, const char *expr, const char *value);
void lookup_forget(struct lookup *lookup);

#endif
