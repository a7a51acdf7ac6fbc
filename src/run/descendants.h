/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUN_DESCENDANTS_H
#define EXM_RUN_DESCENDANTS_H

/*
 * All processes below this one. It has to be a subreaper (prctl(2)): then one
 * whose parent dies, in whatever session it is, becomes our child.
 */

/*
 * Sends a signal to each, by a descriptor of the process and after another look at
 * its parent, so that a number that was used anew hits nobody. proc_fd is
 * /proc. The number of those reached, or -errno.
 */
int descendants_signal(int proc_fd, int number);

#endif
