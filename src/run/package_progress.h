/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_PROGRESS_H
#define EXM_PACKAGE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/package_verb.h"

/* Where apt is, from what it writes to its APT::Status-Fd. */
struct package_progress {
	enum package_verb verb;
	uint8_t percent;    /* of the whole call; never falls */
	const char *stage;  /* "download", "dpkg", "error" */
	const char *detail; /* points into the last line */
};

struct package_progress package_progress_begin(enum package_verb verb);

/*
 * One line of it, without its end; changed. True if there is something to tell.
 * A line that is not understood is nothing to tell.
 */
bool package_progress_line(struct package_progress *progress, char *line);

#endif
