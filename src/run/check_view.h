/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CHECK_VIEW_H
#define EXM_CHECK_VIEW_H

/*
 * The files of a commit as a check sees them, each at its own path: what is changed by a mount of
 * the new file over the old one, what is made or removed by a layer over its directory.
 */

#include <stdbool.h>

#include "common/candidates.h"
#include "run/check_place.h"

struct view_file;
struct view_directory;

struct check_view {
	struct check_place *place;
	const struct candidates *candidates;
	struct view_file *file; /* one for each candidate */
	struct view_directory *directory;
	size_t directory_count;
};

/* What was wrong, for the answer: where, and a reason, which may be NULL, or an errno. */
struct view_fault {
	const char *path;
	const char *reason;
	int error;
};

/*
 * Finds each of them, by the rules of a commit, and puts what it will be into the store, with
 * owner, mode and attributes of what is there. 0, or -1 with the fault.
 */
int view_find(struct check_view *view, struct check_place *place,
	      const struct candidates *candidates, struct view_fault *ret_fault) must_check;

/* From here on they are seen. The same. */
int view_show(struct check_view *view, struct view_fault *ret_fault) must_check;

/*
 * Are they still? If somebody has put another file at a name of the machine meanwhile, the kernel
 * has taken what was mounted over the old one away.
 */
int view_holds(const struct check_view *view, struct view_fault *ret_fault) must_check;

void view_clear(struct check_view *view);

#define scoped_view scoped(view_clear) struct check_view

#endif
