/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFLICT_H
#define EXM_CONFLICT_H

#include "engine/dirty.h"

/* Files that somebody else has changed since they were handed out. */

/* CONFLICT, with both sides. theirs: a memfd, -1: the file is gone. Returns -1. */
int conflict_answer(struct call *call, const struct dirty *dirty, int theirs);

/*
 * Is there no file of which the monitor has handed out more than what our tree is based on, by a
 * rebase that came to nothing? 0, or -1 with the call answered CONFLICT.
 */
int conflict_check(struct call *call, const struct dirty_list *list) must_check;

/*
 * Has all files handed out anew, and does our edits again on those that are others now: their
 * content is the merged one then, the tree stays as it was. Files of which nothing is left to write
 * are put behind list->count. 0, or -1 with the call answered, CONFLICT with the nodes that both
 * sides touch.
 */
int conflict_rebase(struct call *call, struct dirty_list *list) must_check;

/* The names of the files whose content is a merged one. */
struct json_object *conflict_rebased(const struct dirty_list *list);

#endif
