/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFINE_H
#define EXM_CONFINE_H

#include "config.h"
#include "sandbox/sandbox.h"

/* The private tmpfs, and Augeas's root in it. */
#define ENGINE_STAGING RUN_DIR "/root"

/* The engine's own sandbox. 0 or -errno. */
int confine(const char *lens_path) must_check;

/* Its last layer, by itself. */
int confine_calls(void) must_check;

#endif
