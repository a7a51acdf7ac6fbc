/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ENSURE_H
#define EXM_ENSURE_H

#include "engine/edit.h"
#include "engine/wanted.h"

/* Nodes as they are wanted: looked at, and made so. `node` is a canonical path. */

/* Are all of them as wanted? WANTED_ONE means one of several here if `any`. 1, 0 or -1: answered.
 */
int ensure_holds(struct call *call, const char *node, const struct wanted *wanted,
		 bool any) must_check;

/* Makes them so, in the order in which they are wanted. 0, or -1 with the call answered. */
int ensure_make(struct call *call, const char *node, const struct wanted *wanted) must_check;

/*
 * One more node that the expression names, behind those that it names already: their label, or the
 * next number where it ends with "*". 0 with it, or -1 with the call answered.
 */
int ensure_one_more(struct call *call, const char *expr, const struct nodes *there,
		    const char *value, struct creation *ret_creation) must_check;

#endif
