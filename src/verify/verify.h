/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFY_H
#define EXM_VERIFY_H

#include "common/cleanup.h"
#include "common/verdict.h"

struct parser;

/* What can be made ready before there is any text. */
struct verification {
	struct parser *parser;
};

/* lens_path is colon-separated, as Augeas's. 0 or -ENOMEM; that there is no such lens is a verdict.
 */
int verify_prepare(struct verification *verification, const char *lens,
		   const char *lens_path) must_check;
void verification_clear(struct verification *verification);

/*
 * Compares two texts, each a sealed memfd (before -1: there is no file yet,
 * after -1: there will be none), and writes the report into the memfd `result`. Once only.
 */
enum verify_verdict verify_run(struct verification *verification, int before, int after,
			       int result);

#endif
