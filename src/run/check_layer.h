/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CHECK_LAYER_H
#define EXM_CHECK_LAYER_H

/*
 * A directory with entries that are not there, or without some that are: an overlay whose upper
 * layer is in the store. Where there can be none (too many upon each other, a file system that
 * cannot lie below one) a directory that is made for it, in which each entry of the real one is
 * shown by a mount of its own.
 */

#include "common/candidates.h"
#include "run/check_place.h"

/*
 * An entry of it: a file in the store to be shown there, or, NULL, nothing. Its name may have
 * directories in it, which are made like this.
 */
struct layer_entry {
	const char *name; /* with the directories before it that are missing */
	const char *stored;
	const struct candidate_owner *dirs;
};

/* Over the directory at `path`, which begins with '/'; origin is that directory, without layers. */
int layer_show(struct check_place *place, const char *path, int origin,
	       const struct layer_entry *entries, size_t count) must_check;

/* The directory, to be written to; what is written is gone afterwards. */
int layer_soften(struct check_place *place, const char *path, int origin) must_check;

#endif
