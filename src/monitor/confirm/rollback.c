/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, as root, with the journal in hand. History and journal are root's. */
#include "monitor/confirm/rollback.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/memfd.h"
#include "common/metadata.h"
#include "common/target.h"
#include "monitor/history/history.h"
#include "monitor/journal/journal_recover.h"

#define METHOD "config.rollback"

/*
 * The commits from the first one on, as if they were one: its files are what is to be brought back,
 * contents as of journal_entry_write().
 */
struct sum {
	struct journal_entry entry;
	int content[2 * JOURNAL_FILES_MAX];
	struct journal_file now[JOURNAL_FILES_MAX]; /* owner, mode and attributes, before it is */
	bool is_torn;                               /* a revision of them is missing */
	bool is_told;                               /* the history has the rollback already */
};

static void sum_free(struct sum **sum)
{
	if (!*sum)
		return;
	for (size_t i = 0; i < ARRAY_SIZE((*sum)->content); i++)
		close_fd((*sum)->content[i]);
	for (size_t i = 0; i < ARRAY_SIZE((*sum)->now); i++)
		free((*sum)->now[i].attributes);
	journal_entry_clear(&(*sum)->entry);
	free(*sum);
}

#define scoped_sum scoped(sum_free) struct sum

static int sum_new(struct sum **ret_sum)
{
	scoped_sum *sum = calloc(1, sizeof(*sum));
	int r;

	if (!sum)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(sum->content); i++)
		sum->content[i] = -1;
	r = journal_entry_new(&sum->entry);
	if (r < 0)
		return r;
	*ret_sum = take_ptr(sum);
	return 0;
}

int rollback_add(struct rollback *rollback, const char *path)
{
	scoped_ptr char *copy = strdup(path);
	char **longer =
		copy ? reallocarray(rollback->path, rollback->count + 1, sizeof(*longer)) : NULL;

	if (!longer)
		return -ENOMEM;
	rollback->path = longer;
	longer[rollback->count++] = take_ptr(copy);
	return 0;
}

void rollback_clear(struct rollback *rollback)
{
	for (size_t i = 0; i < rollback->count; i++)
		free(rollback->path[i]);
	free(rollback->path);
}

/* ---- what is to be taken back ------------------------------------------------------- */

static int old_of(const struct sum *sum, size_t index)
{
	return sum->content[2 * index];
}

static int new_of(const struct sum *sum, size_t index)
{
	return sum->content[2 * index + 1];
}

static struct journal_file *find(struct sum *sum, const char *path)
{
	for (uint32_t i = 0; i < sum->entry.count; i++)
		if (strcmp(sum->entry.file[i].path, path) == 0)
			return &sum->entry.file[i];
	return NULL;
}

static int take_content(int revision, const struct journal_side *side, int *content)
{
	int fd = side->exists ? journal_entry_content(revision, side) : -1;

	if (side->exists && fd < 0)
		return fd;
	close_fd(*content);
	*content = fd;
	return 0;
}

static int add_file(struct sum *sum, int revision, struct journal_file *file)
{
	struct journal_file *known = find(sum, file->path);
	size_t index;
	int r;

	if (!known && sum->entry.count == JOURNAL_FILES_MAX)
		return -E2BIG;
	if (known) {
		index = (size_t)(known - sum->entry.file);
		return take_content(revision, &file->new, &sum->content[2 * index + 1]);
	}
	index = sum->entry.count;
	r = take_content(revision, &file->old, &sum->content[2 * index]);
	if (r == 0)
		r = take_content(revision, &file->new, &sum->content[2 * index + 1]);
	if (r < 0)
		return r;
	sum->entry.file[sum->entry.count++] = *file;
	*file = (struct journal_file){ 0 };
	return 0;
}

static bool is_rollback(const struct journal_entry *entry, const struct pending *pending)
{
	return strcmp(entry->method, METHOD) == 0 && entry->reverts == pending->first;
}

/* What another user has committed meanwhile is not this one's to take back. */
static int add_revision(struct sum *sum, int dir, uint64_t number, const struct pending *pending)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = history_revision(dir, number);
	int r = fd < 0 ? fd : journal_entry_read_head(fd, &entry);

	if (r == 0 && strcmp(entry.who.user, pending->user) != 0)
		return 0;
	sum->is_told = r == 0 && is_rollback(&entry, pending);
	for (uint32_t i = 0; r == 0 && i < entry.count; i++)
		r = add_file(sum, fd, &entry.file[i]);
	if (r < 0)
		log_error("revision %" PRIu64 " cannot be taken back: %s", number, strerror(-r));
	return r;
}

static int add_revisions(struct sum *sum, int dir, const struct pending *pending)
{
	scoped_ptr uint64_t *numbers = NULL;
	uint64_t next, expected = pending->first;
	size_t count;
	int r = history_numbers(dir, &numbers, &count);

	if (r == 0)
		r = history_next(dir, &next);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (numbers[i] < pending->first)
			continue;
		sum->is_torn |= numbers[i] != expected;
		expected = numbers[i] + 1;
		r = add_revision(sum, dir, numbers[i], pending);
	}
	sum->is_torn |= r == 0 && expected != next;
	return r;
}

int rollback_room(int state_fd, const struct pending *pending, const struct staged *staged,
		  size_t count)
{
	scoped_sum *sum = NULL;
	scoped_fd dir = history_open(state_fd);
	size_t more = 0;
	int r = dir < 0 ? dir : sum_new(&sum);

	if (r == 0)
		r = add_revisions(sum, dir, pending);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		more += !find(sum, staged[i].path);
	return sum->entry.count + more > JOURNAL_FILES_MAX ? -E2BIG : 0;
}

/* ---- taking it back ----------------------------------------------------------------- */

/* As it is now, if it is a file. */
static int look(int root_fd, const char *path, struct journal_file *now)
{
	scoped_target target = TARGET_NONE;
	scoped_fd fd = -1;
	struct stat st;
	int error = 0;

	now->mode = S_IFREG | S_IRUSR | S_IWUSR;
	if (target_open(root_fd, path, &target) < 0 ||
	    target_read(&target, &fd, &st, &error) != OUTCOME_DONE)
		return 0;
	now->uid = st.st_uid;
	now->gid = st.st_gid;
	now->mode = st.st_mode;
	return metadata_export(fd, JOURNAL_ATTRIBUTES_MAX, &now->attributes, &now->attributes_size);
}

static int look_at_all(int root_fd, struct sum *sum)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < sum->entry.count; i++)
		r = look(root_fd, sum->entry.file[i].path, &sum->now[i]);
	return r;
}

/* As a commit of these files that was interrupted; it is none itself. */
static int take_back(int root_fd, struct journal *journal, struct sum *sum)
{
	int r = journal_begin_back(journal, &sum->entry, sum->content);

	return r < 0 ? r : journal_recover(root_fd, journal);
}

/* 1, 0 or -errno. */
static int is_same(int old, int new)
{
	return old < 0 || new < 0 ? old < 0 && new < 0 : fd_same_content(old, new);
}

static bool has_metadata(const struct journal_file *now, const struct journal_file *old)
{
	return now->uid == old->uid && now->gid == old->gid && now->mode == old->mode &&
	       now->attributes_size == old->attributes_size &&
	       (old->attributes_size == 0 ||
		memcmp(now->attributes, old->attributes, old->attributes_size) == 0);
}

/*
 * One that was removed and made again with the same bytes: to the journal it is old. It is the
 * only name of its file, or could not have been made.
 */
static int bring_back_metadata(int root_fd, const struct journal_file *old)
{
	const struct stat st = { .st_uid = old->uid, .st_gid = old->gid, .st_mode = old->mode };
	scoped_target target = TARGET_NONE;
	scoped_fd fd = -1;
	struct stat now;
	int error = 0;

	if (target_open(root_fd, old->path, &target) < 0 ||
	    target_read(&target, &fd, &now, &error) != OUTCOME_DONE)
		return 0;
	return metadata_import(fd, &st, old->attributes, old->attributes_size);
}

static int bring_back_all_metadata(int root_fd, const struct sum *sum)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < sum->entry.count; i++) {
		const struct journal_file *old = &sum->entry.file[i];

		if (old_of(sum, i) < 0 || has_metadata(&sum->now[i], old))
			continue;
		r = is_same(old_of(sum, i), new_of(sum, i));
		if (r > 0)
			r = bring_back_metadata(root_fd, old);
	}
	return r < 0 ? r : 0;
}

static bool is_old(int root_fd, const char *path, int old)
{
	scoped_target target = TARGET_NONE;
	scoped_fd now = -1;
	int error = 0;
	enum mon_outcome outcome;
	int r = target_open(root_fd, path, &target);

	/* its directory may have gone with it */
	if (r < 0)
		return r == -ENOENT && old < 0;
	outcome = target_snapshot(&target, &now, &error);
	if (outcome == OUTCOME_ABSENT)
		return old < 0;
	return outcome == OUTCOME_DONE && old >= 0 && fd_same_content(now, old) == 1;
}

static int tell(int root_fd, const struct sum *sum, struct rollback *rollback)
{
	int r = 0;

	rollback->restored = !sum->is_torn;
	if (sum->is_torn)
		log_write(LOG_CRIT, "revisions of what was not confirmed are missing; what they "
				    "have changed stays");
	for (uint32_t i = 0; r == 0 && i < sum->entry.count; i++) {
		const char *path = sum->entry.file[i].path;

		r = rollback_add(rollback, path);
		if (!is_old(root_fd, path, old_of(sum, i)))
			rollback->restored = false;
	}
	return r;
}

/* ---- the history -------------------------------------------------------------------- */

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Has the rollback made another file of it? */
static bool is_changed(int root_fd, const struct sum *sum, uint32_t index)
{
	int old = old_of(sum, index), new = new_of(sum, index);

	return is_old(root_fd, sum->entry.file[index].path, old) && is_same(old, new) != 1;
}

static int describe(struct sum *sum, uint32_t index, struct journal_file *file)
{
	const struct journal_file *from = &sum->entry.file[index];

	*file = sum->now[index];
	sum->now[index].attributes = NULL;
	strcpy(file->temporary, from->temporary);
	file->path = strdup(from->path);
	file->section = from->section ? strdup(from->section) : NULL;
	return file->path && (!from->section || file->section) ? 0 : -ENOMEM;
}

/* A revision of its own, from the new bytes to the old ones. */
static int write_history(int root_fd, int dir, struct sum *sum, const struct client *who,
			 uint64_t first)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = memfd_new("exmachina-revision");
	int content[2 * JOURNAL_FILES_MAX];
	size_t count = 0;
	int r = fd < 0 ? fd : journal_entry_new(&entry);

	for (uint32_t i = 0; r == 0 && i < sum->entry.count; i++) {
		if (!is_changed(root_fd, sum, i))
			continue;
		content[2 * count] = new_of(sum, i);
		content[2 * count + 1] = old_of(sum, i);
		r = describe(sum, i, &entry.file[count++]);
		entry.count = (uint32_t)count;
	}
	if (r < 0 || count == 0)
		return r;
	entry.reverts = first;
	entry.usec = now_usec();
	entry.who = *who;
	snprintf(entry.method, sizeof(entry.method), METHOD);
	r = history_next(dir, &entry.revision);
	if (r == 0)
		r = journal_entry_write(fd, &entry, content, -1);
	return r < 0 ? r : history_complete(dir, fd, entry.revision);
}

int rollback_run(int root_fd, struct journal *journal, const struct client *who,
		 const struct pending *pending, struct rollback *ret_rollback)
{
	scoped_sum *sum = NULL;
	scoped_fd dir = history_open(journal->state_fd);
	int r = dir < 0 ? dir : sum_new(&sum);

	if (r == 0)
		r = add_revisions(sum, dir, pending);
	if (r == 0)
		r = look_at_all(root_fd, sum);
	if (r == 0 && sum->entry.count > 0)
		r = take_back(root_fd, journal, sum);
	if (r == 0)
		r = bring_back_all_metadata(root_fd, sum);
	if (r == 0)
		r = tell(root_fd, sum, ret_rollback);
	/* one that was interrupted after that is complete */
	if (r == 0 && !sum->is_told)
		r = write_history(root_fd, dir, sum, who, pending->first);
	return r;
}
