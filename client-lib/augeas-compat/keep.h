/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_KEEP_H
#define EXM_KEEP_H

/*
 * Values and labels that callers look at and never free. Augeas shows them its own tree, where a
 * value stays until its node changes, whatever happens to others; here each text is kept once,
 * for as long as it could be one of such a node.
 */

#include <stdbool.h>
#include <stddef.h>

struct kept {
	char *text; /* NULL: a free place */
	bool stays; /* a load may leave its node as it is */
};

struct keep {
	struct kept *slots; /* a hash table, at most three quarters full */
	size_t size;
	size_t used;
};

/*
 * Takes the text over and returns the one that is kept, NULL if memory is short. expr: where it
 * comes from.
 */
const char *keep_text(struct keep *keep, char *text, const char *expr);

/* The files are read anew: what came from them is gone. */
void keep_forget_files(struct keep *keep);

void keep_clear(struct keep *keep);

#endif
