/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Part of the crash tests. The server is killed before and behind each system call of a commit;
 * what is found then is looked at by a recovery, by a server that starts, and by another one that
 * commits. And each recovery is killed in the same way, and done once more.
 */
#include "states.h"

#include "must.h"

enum { STOPS_MAX = 20000 };

/* Kills at the stop of that number. */
static enum trace_step kill_at(void *data, pid_t pid, const struct trace_stop *stop)
{
	const unsigned int *number = data;

	(void)pid;
	return stop->index == *number ? TRACE_KILL : TRACE_GO;
}

/* ---- the commit ---------------------------------------------------------------------------- */

/* False if it was not as it should be. ret_over: the answer came before that stop. */
static bool kill_commit(struct trial *trial, unsigned int number, struct states *states,
			bool *ret_over)
{
	struct commit_run run = {
		.session = &trial->session,
		.hook = kill_at,
		.data = &number,
		.message = &trial->message,
	};
	struct tree found = { 0 };
	struct state *state;
	enum verdict verdict;
	bool good;

	tree_write(trial->ground.root_fd, &trial->base);
	session_commit(&run);
	MUST(run.end == TRACE_KILLED || run.end == TRACE_LEFT);
	*ret_over = run.end == TRACE_LEFT;
	if (*ret_over)
		trace_kill(run.pid);
	trial_read(trial, &found);
	state = states_find(states, tree_hash(&found));
	good = trial_recover(trial, &verdict);
	if (!good)
		return trial_blame(trial, "killed at stop %u of the commit", number);
	if (!state) {
		state = states_add(states, &found, number);
		state->verdict = verdict;
	}
	tree_clear(&found);
	if (state->verdict == verdict && (!run.is_answered || verdict == trial->wanted))
		return true;
	snprintf(trial->why, sizeof(trial->why), "%s",
		 run.is_answered ? "what was answered is not there" : "once this and once that");
	return trial_blame(trial, "killed at stop %u of the commit", number);
}

static bool kill_each_commit(struct trial *trial, struct states *states, uint64_t *count)
{
	bool over = false;

	for (unsigned int number = 0; !over; number++) {
		MUST(number < STOPS_MAX);
		if (!kill_commit(trial, number, states, &over))
			return false;
		*count += !over;
	}
	return true;
}

/* No kill leaves the old files in the journal alone, but a rollback that is killed does. */
static void add_rollback(struct trial *trial, struct states *states)
{
	struct tree tree = { 0 };

	trial_only_in_journal(trial, &tree);
	states_add(states, &tree, STOPS_MAX)->verdict = VERDICT_OLD;
}

/* ---- whoever comes next -------------------------------------------------------------------- */

/* Another server, which was there all the time, commits the same: now it can, or it is too late. */
static bool commit_over(struct trial *trial, const struct state *state)
{
	struct commit_run run = {
		.session = &trial->session,
		.hook = trial_go,
		.message = &trial->message,
	};
	struct tree found = { 0 };
	enum verdict verdict;
	bool good;

	tree_write(trial->ground.root_fd, &state->tree);
	session_commit(&run);
	trace_kill(run.pid);
	trial_read(trial, &found);
	good = trial_judge(trial, &found, &verdict);
	if (good && verdict != VERDICT_NEW) {
		snprintf(trial->why, sizeof(trial->why), "it is old");
		good = false;
	}
	if (good &&
	    run.outcome != (state->verdict == VERDICT_NEW ? OUTCOME_CONFLICT : OUTCOME_DONE)) {
		snprintf(trial->why, sizeof(trial->why), "outcome %d", run.outcome);
		good = false;
	}
	tree_clear(&found);
	return good || trial_blame(trial, "killed at stop %u, and then another server commits",
				   state->stop);
}

/* Before its first client. */
static bool start_over(struct trial *trial, const struct state *state)
{
	struct tree found = { 0 };
	struct session session;
	enum verdict verdict;
	bool good;

	tree_write(trial->ground.root_fd, &state->tree);
	session = session_start(&trial->ground);
	trial_read(trial, &found);
	session_end(&session);
	good = trial_judge(trial, &found, &verdict);
	if (good && verdict != state->verdict) {
		snprintf(trial->why, sizeof(trial->why), "not what --recover makes of it");
		good = false;
	}
	tree_clear(&found);
	return good ||
	       trial_blame(trial, "killed at stop %u, and then a server starts", state->stop);
}

static bool others_come(struct trial *trial, const struct states *states)
{
	for (size_t i = 0; i < states->count; i++) {
		/* what is taken back is so by whoever starts, and nobody is asked for it again */
		if (trial->kind != TRIAL_ROLLBACK && !commit_over(trial, &states->state[i]))
			return false;
		if (!start_over(trial, &states->state[i]))
			return false;
	}
	return true;
}

/* ---- the recovery -------------------------------------------------------------------------- */

static bool recover_again(struct trial *trial, const struct state *state, unsigned int number)
{
	enum verdict verdict;
	bool good = trial_recover(trial, &verdict);

	if (good && verdict != state->verdict) {
		snprintf(trial->why, sizeof(trial->why), "not what it is without a second kill");
		good = false;
	}
	return good || trial_blame(trial, "killed at stop %u, and at stop %u of the recovery",
				   state->stop, number);
}

static bool kill_each_recovery(struct trial *trial, const struct state *state, uint64_t *count)
{
	struct states seen = { 0 };
	bool good = true, over = false;

	for (unsigned int number = 0; good && !over; number++) {
		struct tree found = { 0 };

		MUST(number < STOPS_MAX);
		tree_write(trial->ground.root_fd, &state->tree);
		over = recovery_run(&trial->recovery, kill_at, &number) >= 0;
		*count += !over;
		trial_read(trial, &found);
		if (!states_find(&seen, tree_hash(&found))) {
			(void)states_add(&seen, &found, number);
			good = recover_again(trial, state, number);
		}
		tree_clear(&found);
	}
	states_clear(&seen);
	return good;
}

static bool kill_all(const struct scene *scene, enum trial_kind kind, const char *dir)
{
	struct states states = { 0 };
	uint64_t commits = 0, recoveries = 0;
	struct trial trial;
	bool good;

	trial_begin(&trial, scene, kind, dir);
	good = kill_each_commit(&trial, &states, &commits);
	if (good && kind == TRIAL_COMMIT)
		add_rollback(&trial, &states);
	good = good && others_come(&trial, &states) &&
	       states_each(&states, &trial, dir, kill_each_recovery, &recoveries);
	printf("%s: killed at %ju stops of the commit, which left %zu states, and at %ju stops of "
	       "their recovery\n",
	       scene->name, (uintmax_t)commits, states.count, (uintmax_t)recoveries);
	trial_end(&trial);
	states_clear(&states);
	return good;
}

bool kills(const struct scene *scene, const char *dir)
{
	return kill_all(scene, TRIAL_COMMIT, dir);
}

bool kills_confirm(const struct scene *scene, const char *dir)
{
	return kill_all(scene, TRIAL_CONFIRM, dir);
}

bool kills_rollback(const struct scene *scene, const char *dir)
{
	return kill_all(scene, TRIAL_ROLLBACK, dir);
}
