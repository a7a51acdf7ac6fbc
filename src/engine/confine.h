/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFINE_H
#define EXM_CONFINE_H

#include "sandbox/sandbox.h"

/*
 * The engine's own sandbox; in: layers and optional. Its directory `staging` is Augeas's root.
 * 0 or -errno, with the step that did not succeed.
 */
int confine(struct sandbox *sandbox, const char **ret_step) must_check;

/* Its last layer, by itself. */
int confine_calls(void) must_check;

#endif
