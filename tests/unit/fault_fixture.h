/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_FAULT_FIXTURE_H
#define EXM_FAULT_FIXTURE_H

/*
 * For the tests of what is done when the system refuses: one call of it fails, in programs that
 * are linked with $(fault_wraps).
 */
#include "unit.h"

/* The nth call from now on that may fail does, from 1; 0: none. */
void fault_arm(unsigned int nth);

/* From now on none does. Did one? */
bool fault_disarm(void);

/* Which was the last that did. */
const char *fault_name(void);

#endif
