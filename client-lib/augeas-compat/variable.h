/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VARIABLE_H
#define EXM_VARIABLE_H

/*
 * The nodes that variables stand for. Programs ask for them one by one, label, value and path each
 * by itself: where there are not too many they are fetched at once, and hold until the tree
 * changes.
 */

/* In a turn, as all of the interface: they are of the process, whose handles share one tree. */
void variables_forget(void);

#endif
