/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the crash tests, which run as root in the sandbox. */
#include "states.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "must.h"

enum { SHARES_MAX = 8 };

struct state *states_find(const struct states *states, uint64_t hash)
{
	for (size_t i = 0; i < states->count; i++)
		if (states->state[i].hash == hash)
			return &states->state[i];
	return NULL;
}

struct state *states_add(struct states *states, struct tree *tree, unsigned int stop)
{
	struct state *state;

	states->state = realloc(states->state, (states->count + 1) * sizeof(*states->state));
	MUST(states->state);
	state = &states->state[states->count++];
	*state = (struct state){ .hash = tree_hash(tree), .stop = stop, .tree = *tree };
	*tree = (struct tree){ 0 };
	return state;
}

void states_clear(struct states *states)
{
	for (size_t i = 0; i < states->count; i++)
		tree_clear(&states->state[i].tree);
	free(states->state);
	*states = (struct states){ 0 };
}

/* ---- shares ------------------------------------------------------------------------------ */

static int work(const char *dir, size_t first, size_t step, share_worker *worker, const void *data,
		uint64_t *count)
{
	char own[PATH_MAX];
	const struct share share = { .dir = own, .first = first, .step = step, .count = count };

	snprintf(own, sizeof(own), "%s/share-%zu", dir, first);
	return worker(data, &share) ? 0 : 1;
}

static size_t count_of_shares(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online < 1 ? 1 : online > SHARES_MAX ? SHARES_MAX : (size_t)online;
}

bool shares(const char *dir, share_worker *worker, const void *data, uint64_t *count)
{
	size_t all = count_of_shares();
	pid_t pids[SHARES_MAX];
	uint64_t *counts = mmap(NULL, SHARES_MAX * sizeof(*counts), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool good = true;

	MUST(counts != MAP_FAILED);
	MUST(mkdir(dir, 0755) == 0 || errno == EEXIST);
	fflush(stdout);
	for (size_t i = 0; i < all; i++) {
		pids[i] = fork();
		MUST(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(work(dir, i, all, worker, data, &counts[i]));
	}
	for (size_t i = 0; i < all; i++) {
		int status;

		MUST(waitpid(pids[i], &status, 0) == pids[i]);
		good &= WIFEXITED(status) && WEXITSTATUS(status) == 0;
		*count += counts[i];
	}
	munmap(counts, SHARES_MAX * sizeof(*counts));
	return good;
}

/* ---- of states --------------------------------------------------------------------------- */

struct states_work {
	const struct states *states;
	const struct trial *trial;
	states_worker *worker;
};

static bool work_on_states(const void *data, const struct share *share)
{
	const struct states_work *work = data;
	struct trial trial;
	bool good = true;

	trial_begin_without_server(&trial, work->trial, share->dir);
	for (size_t i = share->first; good && i < work->states->count; i += share->step)
		good = work->worker(&trial, &work->states->state[i], share->count);
	trial_end(&trial);
	return good;
}

bool states_each(const struct states *states, const struct trial *trial, const char *dir,
		 states_worker *worker, uint64_t *count)
{
	const struct states_work work = { states, trial, worker };

	return shares(dir, work_on_states, &work, count);
}
