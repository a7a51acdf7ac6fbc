/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFY_H
#define EXM_VERIFY_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/verdict.h"

struct node;
struct parser;

/* What can be made ready before there is the new text. */
struct verification {
	struct parser *parser;
	char *before;
	struct node *old_tree;
	bool has_before; /* and what came of reading it: 0 or -errno */
	int result;
	char *after;
	struct node *new_tree;
};

/* lens_path is colon-separated, as Augeas's. 0 or -ENOMEM; that there is no such lens is a verdict.
 */
int verify_prepare(struct verification *verification, const char *lens,
		   const char *lens_path) must_check;
void verification_clear(struct verification *verification);

/* Reads the text before, a sealed memfd; -1: there is no file yet. What is wrong is told later. */
void verify_read_before(struct verification *verification, int before);

/*
 * Compares two texts, the one before, unless it has been read, and the one after (-1: there
 * will be none), and writes the report into the memfd `result`. Once only.
 */
enum verify_verdict verify_run(struct verification *verification, int before, int after,
			       int result);

#endif
