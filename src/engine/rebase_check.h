/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REBASE_CHECK_H
#define EXM_REBASE_CHECK_H

#include "verify/node.h"

/*
 * Is what makes merged of theirs just what made ours of the base, and what makes it of ours what
 * made theirs, but for what both did alike? By the verifier's own lists of changes. 1, 0, -ENOMEM.
 */
int rebase_check(const struct node *base, const struct node *ours, const struct node *theirs,
		 const struct node *merged) must_check;

#endif
