/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SANDBOX_H
#define EXM_SANDBOX_H

#include "common/cleanup.h"
#include "config.h"

/*
 * What the engine gives up by itself, on top of what the monitor took before
 * exec (monitor/engine_start.c). One file a mechanism.
 */

/* The private tmpfs, and Augeas's root in it. */
#define SANDBOX_STAGING RUN_DIR "/root"

/* As EXIT_SANDBOX of the monitor: the sandbox could not be built, so nothing was started. */
enum { SANDBOX_EXIT_STATUS = 122 };

/* Enters all layers, or fails: 0 or -errno. lens_path is as Augeas's, colon-separated. */
int sandbox_enter(const char *lens_path) must_check;

/* The layers that hold, by name, up to a NULL. */
const char *const *sandbox_describe(void);

/* Of the file system only these remain: staging for everything, the lens directories for reading.
 */
int sandbox_landlock(const char *staging, const char *lens_path) must_check;
int sandbox_seccomp(void) must_check;

#endif
