/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the crash tests, which run as root in the sandbox. */
#include "states.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "must.h"

enum { WORKERS_MAX = 8 };

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

/* One share of the states. */
static int work(const struct states *states, const struct trial *from, const char *dir,
		states_worker *worker, size_t first, size_t step, uint64_t *count)
{
	char own[PATH_MAX];
	struct trial trial;
	bool good = true;

	snprintf(own, sizeof(own), "%s/worker-%zu", dir, first);
	trial_begin_without_server(&trial, from, own);
	for (size_t i = first; good && i < states->count; i += step)
		good = worker(&trial, &states->state[i], count);
	trial_end(&trial);
	return good ? 0 : 1;
}

bool states_each(const struct states *states, const struct trial *trial, const char *dir,
		 states_worker *worker, uint64_t *count)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	size_t workers = online < 1 ? 1 : online > WORKERS_MAX ? WORKERS_MAX : (size_t)online;
	pid_t pids[WORKERS_MAX];
	uint64_t *counts = mmap(NULL, sizeof(pids) * sizeof(*counts), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool good = true;

	MUST(counts != MAP_FAILED);
	fflush(stdout);
	for (size_t i = 0; i < workers; i++) {
		pids[i] = fork();
		MUST(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(work(states, trial, dir, worker, i, workers, &counts[i]));
	}
	for (size_t i = 0; i < workers; i++) {
		int status;

		MUST(waitpid(pids[i], &status, 0) == pids[i]);
		good &= WIFEXITED(status) && WEXITSTATUS(status) == 0;
		*count += counts[i];
	}
	munmap(counts, sizeof(pids) * sizeof(*counts));
	return good;
}
