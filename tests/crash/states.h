/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CRASH_STATES_H
#define EXM_CRASH_STATES_H

/* What was found on disk, each once. */
#include "trial.h"

struct state {
	uint64_t hash;
	unsigned int stop; /* the first at which it was found */
	struct tree tree;
	enum verdict verdict; /* what recovery makes of it */
};

struct states {
	struct state *state;
	size_t count;
};

struct state *states_find(const struct states *states, uint64_t hash);

/* Takes the tree over. */
struct state *states_add(struct states *states, struct tree *tree, unsigned int stop);
void states_clear(struct states *states);

/* One share of something, done in a process of its own: false if it was not as it should be. */
struct share {
	const char *dir; /* nothing is there yet */
	size_t first, step;
	uint64_t *count;
};

typedef bool share_worker(const void *data, const struct share *share);

/* As many shares as there are processors; adds up what they have counted. */
bool shares(const char *dir, share_worker *worker, const void *data, uint64_t *count);

/* Each state with a trial of the worker's own. */
typedef bool states_worker(struct trial *trial, const struct state *state, uint64_t *count);

bool states_each(const struct states *states, const struct trial *trial, const char *dir,
		 states_worker *worker, uint64_t *count);

#endif
