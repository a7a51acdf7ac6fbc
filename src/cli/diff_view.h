/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_DIFF_VIEW_H
#define EXM_DIFF_VIEW_H

#include <stdbool.h>

/* May colours go to standard output? Only to a terminal that has some, and not with NO_COLOR. */
bool diff_has_colours(void);

/*
 * A unified diff on standard output. At a terminal in colours, and without what a terminal would
 * obey; else byte for byte, for patch(1).
 */
void diff_print(const char *diff);

#endif
