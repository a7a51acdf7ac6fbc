/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REBASE_EDIT_H
#define EXM_REBASE_EDIT_H

#include "verify/node.h"
#include "verify/parse.h"

/*
 * Does on their text what ours is to the base, where nothing is touched by both. The text is new.
 * 0, -EBADMSG if the lens cannot write that, -ENOMEM.
 */
int rebase_edit(struct parser *parser, const char *their_text, const struct node *base,
		const struct node *ours, const struct node *theirs, char **ret_text) must_check;

#endif
