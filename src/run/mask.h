/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUN_MASK_H
#define EXM_RUN_MASK_H

/* Takes secrets out of what a program printed. */

#include <stddef.h>

#include "run/tail.h"

#define MASK_TEXT "(secret)"

/*
 * Each of the texts becomes MASK_TEXT wherever it stands, and so does each longer word of one. A
 * text of a few bytes only counts where no letter or digit is beside it. If there was more output
 * than was kept, what may be the end of a secret goes from its beginning.
 */
void mask_tail(struct tail *tail, const char *const *secrets, size_t count);

#endif
