/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HANDOUT_H
#define EXM_HANDOUT_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

/*
 * The exact bytes of each file that the engine was given. A commit compares
 * with them, so that no edit of somebody else is lost.
 */
enum { HANDOUTS_MAX = 512 };

struct handout {
	char *path;
	int content;     /* sealed memfd; -1: there was no file */
	uint64_t number; /* of what was remembered, of all of them, from 1 on */
};

struct handouts {
	struct handout item[HANDOUTS_MAX];
	size_t count;
	uint64_t last; /* the number that was given last; none is given twice */
};

/* NULL if the file was not handed out. */
struct handout *handout_find(struct handouts *handouts, const char *path);

/* Remembers it in place of what was remembered; content is taken over. -E2BIG, -ENOMEM. */
int handout_set(struct handouts *handouts, const char *path, int content) must_check;

void handouts_clear(struct handouts *handouts);

#endif
