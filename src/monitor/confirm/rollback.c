/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, as root, with the journal in hand. History and journal are root's. */
#include "monitor/confirm/rollback_sum.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/memfd.h"
#include "common/metadata.h"
#include "common/target.h"
#include "monitor/history/history.h"
#include "monitor/journal/journal_recover.h"

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

/* ---- taking it back ----------------------------------------------------------------- */

/* As it is now, if it is a file. */
static int look(int root_fd, const char *path, struct journal_file *now)
{
	scoped_target target = TARGET_NONE;
	scoped_fd fd = -1;
	struct stat st;
	enum mon_outcome outcome;
	int error = 0, r = target_open(root_fd, path, &target);

	now->mode = S_IFREG | S_IRUSR | S_IWUSR;
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR || r == -ELOOP ? 0 : r;
	outcome = target_read(&target, &fd, &st, &error);
	if (outcome != OUTCOME_DONE)
		return outcome == OUTCOME_IO ? -error : 0;
	now->uid = st.st_uid;
	now->gid = st.st_gid;
	now->mode = st.st_mode;
	return metadata_export(fd, JOURNAL_ATTRIBUTES_MAX, &now->attributes, &now->attributes_size);
}

static int look_at_all(int root_fd, struct rollback_sum *sum)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < sum->entry.count; i++)
		r = look(root_fd, sum->entry.file[i].path, &sum->now[i]);
	return r;
}

/* As a commit of these files that was interrupted; it is none itself. */
static int take_back(int root_fd, struct journal *journal, struct rollback_sum *sum)
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

static int bring_back_all_metadata(int root_fd, const struct rollback_sum *sum)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < sum->entry.count; i++) {
		const struct journal_file *old = &sum->entry.file[i];

		if (rollback_old(sum, i) < 0 || has_metadata(&sum->now[i], old))
			continue;
		r = is_same(rollback_old(sum, i), rollback_new(sum, i));
		if (r > 0)
			r = bring_back_metadata(root_fd, old);
	}
	return r < 0 ? r : 0;
}

/* 1, 0 or -errno. */
static int is_old(int root_fd, const char *path, int old)
{
	scoped_target target = TARGET_NONE;
	scoped_fd now = -1;
	int error = 0, r = target_open(root_fd, path, &target);
	enum mon_outcome outcome;

	/* its directory may have gone with it */
	if (r == -ENOENT)
		return old < 0;
	if (r < 0)
		return r == -ENOTDIR || r == -ELOOP ? 0 : r;
	outcome = target_snapshot(&target, &now, &error);
	if (outcome == OUTCOME_IO)
		return -error;
	if (outcome == OUTCOME_ABSENT)
		return old < 0;
	return outcome == OUTCOME_DONE && old >= 0 ? fd_same_content(now, old) : 0;
}

static int tell(int root_fd, const struct rollback_sum *sum, struct rollback *rollback)
{
	int r = 0;

	rollback->restored = !sum->is_torn;
	if (sum->is_torn)
		log_write(LOG_CRIT, "revisions of what was not confirmed are missing; what they "
				    "have changed stays");
	for (uint32_t i = 0; r >= 0 && i < sum->entry.count; i++) {
		const char *path = sum->entry.file[i].path;

		r = rollback_add(rollback, path);
		if (r == 0)
			r = is_old(root_fd, path, rollback_old(sum, i));
		if (r == 0)
			rollback->restored = false;
	}
	return r < 0 ? r : 0;
}

/* ---- the history -------------------------------------------------------------------- */

/* Has the rollback made another file of it? 1, 0 or -errno. */
static int is_changed(int root_fd, const struct rollback_sum *sum, uint32_t index)
{
	int old = rollback_old(sum, index), r = is_old(root_fd, sum->entry.file[index].path, old);

	if (r > 0)
		r = is_same(old, rollback_new(sum, index));
	else if (r == 0)
		return 0;
	return r < 0 ? r : !r;
}

static int describe(struct rollback_sum *sum, uint32_t index, struct journal_file *file)
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
static int write_history(int root_fd, int dir, struct rollback_sum *sum, const struct client *who,
			 uint64_t first)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = memfd_new("exmachina-revision");
	int content[2 * JOURNAL_FILES_MAX];
	size_t count = 0;
	int r = fd < 0 ? fd : journal_entry_new(&entry);

	for (uint32_t i = 0; r >= 0 && i < sum->entry.count; i++) {
		r = is_changed(root_fd, sum, i);
		if (r <= 0)
			continue;
		content[2 * count] = rollback_new(sum, i);
		content[2 * count + 1] = rollback_old(sum, i);
		r = describe(sum, i, &entry.file[count++]);
		entry.count = (uint32_t)count;
	}
	if (r < 0 || count == 0)
		return r;
	entry.reverts = first;
	entry.usec = clock_usec_of(CLOCK_REALTIME);
	entry.who = *who;
	snprintf(entry.method, sizeof(entry.method), METHOD_ROLLBACK);
	r = history_next(dir, &entry.revision);
	if (r == 0)
		r = journal_entry_write(fd, &entry, content, -1);
	return r < 0 ? r : history_complete(dir, fd, entry.revision);
}

int rollback_run(int root_fd, struct journal *journal, const struct client *who,
		 const struct pending *pending, struct rollback *ret_rollback)
{
	scoped_rollback_sum *sum = NULL;
	scoped_fd dir = history_open(journal->state_fd);
	int r = dir < 0 ? dir : rollback_sum_new(&sum);

	if (r == 0)
		r = rollback_sum_add(sum, dir, pending);
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
