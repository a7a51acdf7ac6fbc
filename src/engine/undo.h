/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_UNDO_H
#define EXM_UNDO_H

#include "engine/tree.h"

/*
 * Several edits below one node that are all made or none: the node is copied before the first of
 * them, and what is below it, and its value, put back if one is refused. A node that
 * was made for them goes again.
 */
struct undo {
	augeas *aug;
	char *node; /* to be put back; or NULL */
	char *made; /* to be removed; or NULL */
};

/* The node is there. 0 or -1 with the call answered. */
int undo_begin(struct call *call, const char *canonical, struct undo *ret_undo) must_check;
/* The node was made just now; `made` is the topmost one that was, and taken over. */
void undo_begin_made(struct call *call, char *made, struct undo *ret_undo);

/* Puts everything back. Without the memory for that the engine ends, and its edits with it. */
void undo_restore(const struct undo *undo);
/* Forgets how it was. */
void undo_end(struct undo *undo);

#define scoped_undo scoped(undo_end) struct undo

#endif
