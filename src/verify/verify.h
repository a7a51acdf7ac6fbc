/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFY_H
#define EXM_VERIFY_H

#include "common/cleanup.h"
#include "common/verdict.h"

struct node;
struct parser;

/* What can be made ready before there is the new text. */
struct verification {
	struct parser *parser;
	char *before;
	struct node *old_tree;
	int before_error; /* what came of reading it: 0 or -errno */
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
 * Compares the text before, which has been read, with the one after (-1: there will be none), and
 * writes the report into the memfd `result`. Once only.
 */
enum verify_verdict verify_run(struct verification *verification, int after, int result);

#endif
