/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Part of the crash tests. Each system call of a commit that asks something of a file system fails,
 * in each way in which a disk or a file system can fail it: once, or from then on until the answer.
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "must.h"
#include "states.h"

enum { STOPS_MAX = 20000 };

#define NEXT_TEXT "10.0.0.1 next\n"

/* What can be asked of a file system, and whether it is to change something. */
static const struct {
	long number;
	bool changes;
} asked[] = {
	{ SYS_openat, false },      { SYS_openat2, false },   { SYS_read, false },
	{ SYS_pread64, false },     { SYS_fstat, false },     { SYS_newfstatat, false },
	{ SYS_statx, false },       { SYS_fstatfs, false },   { SYS_lseek, false },
	{ SYS_flistxattr, false },  { SYS_fgetxattr, false }, { SYS_getdents64, false },
	{ SYS_write, true },        { SYS_pwrite64, true },   { SYS_ftruncate, true },
	{ SYS_fsync, true },        { SYS_fdatasync, true },  { SYS_fallocate, true },
	{ SYS_fchmod, true },       { SYS_fchown, true },     { SYS_fsetxattr, true },
	{ SYS_fremovexattr, true }, { SYS_rename, true },     { SYS_renameat, true },
	{ SYS_renameat2, true },    { SYS_unlinkat, true },   { SYS_mkdirat, true },
};

struct fault {
	int error;
	bool stays;           /* each one from then on, that can fail so */
	unsigned int at;      /* the stop before the call */
	bool is_met, is_over; /* there was such a call; the last stop was before `at` */
	bool is_failing;      /* the one that it is in */
	long number;          /* of the first call that failed */
};

/* Memory, time and talk do not fail by a disk; nor does the log. */
static bool can_fail(const struct fault *fault, const struct trace_stop *stop)
{
	bool is_descriptor = stop->number != SYS_openat && stop->number != SYS_openat2;

	if (is_descriptor && stop->argument[0] == STDERR_FILENO)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		bool changes = asked[i].changes ||
			       (asked[i].number == SYS_openat && stop->argument[2] & O_CREAT);

		if (asked[i].number == (long)stop->number)
			return changes || fault->error == EIO;
	}
	return false;
}

static enum trace_step let_fail(void *data, pid_t pid, const struct trace_stop *stop)
{
	struct fault *fault = data;
	bool here = stop->index == fault->at || (fault->stays && fault->is_met);

	fault->is_over = stop->index < fault->at;
	if (fault->is_failing) {
		fault->is_failing = false;
		trace_set_result(pid, -fault->error);
	} else if (stop->is_entry && here && can_fail(fault, stop)) {
		if (!fault->is_met)
			fault->number = (long)stop->number;
		fault->is_met = fault->is_failing = true;
		trace_skip(pid);
	}
	return TRACE_GO;
}

/* ---- what must be then ------------------------------------------------------------------- */

static bool agrees(struct trial *trial, const struct tree *tree, enum mon_outcome outcome)
{
	return tree_same(tree, outcome == OUTCOME_DONE ? &trial->new : &trial->old, trial->why,
			 sizeof(trial->why));
}

/* At once. A removal that failed leaves what it was to remove, until the next one comes. */
static bool look_at_once(struct trial *trial, const struct fault *fault, enum mon_outcome outcome)
{
	struct tree found = { 0 };
	bool good;

	if (fault->stays || fault->number == SYS_unlinkat)
		return true;
	trial_read(trial, &found);
	good = agrees(trial, &found, outcome);
	tree_clear(&found);
	return good;
}

static bool look_at_next(struct trial *trial, enum mon_outcome outcome)
{
	struct tree found = { 0 };
	struct tree_file *next;
	size_t revisions;
	bool good;

	trial_read(trial, &found);
	next = tree_find(&found, TREE_ONE, SCENE_NEXT);
	good = next && next->size == strlen(NEXT_TEXT) &&
	       memcmp(next->data, NEXT_TEXT, next->size) == 0;
	snprintf(trial->why, sizeof(trial->why), "the next one is not there");
	if (good) {
		/* not of the scene */
		next->place = TREE_STATE;
		strcpy(next->name, "audit.next");
		good = agrees(trial, &found, outcome) &&
		       tree_state_clean(&found, &revisions, trial->why, sizeof(trial->why));
	}
	if (good) {
		/* that of the next one, too */
		snprintf(trial->why, sizeof(trial->why), "revisions: %zu, before: %zu", revisions,
			 trial->revisions);
		good = revisions == trial->revisions + 1 + (outcome == OUTCOME_DONE);
	}
	tree_clear(&found);
	return good;
}

/* The same server commits something else, and nothing fails any more. */
static bool commit_next(struct trial *trial, pid_t pid, enum mon_outcome outcome)
{
	enum mon_outcome next = session_commit_more(&trial->session, pid, NEXT_TEXT);

	if (next == OUTCOME_DONE)
		return look_at_next(trial, outcome);
	snprintf(trial->why, sizeof(trial->why), "the next one has outcome %d", next);
	return false;
}

static bool recover_next(struct trial *trial, enum mon_outcome outcome)
{
	enum verdict verdict;

	if (!trial_recover(trial, &verdict))
		return false;
	snprintf(trial->why, sizeof(trial->why), "answered %d, but not what recovery makes of it",
		 outcome);
	return (verdict == VERDICT_NEW) == (outcome == OUTCOME_DONE);
}

static bool fail_once(struct trial *trial, struct fault *fault, bool by_recovery)
{
	struct commit_run run = {
		.session = &trial->session,
		.hook = let_fail,
		.data = fault,
	};
	bool good;

	tree_write(trial->ground.root_fd, &trial->base);
	session_commit(&run);
	snprintf(trial->why, sizeof(trial->why), "no answer");
	good = run.end == TRACE_LEFT;
	if (!good || !fault->is_met) {
		trace_kill(run.pid);
		return good;
	}
	good = look_at_once(trial, fault, run.outcome);
	if (good && !by_recovery)
		good = commit_next(trial, run.pid, run.outcome);
	trace_kill(run.pid);
	return good && by_recovery ? recover_next(trial, run.outcome) : good;
}

/* ---- all of them ------------------------------------------------------------------------- */

/* Who comes next is the server itself, or a recovery, by turns. */
static bool fail_at(struct trial *trial, unsigned int at, bool *ret_over, uint64_t *count)
{
	static const int numbers[] = { EIO, ENOSPC, EROFS };

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(numbers); i++) {
		struct fault fault = { .error = numbers[i / 2], .stays = i & 1, .at = at };
		bool by_recovery = (i + at / 2) & 1;

		if (!fail_once(trial, &fault, by_recovery))
			return trial_blame(trial, "%s%s at stop %u, system call %ld, then %s",
					   strerror(fault.error), fault.stays ? " on and on" : "",
					   at, fault.number,
					   by_recovery ? "recovery" : "another commit");
		*ret_over = fault.is_over;
		*count += fault.is_met;
		/* what cannot fail by an error of the disk cannot fail by the others */
		if (!fault.is_met && fault.error == EIO)
			break;
	}
	return true;
}

static bool fail_share(const void *data, const struct share *share)
{
	struct trial trial;
	bool good = true, over = false;

	trial_begin(&trial, data, TRIAL_COMMIT, share->dir);
	/* a commit begins before a call, and then each second stop is before one */
	for (unsigned int at = 2 * (unsigned int)share->first; good && !over;
	     at += 2 * (unsigned int)share->step) {
		MUST(at < STOPS_MAX);
		good = fail_at(&trial, at, &over, share->count);
	}
	trial_end(&trial);
	return good;
}

bool errors(const struct scene *scene, const char *dir)
{
	uint64_t count = 0;
	bool good = shares(dir, fail_share, scene, &count);

	printf("%s: failed in %ju ways\n", scene->name, (uintmax_t)count);
	return good;
}
