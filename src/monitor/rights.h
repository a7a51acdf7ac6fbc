/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RIGHTS_H
#define EXM_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/layer.h"
#include "common/policy.h"

/*
 * What the monitor itself may still do once it serves: computed from the policy, so that a
 * monitor that was taken over can do no more than that either. Capabilities, and the
 * directories below which it may change anything (landlock(7)); all can be read.
 */
struct rights_directory {
	char *path;      /* absolute */
	bool in_root;    /* below the root directory, over no link; else the system's own */
	uint64_t access; /* LANDLOCK_ACCESS_FS_... */
};

enum { RIGHTS_DIRECTORIES_MAX = POLICY_FILES_MAX + 8 };

struct rights {
	uint64_t capabilities; /* 1 << CAP_... */
	struct rights_directory *directory;
	size_t count;
};

/* What the command line adds to the policy. */
struct rights_wanted {
	const struct policy *policy;
	int root_fd;
	const char *state;       /* the state directory, below the root */
	const char *listen_path; /* --listen, or NULL */
	const char *pidfile;     /* or NULL */
	bool secret_file;        /* the secret is read from a file that may be the client's */
};

/*
 * A directory that is not there yet stands for the nearest one above it that is. 0, -ENOMEM, or
 * -errno if one cannot be looked at.
 */
int rights_compute(const struct rights_wanted *wanted, struct rights *ret_rights) must_check;
void rights_clear(struct rights *rights);

/*
 * Gives up everything else, for good, and sets no_new_privs; after it no other program can be
 * executed. ret_layers: those of MONITOR_LAYERS that hold; without Landlock in the kernel it
 * fails unless that layer is optional. 0 or -errno, with the step.
 */
int rights_enter(const struct rights *rights, int root_fd, uint32_t optional, uint32_t *ret_layers,
		 const char **ret_step) must_check;

/* Do these rights, once entered, cover what others would take? NULL, or what is missing. */
const char *rights_missing(const struct rights *held, const struct rights *wanted);

#endif
