/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_AUDIT_FIND_H
#define EXM_AUDIT_FIND_H

#include "monitor/audit/audit_trail.h"

/*
 * Finds out where the trail ends, and puts in order what a writer that was killed, a full disk,
 * a failure of power or somebody else has left there: fills turn->head, and
 * turn->repair with what was not as it should be. No whole record is taken away. 0 or -errno.
 */
int audit_find_end(struct audit_turn *turn) must_check;

/*
 * Writes turn->head to its file. If that fails, or half of it gets there, the
 * next turn finds the end by reading.
 */
void audit_find_note(const struct audit_turn *turn);

#endif
