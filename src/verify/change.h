/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFY_CHANGE_H
#define EXM_VERIFY_CHANGE_H

#include "common/report.h"
#include "verify/node.h"

/*
 * Everything that makes the new tree another one than the old: one row for each node
 * that is gone, that is new, or whose value is another, in the order of the
 * file. Paths are the old tree's for what is gone, the new tree's else. 0,
 * -ENOMEM, -E2BIG for more than a report holds or a path that is too long.
 */
int change_list(const struct node *before, const struct node *after,
		struct report *report) must_check;

#endif
