/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SPLICE_CHECK_H
#define EXM_SPLICE_CHECK_H

#include "engine/outline.h"

/*
 * Is what a text was read as the tree that was wanted? The labels of a list that is counted, 1, 2,
 * 3 ... as it was read, may be any numbers as it was wanted: the lens counts anew with each text.
 * 1, 0, or -ENOMEM.
 */
int splice_check(const struct outline *read, const struct outline *wanted) must_check;

#endif
