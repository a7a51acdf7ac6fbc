/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_AUDIT_ROTATE_H
#define EXM_AUDIT_ROTATE_H

#include "common/cleanup.h"

/*
 * `audit` becomes `audit.1`, that one `audit.2` and so on; the oldest of
 * TRAIL_FILES_KEPT is lost. *fd is the new `audit` afterwards. For who holds the
 * lock. One that was interrupted is completed by the next. 0 or -errno.
 */
int audit_rotate(int state_fd, int *fd) must_check;

#endif
