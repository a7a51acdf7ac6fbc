/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Part of the crash tests. The power fails behind each thing that a commit does to files, and what
 * was not brought to disk by then is there or not, piece by piece (disk.h). What is found then is
 * looked at by a recovery. In it the power fails once more, in the same ways.
 */
#include "disk.h"

#include <poll.h>
#include <sys/syscall.h>

#include "common/cleanup.h"
#include "must.h"
#include "states.h"

enum {
	ALL_UP_TO = 10, /* pieces, of which all choices are tried */
	SINGLES = 32,   /* else: choices of a kind, and those by chance */
	CHANCES = 96,
};

/* ---- choices -----------------------------------------------------------------------------------
 */

/* One trial of what is on disk: false ends it. */
typedef bool choice_taker(void *data, const bool *is_on_disk, size_t count);

static bool try_all(size_t count, choice_taker *take, void *data)
{
	bool on[ALL_UP_TO];

	for (unsigned int choice = 0; choice < 1u << count; choice++) {
		for (size_t i = 0; i < count; i++)
			on[i] = choice >> i & 1;
		if (!take(data, on, count))
			return false;
	}
	return true;
}

enum pattern { UP_TO, FROM, BUT_ONE, ONE, PATTERN_MAX };

static bool is_chosen(enum pattern pattern, size_t i, size_t at)
{
	switch (pattern) {
	case UP_TO:
		return i < at;
	case FROM:
		return i >= at;
	case BUT_ONE:
		return i != at;
	default:
		return i == at;
	}
}

static bool try_patterns(bool *on, size_t count, choice_taker *take, void *data)
{
	size_t step = count / SINGLES + 1;

	for (enum pattern pattern = 0; pattern < PATTERN_MAX; pattern++)
		for (size_t at = 0; at <= count; at += step) {
			for (size_t i = 0; i < count; i++)
				on[i] = is_chosen(pattern, i, at);
			if (!take(data, on, count))
				return false;
		}
	return true;
}

/* The same ones each time. */
static bool try_chances(bool *on, size_t count, choice_taker *take, void *data)
{
	uint64_t seed = count * UINT64_C(2654435769) + 1;

	for (unsigned int n = 0; n < CHANCES; n++) {
		for (size_t i = 0; i < count; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			/* few of them, or most */
			on[i] = (seed >> 32) % 8 <= n % 8;
		}
		if (!take(data, on, count))
			return false;
	}
	return true;
}

static bool try_choices(size_t count, choice_taker *take, void *data)
{
	static bool on[DISK_PIECES_MAX];

	if (count <= ALL_UP_TO)
		return try_all(count, take, data);
	memset(on, 1, sizeof(on));
	return take(data, on, count) && try_patterns(on, count, take, data) &&
	       try_chances(on, count, take, data);
}

/* ---- one failure of power
 * ------------------------------------------------------------------------ */

struct outage {
	struct trial *trial;
	const struct disk *disk;
	struct states *seen;
	struct states *whole; /* where all was on disk; NULL: not wanted */
	size_t events;
	struct disk_piece piece[DISK_PIECES_MAX];
	bool is_fixed; /* there is one thing that it may become: */
	enum verdict verdict;
	bool ends_settled; /* whoever has seen the end of it may rely on it: */
	bool is_settled;   /* nothing shall be left that a recovery would have to do */
	const char *where;
};

/* What is on disk, unless it was before. The verdict on it. */
static bool judge(struct outage *outage, struct tree *tree, enum verdict *ret_verdict)
{
	struct state *state = states_find(outage->seen, tree_hash(tree));

	if (state) {
		*ret_verdict = state->verdict;
		return true;
	}
	tree_write(outage->trial->ground.root_fd, tree);
	if (!trial_recover(outage->trial, ret_verdict))
		return false;
	states_add(outage->seen, tree, 0)->verdict = *ret_verdict;
	return true;
}

static bool all_of(const bool *is_on_disk, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_on_disk[i])
			return false;
	return true;
}

static void keep_whole(struct outage *outage, struct tree *tree, enum verdict verdict)
{
	if (!states_find(outage->whole, tree_hash(tree)))
		states_add(outage->whole, tree, (unsigned int)outage->events)->verdict = verdict;
}

static void tell(const struct outage *outage, const bool *is_on_disk, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct disk_piece *piece = &outage->piece[i];
		const struct disk_event *event = &outage->disk->event[piece->event];

		fprintf(stderr, "  %s: event %zu, kind %d, %s/%s file %zu, %s%zu+%zu\n",
			is_on_disk[i] ? "on disk" : "lost", piece->event, event->kind,
			tree_path(event->place), event->name, event->file,
			piece->is_length ? "length " : "", piece->at, piece->size);
	}
}

static bool take_choice(void *data, const bool *is_on_disk, size_t count)
{
	struct outage *outage = data;
	struct tree tree = { 0 };
	enum verdict verdict;
	bool good;

	disk_found(outage->disk, outage->events, outage->piece, is_on_disk, count, &tree);
	good = (!outage->is_settled || trial_judge(outage->trial, &tree, &verdict)) &&
	       judge(outage, &tree, &verdict);
	if (good && outage->is_fixed && verdict != outage->verdict) {
		snprintf(outage->trial->why, sizeof(outage->trial->why), "it is %s",
			 verdict == VERDICT_NEW ? "new" : "old");
		good = false;
	}
	if (!good) {
		trial_blame(outage->trial, "power failed behind %zu things that %s did",
			    outage->events, outage->where);
		tell(outage, is_on_disk, count);
	} else if (outage->whole && all_of(is_on_disk, count)) {
		disk_found(outage->disk, outage->events, outage->piece, is_on_disk, count, &tree);
		keep_whole(outage, &tree, verdict);
	}
	tree_clear(&tree);
	return good;
}

static bool fail_everywhere(struct outage *outage)
{
	bool good = true;

	for (size_t events = 0; good && events <= outage->disk->event_count; events++) {
		outage->events = events;
		/* who was told that it is done finds it done */
		if (events > 0 && outage->disk->event[events - 1].kind == DISK_ANSWER) {
			outage->is_fixed = true;
			outage->verdict = VERDICT_NEW;
		}
		outage->is_settled = outage->ends_settled && events == outage->disk->event_count;
		good = try_choices(disk_pieces(outage->disk, events, outage->piece), take_choice,
				   outage);
	}
	return good;
}

/* ---- in the commit, and in the recovery
 * ------------------------------------------------------------ */

struct watched_commit {
	struct disk_watch watch;
	const struct session *session;
	bool is_answered;
};

static enum trace_step watch_commit(void *data, pid_t pid, const struct trace_stop *stop)
{
	struct watched_commit *commit = data;
	struct pollfd poll_fd = { .fd = commit->session->channel, .events = POLLIN };

	disk_watch(&commit->watch, pid, stop);
	if (!commit->is_answered && stop->number == SYS_sendmsg && !stop->is_entry &&
	    poll(&poll_fd, 1, 0) == 1) {
		commit->is_answered = true;
		disk_add(commit->watch.disk, DISK_ANSWER);
	}
	return TRACE_GO;
}

static void record_commit(struct trial *trial, struct disk *disk)
{
	struct watched_commit commit = {
		.watch = { .disk = disk, .ground = &trial->ground },
		.session = &trial->session,
	};
	struct commit_run run = {
		.session = &trial->session,
		.hook = watch_commit,
		.data = &commit,
	};

	tree_write(trial->ground.root_fd, &trial->base);
	disk_begin(disk, trial->ground.root_fd);
	/* the server that is here has made it */
	if (trial->scene->is_first)
		disk_unname(disk, TREE_STATE, TREE_JOURNAL);
	session_commit(&run);
	trace_kill(run.pid);
	MUST(commit.is_answered && run.outcome == OUTCOME_DONE);
}

static enum trace_step watch_recovery(void *data, pid_t pid, const struct trace_stop *stop)
{
	disk_watch(data, pid, stop);
	return TRACE_GO;
}

static bool fail_in_recovery(struct trial *trial, const struct state *state, uint64_t *count)
{
	scoped_ptr struct disk *disk = malloc(sizeof(*disk));
	scoped_ptr struct outage *outage = malloc(sizeof(*outage));
	struct states seen = { 0 };
	struct disk_watch watch = { .disk = disk, .ground = &trial->ground };
	bool good;

	MUST(disk && outage);
	tree_write(trial->ground.root_fd, &state->tree);
	disk_begin(disk, trial->ground.root_fd);
	MUST(recovery_run(&trial->recovery, watch_recovery, &watch) == 0);
	*outage = (struct outage){
		.trial = trial,
		.disk = disk,
		.seen = &seen,
		.is_fixed = true,
		.verdict = state->verdict,
		.ends_settled = true,
		.where = "recovery",
	};
	good = fail_everywhere(outage);
	*count += seen.count;
	states_clear(&seen);
	disk_clear(disk);
	return good;
}

bool power(const struct scene *scene, const char *dir)
{
	scoped_ptr struct disk *disk = malloc(sizeof(*disk));
	scoped_ptr struct outage *outage = malloc(sizeof(*outage));
	struct states seen = { 0 }, whole = { 0 };
	struct tree rollback = { 0 };
	struct trial trial;
	uint64_t again = 0;
	bool good;

	MUST(disk && outage);
	trial_begin(&trial, scene, TRIAL_COMMIT, dir);
	record_commit(&trial, disk);
	*outage = (struct outage){
		.trial = &trial,
		.disk = disk,
		.seen = &seen,
		.whole = &whole,
		.where = "the commit",
	};
	good = fail_everywhere(outage);
	trial_only_in_journal(&trial, &rollback);
	states_add(&whole, &rollback, 0)->verdict = VERDICT_OLD;
	good = good && states_each(&whole, &trial, dir, fail_in_recovery, &again);
	printf("%s: the power failed behind each of %zu things, and left %zu states, and in the "
	       "recovery of %zu of them %ju\n",
	       scene->name, disk->event_count, seen.count, whole.count, (uintmax_t)again);
	trial_end(&trial);
	states_clear(&seen);
	states_clear(&whole);
	disk_clear(disk);
	return good;
}
