/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SANDBOX_H
#define EXM_SANDBOX_H

#include <stddef.h>
#include <sys/resource.h>

#include "common/cleanup.h"

/*
 * What a process that reads hostile text gives up by itself, on top of what the
 * monitor took before exec (monitor/engine_start.c). One file a mechanism.
 */
struct sandbox {
	const char *staging;   /* is made, entered, and the one place to write; NULL: none */
	const char *lens_path; /* as Augeas's, colon-separated: may be read */
	const int *calls;      /* the system calls that remain */
	size_t call_count;
	rlim_t memory, descriptors, file_size; /* bytes, number, bytes */
};

/* As EXIT_SANDBOX of the monitor: the sandbox could not be built, so nothing was started. */
enum { SANDBOX_EXIT_STATUS = 122 };

/* Enters all layers, or fails: 0 or -errno. */
int sandbox_enter(const struct sandbox *sandbox) must_check;

/* The layers that hold after sandbox_enter(), by name, up to a NULL. */
const char *const *sandbox_describe(void);

/* The layers. */
int sandbox_landlock(const char *staging, const char *lens_path) must_check;
int sandbox_seccomp(const int *calls, size_t count) must_check;

#endif
