/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REBASE_TOUCH_H
#define EXM_REBASE_TOUCH_H

#include "engine/rebase.h"
#include "verify/node.h"

/* Lists the nodes that both sides touch (rebase.h). 0 or -ENOMEM, -E2BIG for too long a path. */
int rebase_find_touches(const struct node *base, const struct node *ours, const struct node *theirs,
			struct rebase *rebase) must_check;

#endif
