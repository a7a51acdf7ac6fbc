/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REBASE_H
#define EXM_REBASE_H

/*
 * Two sides have changed the same file. What the one did is done again on the
 * text of the other, if that is possible without a guess.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/report.h"

/* Sealed memfds; -1: there is no such file. None is closed or kept. */
struct rebase_texts {
	const char *lens;
	const char *lens_path; /* colon-separated, as Augeas's */
	int base;              /* what both began with */
	int ours, theirs;      /* what each has made of it */
};

enum rebase_outcome {
	REBASE_DONE,
	REBASE_TOUCHES,    /* there are nodes that both touch */
	REBASE_UNREADABLE, /* one of the texts is not what the lens describes */
	/* the lens can't write it, or what it writes is not exactly what both did */
	REBASE_UNSURE,
};

/* A node that both sides touch, and what each did to it. */
struct rebase_touch {
	/* canonical, below the file: in the base, or, where it is new, in ours; "": the file */
	char *node;
	enum change_action ours, theirs;
};

enum { REBASE_TOUCHES_MAX = 100 };

struct rebase {
	enum rebase_outcome outcome;
	int merged; /* REBASE_DONE: a sealed memfd; -1: there shall be no such file */
	struct rebase_touch touch[REBASE_TOUCHES_MAX];
	size_t count;
	bool more; /* there are more than are listed */
};

/*
 * Two sides touch the same node if both change its value, make it or take it away, each
 * differently; if one takes away or moves what the other changes, or something above it;
 * and if both put something else in the place of the same node. What both did alike counts
 * once. Both may add entries at the same place: theirs come first, ours behind them; unless it
 * could be the same entry twice: one of a label that there is once, or one that has
 * half of its nodes in common with the other.
 *
 * A result is given only if the lens reads it, if what it changes in theirs is what we
 * changed in the base, and what it changes in ours what they did. Layout is theirs.
 * 0 with the outcome; -ENOMEM, -ENOENT if there is no such lens, or another -errno.
 */
int rebase_merge(const struct rebase_texts *texts, struct rebase *ret_rebase) must_check;
void rebase_clear(struct rebase *rebase);

#define scoped_rebase scoped(rebase_clear) struct rebase

#endif
