/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Which files may be written was decided when
 * they were staged; here they change together or not at all.
 */
#include "monitor/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/metadata.h"
#include "monitor/commit_history.h"
#include "monitor/confirm/confirm.h"
#include "monitor/journal/journal_recover.h"

struct commit {
	const struct staged *staged;
	struct replacement *item;
	size_t count;
	struct journal journal;
	struct commit_history history;
	bool is_begun;    /* the journal knows of it */
	bool has_removed; /* what a file was, after it was done */
	bool has_left;    /* something of that to be done later */
};

static struct commit *commit_free(struct commit *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->count; i++)
		replacement_clear(&t->item[i]);
	free(t->item);
	commit_history_clear(&t->history);
	journal_close(&t->journal);
	free(t);
	return NULL;
}

static void commit_freep(struct commit **t)
{
	commit_free(*t);
}

static void stop(struct commit_result *result, const char *step, int error)
{
	result->outcome = OUTCOME_IO;
	result->failure = (struct replace_failure){ step, -error };
}

static int take_turn(const struct commit_place *place, struct journal *ret_journal,
		     struct journal_entry *ret_entry, const char **ret_step)
{
	int r;

	r = journal_open(place->state_fd, JOURNAL_LOCK_MSEC, ret_journal);
	*ret_step = r == -ETIMEDOUT ? "wait for the commit of another server" : "open the journal";
	if (r < 0)
		return r;
	*ret_step = "take back a commit that was interrupted";
	r = journal_recover_entry(place->root_fd, ret_journal, ret_entry);
	if (r < 0)
		return r;
	*ret_step = "look at what is to be confirmed";
	return confirm_drop_stale(place->state_fd);
}

int commit_take_turn(const struct commit_place *place, struct journal *ret_journal,
		     const char **ret_step)
{
	scoped_journal_entry entry = { 0 };

	return take_turn(place, ret_journal, &entry, ret_step);
}

int commit_recover(const struct commit_place *place, struct rollback *ret_rollback)
{
	scoped_journal journal = JOURNAL_NONE;
	scoped_journal_entry entry = { 0 };
	const char *step;
	int r = take_turn(place, &journal, &entry, &step);

	if (r == 0) {
		step = "take back what was not confirmed";
		r = confirm_recover(place->root_fd, place->state_fd, &journal, ret_rollback);
	}
	for (uint32_t i = 0; r == 0 && i < entry.count; i++)
		r = rollback_add(ret_rollback, entry.file[i].path);
	if (r < 0)
		log_error("cannot %s: %s", step, strerror(-r));
	return r;
}

/* ---- before anything is touched ------------------------------------------------------ */

static const char *directory_step(int error)
{
	if (error == -ENOENT)
		return "open its directory, which would be made with MakeDirs= of its section";
	return error == -E2BIG ? "make more than 16 directories for it" : "open its directory";
}

static enum mon_outcome add_file(struct commit *t, int root_fd, const struct policy *policy,
				 const struct staged *staged, struct handouts *handouts,
				 struct replace_failure *ret_failure)
{
	const struct handout *handout = handout_find(handouts, staged->path);
	const struct policy_file *entry = &policy->files[staged->entry];
	struct replacement *item = &t->item[t->count];
	struct target target = TARGET_NONE;
	uint32_t missing = 0;
	int r = target_open(root_fd, staged->path, &target);

	if (r == -ENOENT && entry->may_make_dirs && staged->content >= 0)
		r = directories_missing(root_fd, staged->path, &missing);
	if (r < 0) {
		*ret_failure = (struct replace_failure){ directory_step(r), -r };
		return r == -ELOOP || r == -ENOTDIR ? OUTCOME_NOT_PLAIN : OUTCOME_IO;
	}
	if (missing > 0)
		*item = replacement_in(root_fd, staged->path, missing, entry, handout->content,
				       staged->content);
	else
		*item = replacement_of(&target, entry, handout->content, staged->content);
	item->former = staged->former;
	t->count++;
	return replace_look(item, ret_failure);
}

static int describe(const struct replacement *item, const char *path, struct journal_file *file)
{
	int r = 0;

	file->path = strdup(path);
	if (!file->path)
		return -ENOMEM;
	strcpy(file->temporary, item->temporary);
	file->dirs = item->dirs.count;
	file->dirs_kind = item->dirs.kind;
	if (item->old < 0)
		return 0;
	file->uid = item->old_stat.st_uid;
	file->gid = item->old_stat.st_gid;
	file->mode = item->old_stat.st_mode;
	r = metadata_export(item->old, JOURNAL_ATTRIBUTES_MAX, &file->attributes,
			    &file->attributes_size);
	return r;
}

static int write_down(struct commit *t)
{
	scoped_journal_entry entry = { 0 };
	int content[2 * STAGED_MAX];
	int r = journal_entry_new(&entry);

	if (r == 0)
		r = commit_history_describe(&t->history, t->staged, t->count, &entry);

	for (size_t i = 0; r == 0 && i < t->count; i++) {
		content[2 * i] = t->item[i].base;
		content[2 * i + 1] = t->item[i].content;
		r = describe(&t->item[i], t->staged[i].path, &entry.file[entry.count++]);
	}
	if (r == 0)
		r = journal_begin(&t->journal, &entry, content, t->history.changes);
	t->is_begun = r == 0;
	return r;
}

/* ---- back ---------------------------------------------------------------------------- */

/* What cannot be brought back is said as loudly as can be. 0, or how it went with the last such. */
static int undo(struct commit *t)
{
	int result = 0;

	for (size_t i = t->count; i-- > 0;) {
		struct replacement *item = &t->item[i];
		int r = item->state == REPLACE_SWITCHED ? replace_undo(item) : 0;

		if (r == 0)
			r = replace_discard(item);
		if (r == 0)
			r = replace_remove_dirs(item);
		if (r == 0)
			continue;
		log_write(LOG_CRIT, "%s could not be brought back%s%s: %s", t->staged[i].path,
			  item->old >= 0 ? ", what was there is in " : "",
			  item->old >= 0 ? item->temporary : "", strerror(-r));
		result = r;
	}
	return result;
}

/* Files of one directory need it only once. */
static bool is_synced(const struct commit *t, size_t index, struct stat *dirs)
{
	if (fstat(t->item[index].target.dir, &dirs[index]) < 0)
		return false;
	for (size_t i = 0; i < index; i++)
		if (dirs[i].st_dev == dirs[index].st_dev && dirs[i].st_ino == dirs[index].st_ino)
			return true;
	return false;
}

static int sync_directories(const struct commit *t, uint32_t *ret_index)
{
	scoped_ptr struct stat *dirs = calloc(t->count, sizeof(*dirs));
	int r = dirs ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < t->count; i++) {
		*ret_index = i;
		if (!is_synced(t, i, dirs))
			r = replace_sync(&t->item[i]);
	}
	return r;
}

/*
 * If that fails the journal still has it, and the next one to look tries once more. 0 or -errno if
 * not all was brought back.
 */
static int take_back(struct commit *t)
{
	uint32_t index;
	int r, undone;

	if (!t->is_begun)
		return 0;
	commit_history_drop(&t->history);
	/* whatever it was, so that nobody takes it for done */
	r = journal_switch(&t->journal);
	undone = undo(t);
	if (undone < 0)
		return undone;
	if (r == 0)
		r = sync_directories(t, &index);
	if (r == 0)
		r = journal_taken_back(&t->journal);
	if (r < 0)
		log_warning("a commit was taken back, but not everything is on disk: %s",
			    strerror(-r));
	return 0;
}

/* ---- forth --------------------------------------------------------------------------- */

static void keep_content(const struct staged *staged, struct handouts *handouts)
{
	int content = -1;

	if (staged->content >= 0) {
		content = fcntl(staged->content, F_DUPFD_CLOEXEC, 0);
		if (content < 0)
			log_warning("cannot keep the content of %s: %s", staged->path,
				    strerror(errno));
	}
	/* replaces a hand-out that exists */
	if (handout_set(handouts, staged->path, content) < 0)
		log_warning("%s has to be read again", staged->path);
}

static int remove_old(struct commit *t, size_t index)
{
	int r = replace_finish(&t->item[index]);

	if (r < 0)
		log_warning("%s was committed, but the old file is still in %s: %s",
			    t->staged[index].path, t->item[index].temporary, strerror(-r));
	return r;
}

static void remove_all_old(struct commit *t)
{
	for (size_t i = 0; i < t->count; i++) {
		t->has_removed |= t->item[i].old >= 0;
		t->has_left |= remove_old(t, i) < 0;
	}
}

/* 0 if all that is left to do is so on disk. */
static int bring_end_to_disk(const struct commit *t)
{
	uint32_t index;
	int r = t->has_left ? -EIO : commit_history_sync(&t->history);

	if (r == 0 && t->has_removed && t->journal.file >= 0)
		r = sync_directories(t, &index);
	return r;
}

static void hand_out(const struct commit *t, struct handouts *handouts)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct staged *staged = &t->staged[i];

		keep_content(staged, handouts);
		log_notice("%s %s", staged->path,
			   staged->content < 0   ? "removed"
			   : t->item[i].base < 0 ? "created"
						 : "changed");
	}
}

static void look_at_all(struct commit *t, int root_fd, const struct policy *policy, size_t count,
			struct handouts *handouts, struct commit_result *result)
{
	for (uint32_t i = 0; i < count && result->outcome == OUTCOME_DONE; i++) {
		result->index = i;
		result->outcome =
			add_file(t, root_fd, policy, &t->staged[i], handouts, &result->failure);
	}
}

static void each(struct commit *t,
		 enum mon_outcome (*step)(struct replacement *, struct replace_failure *),
		 struct commit_result *result)
{
	for (uint32_t i = 0; i < t->count && result->outcome == OUTCOME_DONE; i++) {
		result->index = i;
		result->outcome = step(&t->item[i], &result->failure);
	}
}

static void bring_to_disk(struct commit *t, struct commit_result *result)
{
	int r = sync_directories(t, &result->index);

	if (r < 0)
		stop(result, "bring the directory to disk", r);
}

static void change_all(struct commit *t, struct commit_result *result)
{
	int r = write_down(t);

	if (r < 0) {
		stop(result, "write the journal", r);
		return;
	}
	r = commit_history_prepare(&t->history, &t->journal);
	if (r < 0)
		stop(result, "write the history", r);
	each(t, replace_make_dirs, result);
	each(t, replace_write, result);
	r = result->outcome == OUTCOME_DONE ? journal_switch(&t->journal) : 0;
	if (r < 0)
		stop(result, "write the journal", r);
	each(t, replace_switch, result);
	if (result->outcome == OUTCOME_DONE)
		bring_to_disk(t, result);
}

static struct commit *commit_alloc(const struct staged *staged, size_t count)
{
	scoped(commit_freep) struct commit *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	*t = (struct commit){
		.staged = staged,
		.item = calloc(count + 1, sizeof(struct replacement)),
		.journal = JOURNAL_NONE,
		.history = COMMIT_HISTORY_NONE,
	};
	return t->item ? take_ptr(t) : NULL;
}

struct commit_result commit_look(const struct commit_place *place, const struct policy *policy,
				 const struct staged *staged, size_t count,
				 struct handouts *handouts)
{
	scoped(commit_freep) struct commit *t = commit_alloc(staged, count);
	struct commit_result result = { .outcome = OUTCOME_DONE };

	if (t)
		look_at_all(t, place->root_fd, policy, count, handouts, &result);
	else
		stop(&result, "start", -ENOMEM);
	return result;
}

/* NULL, and what went wrong at which step. */
static struct commit *commit_new(const struct commit_place *place, const struct staged *staged,
				 size_t count, const char **ret_step, int *ret_error)
{
	scoped(commit_freep) struct commit *t = commit_alloc(staged, count);

	*ret_step = "start";
	*ret_error = t ? commit_take_turn(place, &t->journal, ret_step) : -ENOMEM;
	return *ret_error < 0 ? NULL : take_ptr(t);
}

/* With others that wait to be confirmed it must be possible to take it back at once. */
static void look_for_room(const struct commit *t, const struct commit_place *place,
			  const struct commit_origin *origin, size_t count,
			  struct commit_result *result)
{
	struct pending pending;
	int r = origin ? pending_read(place->state_fd, &pending) : -ENOENT;

	if (r == 0 && strcmp(pending.user, origin->who->user) == 0)
		r = rollback_room(place->state_fd, &pending, t->staged, count);
	if (r == -E2BIG) {
		result->outcome = OUTCOME_LIMIT;
		result->failure.step = "more files would wait to be confirmed than can be taken "
				       "back at once; confirm first";
	} else if (r < 0 && r != -ENOENT) {
		stop(result, "look at what is to be confirmed", r);
	}
}

struct commit_result commit_begin(const struct commit_place *place, const struct policy *policy,
				  const struct commit_origin *origin, const struct staged *staged,
				  size_t count, struct handouts *handouts,
				  struct commit **ret_commit)
{
	struct commit_result result = { .outcome = OUTCOME_DONE };
	const char *step;
	int r;
	scoped(commit_freep) struct commit *t = commit_new(place, staged, count, &step, &r);

	if (!t) {
		stop(&result, step, r);
		return result;
	}
	r = commit_history_open(place, policy, origin, &t->history);
	if (r < 0)
		stop(&result, "open the history", r);
	look_at_all(t, place->root_fd, policy, count, handouts, &result);
	if (result.outcome == OUTCOME_DONE)
		look_for_room(t, place, origin, count, &result);
	if (result.outcome == OUTCOME_DONE)
		change_all(t, &result);
	if (result.outcome == OUTCOME_DONE)
		*ret_commit = take_ptr(t);
	else
		take_back(t);
	return result;
}

/*
 * If the journal says that it is done and cannot be made to say anything else, then that is what
 * whoever looks next will believe, and so it is what has to be answered.
 */
static int write_done(struct journal *journal)
{
	int r = journal_done(journal);

	if (r == 0 || journal_switch(journal) == 0 || journal->phase != JOURNAL_DONE)
		return r;
	log_write(LOG_CRIT, "the disk fails: what was committed may be lost with the power: %s",
		  strerror(-r));
	return 0;
}

struct commit_result commit_keep(struct commit *t, struct handouts *handouts)
{
	struct commit_result result = { .outcome = OUTCOME_DONE };
	/* from here on it is done, whatever happens */
	int r = write_done(&t->journal);

	if (r == 0) {
		t->has_left = commit_history_add(&t->history) < 0;
		remove_all_old(t);
		hand_out(t, handouts);
		result.revision = t->history.number;
		return result;
	}
	stop(&result, "write the journal", r);
	result.restored = commit_take_back(t) == 0;
	return result;
}

/* What of it fails or is interrupted is done by whoever looks at the journal next. */
struct commit *commit_finish(struct commit *t)
{
	if (!t)
		return NULL;
	if (bring_end_to_disk(t) == 0)
		journal_over(&t->journal);
	return commit_free(t);
}

uint64_t commit_revision(const struct commit *commit)
{
	return commit->history.number;
}

int commit_take_back(struct commit *commit)
{
	scoped(commit_freep) struct commit *t = commit;

	return take_back(t);
}

struct commit_result commit_files(const struct commit_place *place, const struct policy *policy,
				  const struct commit_origin *origin, const struct staged *staged,
				  size_t count, struct handouts *handouts)
{
	struct commit *commit = NULL;
	struct commit_result result =
		commit_begin(place, policy, origin, staged, count, handouts, &commit);

	if (!commit)
		return result;
	result = commit_keep(commit, handouts);
	if (result.outcome == OUTCOME_DONE)
		commit_finish(commit);
	return result;
}
