/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMPAT_HANDLE_H
#define EXM_COMPAT_HANDLE_H

#include "compat.h"

/*
 * Are the edits that this program has made still there? Another one that uses the same session may
 * have begun anew. Returns false with the error set.
 */
bool handle_has_edits(struct augeas *aug);

#endif
