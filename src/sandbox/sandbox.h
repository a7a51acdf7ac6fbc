/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SANDBOX_H
#define EXM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#include "common/cleanup.h"
#include "common/layer.h"

/*
 * What a process that reads hostile text gives up by itself, on top of what was taken from it
 * before exec (monitor/starter/confined.c). One file a mechanism.
 */
struct sandbox {
	uint32_t layers;       /* in: those that hold already; out: all that hold */
	uint32_t optional;     /* those that may be missing */
	bool stages;           /* has a directory of its own to write in */
	char *staging;         /* out: that directory, which is entered */
	const char *lens_path; /* as Augeas's, colon-separated: may be read */
	const int *calls;      /* the system calls that remain */
	size_t call_count;
	rlim_t memory, descriptors, file_size; /* bytes, number, bytes */
};

/* As EXIT_SANDBOX of the monitor: the sandbox could not be built, so nothing was started. */
enum { SANDBOX_EXIT_STATUS = 122 };

/* The two sets of layers, as confined.c writes them on the command line. 0 or -EINVAL. */
int sandbox_arguments(const char *layers, const char *optional,
		      struct sandbox *ret_sandbox) must_check;

/* Enters all layers, or fails: 0 or -errno, with the step that did not succeed. */
int sandbox_enter(struct sandbox *sandbox, const char **ret_step) must_check;

/* The layers, each by itself. */

/* The working directory becomes the root. Takes CAP_SYS_CHROOT. */
int sandbox_root(void) must_check;
/* Gives up the last capabilities, and looks whether none is left in any set, and no way back. */
int sandbox_capabilities(void) must_check;
/*
 * A new directory below `base`, entered and locked; those that others of the same user have
 * left there are removed.
 */
int sandbox_staging(const char *base, char **ret_staging) must_check;
int sandbox_landlock(const char *staging, const char *lens_path) must_check;
int sandbox_seccomp(const int *calls, size_t count) must_check;

#endif
