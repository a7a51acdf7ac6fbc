/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the crash tests, which run as root in the sandbox. */
#include "trial.h"

#include <stdarg.h>
#include <unistd.h>

#include "must.h"

enum { EARLIER_NAMES = 100, CONFIRM_SECONDS = 24 * 3600 };

enum trace_step trial_go(void *data, pid_t pid, const struct trace_stop *stop)
{
	(void)data;
	(void)pid;
	(void)stop;
	return TRACE_GO;
}

void trial_read(const struct trial *trial, struct tree *tree)
{
	tree_read(trial->ground.root_fd, tree);
}

/* The state directory as a commit leaves it, around the old files. */
static void take_state(struct trial *trial)
{
	struct tree found = { 0 };

	trial_read(trial, &found);
	tree_copy(&trial->old, &trial->base);
	trial->base.has_history = found.has_history;
	for (size_t i = 0; i < found.count; i++) {
		struct tree_file *file = &found.file[i];

		if (file->place < TREE_STATE)
			continue;
		trial->revisions += file->place == TREE_HISTORY;
		MUST(trial->base.count < TREE_FILES_MAX);
		trial->base.file[trial->base.count++] = *file;
		*file = (struct tree_file){ 0 };
	}
	tree_clear(&found);
	tree_write(trial->ground.root_fd, &trial->base);
}

/* The journal has an entry of the same size already, as it has in most commits. */
static void commit_before(struct trial *trial)
{
	struct commit_run run = {
		.session = &trial->session,
		.hook = trial_go,
		.names = EARLIER_NAMES,
	};

	session_commit(&run);
	if (run.end != TRACE_LEFT || run.outcome != OUTCOME_DONE)
		ground_tell(&trial->ground);
	MUST(run.end == TRACE_LEFT && run.outcome == OUTCOME_DONE);
	trace_kill(run.pid);
}

/* What is to be taken back is done, and is what was there before. */
static void commit_to_take_back(struct trial *trial)
{
	const struct message commit = {
		.type = MON_COMMIT,
		.commit = { .confirm = CONFIRM_SECONDS },
	};
	struct commit_run run = {
		.session = &trial->session,
		.hook = trial_go,
		.message = &commit,
	};
	struct tree found = { 0 };

	session_commit(&run);
	MUST(run.end == TRACE_LEFT && run.outcome == OUTCOME_DONE);
	trace_kill(run.pid);
	strcpy(trial->token, run.token);
	trial->revisions++;
	trial_read(trial, &found);
	tree_copy(&found, &trial->base);
	tree_write(trial->ground.root_fd, &trial->base);
	tree_clear(&found);
}

/* The texts of a message are elsewhere. */
static void prepare_message(struct trial *trial)
{
	trial->wanted = trial->kind == TRIAL_ROLLBACK ? VERDICT_OLD : VERDICT_NEW;
	if (trial->kind == TRIAL_ROLLBACK)
		trial->message = (struct message){
			.type = MON_CONFIRM,
			.confirm = { .verb = CONFIRM_ROLL_BACK, .token = trial->token },
		};
	else
		trial->message = (struct message){
			.type = MON_COMMIT,
			.commit = { .confirm = trial->kind == TRIAL_CONFIRM ? CONFIRM_SECONDS : 0 },
		};
}

void trial_begin(struct trial *trial, const struct scene *scene, enum trial_kind kind,
		 const char *dir)
{
	*trial = (struct trial){ .scene = scene, .kind = kind, .ground = ground_make(dir) };
	scene_trees(scene, &trial->old, &trial->new);
	tree_write(trial->ground.root_fd, &trial->old);
	trial->session = session_start(&trial->ground);
	session_stage(&trial->session, scene);
	session_stop(&trial->session);
	if (!scene->is_first)
		commit_before(trial);
	take_state(trial);
	if (kind == TRIAL_ROLLBACK)
		commit_to_take_back(trial);
	prepare_message(trial);
	trial->recovery = recovery_original(&trial->ground);
}

void trial_begin_without_server(struct trial *trial, const struct trial *from, const char *dir)
{
	*trial = (struct trial){
		.scene = from->scene,
		.kind = from->kind,
		.wanted = from->wanted,
		.ground = ground_make(dir),
	};
	tree_copy(&from->old, &trial->old);
	tree_copy(&from->new, &trial->new);
	tree_copy(&from->base, &trial->base);
	trial->revisions = from->revisions;
	trial->session.monitor = -1;
	trial->recovery = recovery_original(&trial->ground);
}

void trial_end(struct trial *trial)
{
	trace_kill(trial->recovery.pid);
	if (trial->session.monitor >= 0)
		session_end(&trial->session);
	close(trial->ground.root_fd);
	close(trial->ground.log);
	tree_clear(&trial->old);
	tree_clear(&trial->new);
	tree_clear(&trial->base);
}

static bool judge_files(struct trial *trial, const struct tree *tree, enum verdict *ret_verdict)
{
	char not_old[PATH_MAX / 4], not_new[PATH_MAX / 4];

	*ret_verdict = VERDICT_OLD;
	if (tree_same(tree, &trial->old, not_old, sizeof(not_old)))
		return true;
	*ret_verdict = VERDICT_NEW;
	if (tree_same(tree, &trial->new, not_new, sizeof(not_new)))
		return true;
	snprintf(trial->why, sizeof(trial->why), "not old: %s; not new: %s", not_old, not_new);
	return false;
}

/* What is new waits to be confirmed, and nothing that is old. */
static bool judge_pending(struct trial *trial, const struct tree *tree, enum verdict verdict)
{
	bool wanted = trial->kind != TRIAL_COMMIT && verdict == VERDICT_NEW;
	bool found = tree_find((struct tree *)(uintptr_t)tree, TREE_STATE, TREE_PENDING);

	snprintf(trial->why, sizeof(trial->why), "%s, and %s is pending",
		 verdict == VERDICT_NEW ? "new" : "old", found ? "something" : "nothing");
	return wanted == found;
}

bool trial_judge(struct trial *trial, const struct tree *tree, enum verdict *ret_verdict)
{
	size_t revisions;

	if (!tree_state_clean(tree, &revisions, trial->why, sizeof(trial->why)) ||
	    !judge_files(trial, tree, ret_verdict) || !judge_pending(trial, tree, *ret_verdict))
		return false;
	snprintf(trial->why, sizeof(trial->why), "%s, but revisions: %zu, before: %zu",
		 *ret_verdict == VERDICT_NEW ? "new" : "old", revisions, trial->revisions);
	return revisions == trial->revisions + (*ret_verdict == trial->wanted);
}

bool trial_recover(struct trial *trial, enum verdict *ret_verdict)
{
	struct tree found = { 0 };
	bool good;
	int status;

	ground_forget(&trial->ground);
	status = recovery_run(&trial->recovery, trial_go, NULL);
	if (status != 0) {
		snprintf(trial->why, sizeof(trial->why), "recovery has ended with %d", status);
		return false;
	}
	trial_read(trial, &found);
	good = trial_judge(trial, &found, ret_verdict);
	tree_clear(&found);
	return good;
}

static void drop_revision(struct trial *trial, struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		struct tree_file *file = &tree->file[i];

		if (file->place != TREE_HISTORY ||
		    tree_find(&trial->base, TREE_HISTORY, file->name))
			continue;
		free(file->data);
		free(file->attributes);
		memmove(file, file + 1, (--tree->count - i) * sizeof(*file));
		return;
	}
}

void trial_only_in_journal(struct trial *trial, struct tree *tree)
{
	struct commit_run run = { .session = &trial->session, .hook = trial_go };
	struct tree_file *journal;

	tree_write(trial->ground.root_fd, &trial->base);
	session_commit(&run);
	MUST(run.end == TRACE_LEFT && run.outcome == OUTCOME_DONE);
	trace_kill(run.pid);
	trial_read(trial, tree);
	drop_revision(trial, tree);
	journal = tree_find(tree, TREE_STATE, TREE_JOURNAL);
	MUST(journal && journal->size > TREE_PHASE_AT);
	journal->data[TREE_PHASE_AT] = TREE_PHASE_SWITCHING;
}

bool trial_blame(const struct trial *trial, const char *format, ...)
{
	va_list list;

	fprintf(stderr, "%s: ", trial->scene->name);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fprintf(stderr, ": %s\n", trial->why);
	ground_tell(&trial->ground);
	return false;
}
