/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. The journal is root's and whole, but time has passed since it was
 * written, and the files may have been changed by anybody who may. It may be interrupted itself,
 * anywhere, and is then done once more from the beginning.
 */
#include "monitor/journal/journal_recover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/metadata.h"
#include "common/target.h"
#include "monitor/history/history.h"

/* What a name shows now. */
enum shown { SHOWN_NOTHING, SHOWN_OLD, SHOWN_NEW, SHOWN_ELSE };

struct recovery {
	int journal; /* the file of the entry */
	enum journal_phase phase;
	bool is_contrary; /* somebody else's file is in the way */
};

/* ---- looking ------------------------------------------------------------------------ */

/* 1, 0 or -errno. */
static int has_content(const struct recovery *recovery, int fd, const struct stat *st,
		       const struct journal_side *side)
{
	scoped_fd content = -1;

	if (!side->exists || (uint64_t)st->st_size != side->size)
		return 0;
	content = journal_entry_content(recovery->journal, side);
	return content < 0 ? content : fd_same_content(fd, content);
}

/* An enum shown, or -errno. A file whose bytes did not change counts as old. */
static int look(const struct recovery *recovery, int dir, const char *name,
		const struct journal_file *file)
{
	const struct target target = { .dir = dir, .name = name };
	scoped_fd fd = -1;
	struct stat st;
	int error = 0, r;
	enum mon_outcome outcome = target_read(&target, &fd, &st, &error);

	if (outcome == OUTCOME_ABSENT)
		return SHOWN_NOTHING;
	if (outcome != OUTCOME_DONE)
		return outcome == OUTCOME_IO ? -error : SHOWN_ELSE;
	r = has_content(recovery, fd, &st, &file->old);
	if (r != 0)
		return r < 0 ? r : SHOWN_OLD;
	r = has_content(recovery, fd, &st, &file->new);
	if (r != 0)
		return r < 0 ? r : SHOWN_NEW;
	return SHOWN_ELSE;
}

/* ---- putting back ------------------------------------------------------------------- */

static int rename_within(int dir, const char *from, const char *to, unsigned int flags)
{
	return renameat2(dir, from, dir, to, flags) < 0 ? -errno : 0;
}

static int remove_one(int dir, const char *name)
{
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int fill_old(const struct recovery *recovery, const struct journal_file *file, int fd)
{
	const struct stat st = { .st_uid = file->uid, .st_gid = file->gid, .st_mode = file->mode };
	scoped_fd content = journal_entry_content(recovery->journal, &file->old);
	int r = content < 0 ? content : fd_copy(content, fd, CONTENT_MAX, NULL);

	if (r == 0)
		r = metadata_import(fd, &st, file->attributes, file->attributes_size);
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* What is written under a name of its own until it is whole: .exmachina-12ab.tmp as .tmp~ */
static void unfinished_name(const struct journal_file *file, char name[static NAME_MAX + 1])
{
	snprintf(name, NAME_MAX + 1, "%.*s~", NAME_MAX - 1, file->temporary);
}

/*
 * The old file, under the temporary name, from what the journal has of it. Whatever interrupts it:
 * what has that name is never a part of it, which would be taken for somebody else's file.
 */
static int write_old(const struct recovery *recovery, int dir, const struct journal_file *file)
{
	char name[NAME_MAX + 1];
	scoped_fd fd = -1;
	int r;

	unfinished_name(file, name);
	r = remove_one(dir, name);
	if (r < 0)
		return r;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : fill_old(recovery, file, fd);
	return r < 0 ? r : rename_within(dir, name, file->temporary, 0);
}

static int remove_both(int dir, const struct journal_file *file)
{
	char name[NAME_MAX + 1];
	int r;

	unfinished_name(file, name);
	r = remove_one(dir, name);
	return r < 0 ? r : remove_one(dir, file->temporary);
}

/* Somebody was quicker: his file gets the name back, and what was there before stays in the
 * journal. */
static int give_way(struct recovery *recovery, int dir, const char *name,
		    const struct journal_file *file)
{
	recovery->is_contrary = true;
	return rename_within(dir, file->temporary, name, RENAME_EXCHANGE);
}

/*
 * Where the name shows the new file or nothing, although there was one. What has the temporary
 * name is what was at the name before, unless a failure of power has kept that from the disk.
 */
static int put_old(struct recovery *recovery, int dir, const char *name, int shown,
		   const struct journal_file *file)
{
	int beside = look(recovery, dir, file->temporary, file), r = 0;

	if (beside == SHOWN_NOTHING || beside == SHOWN_NEW)
		r = write_old(recovery, dir, file);
	if (beside < 0 || r < 0)
		return beside < 0 ? beside : r;
	if (shown == SHOWN_NOTHING) {
		r = rename_within(dir, file->temporary, name, RENAME_NOREPLACE);
		recovery->is_contrary = r == -EEXIST;
		return r == -EEXIST ? 0 : r;
	}
	r = rename_within(dir, file->temporary, name, RENAME_EXCHANGE);
	if (r < 0)
		return r;
	beside = look(recovery, dir, file->temporary, file);
	if (beside < 0)
		return beside;
	return beside == SHOWN_NEW ? 0 : give_way(recovery, dir, name, file);
}

/* What the commit made is moved out of the way first, so that nobody else's file is removed. */
static int remove_new(struct recovery *recovery, int dir, const char *name,
		      const struct journal_file *file)
{
	int r = rename_within(dir, name, file->temporary, 0), beside;

	if (r < 0)
		return r;
	beside = look(recovery, dir, file->temporary, file);
	if (beside == SHOWN_NEW || beside < 0)
		return beside < 0 ? beside : 0;
	recovery->is_contrary = true;
	return rename_within(dir, file->temporary, name, RENAME_NOREPLACE);
}

/*
 * After a failure of power the phase on disk may be JOURNAL_WRITING although names were switched.
 * Then the old file has the temporary name. What was made needs no such sign: its name shows it.
 * 1, 0 or -errno.
 */
static int may_be_switched(const struct recovery *recovery, int dir,
			   const struct journal_file *file)
{
	int beside;

	if (recovery->phase == JOURNAL_SWITCHING || !file->old.exists)
		return recovery->phase != JOURNAL_DONE;
	if (recovery->phase == JOURNAL_DONE)
		return 0;
	beside = look(recovery, dir, file->temporary, file);
	return beside < 0 ? beside : beside == SHOWN_OLD;
}

static int put_back(struct recovery *recovery, int dir, const char *name,
		    const struct journal_file *file)
{
	int shown, r = may_be_switched(recovery, dir, file);

	if (r <= 0)
		return r;
	shown = look(recovery, dir, name, file);
	if (shown < 0)
		return shown;
	r = 0;
	if (file->old.exists &&
	    (shown == SHOWN_NEW || (shown == SHOWN_NOTHING && !file->new.exists)))
		r = put_old(recovery, dir, name, shown, file);
	else if (!file->old.exists && shown == SHOWN_NEW)
		r = remove_new(recovery, dir, name, file);
	else if (shown == SHOWN_ELSE || (file->old.exists && shown == SHOWN_NOTHING))
		recovery->is_contrary = true;
	if (recovery->is_contrary)
		log_write(LOG_CRIT,
			  "%s was changed by somebody else after a commit was interrupted; "
			  "it stays as it is",
			  file->path);
	return r;
}

/* ---- all of it ---------------------------------------------------------------------- */

static int sync_directory(int dir)
{
	scoped_fd fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int recover_file(struct recovery *recovery, int root_fd, const struct journal_file *file)
{
	scoped_target target = TARGET_NONE;
	int r = target_open(root_fd, file->path, &target);

	/* there was none: it was to be made for this file or another, or has gone already */
	if (r == -ENOENT && !file->old.exists && recovery->phase != JOURNAL_DONE)
		return 0;
	/* where there is no such directory any more there is nothing to put back */
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP) {
		recovery->is_contrary = true;
		log_write(LOG_CRIT, "%s: the directory is not there any more: %s", file->path,
			  strerror(-r));
		return 0;
	}
	if (r == 0)
		r = put_back(recovery, target.dir, target.name, file);
	if (r == 0)
		r = remove_both(target.dir, file);
	if (r == 0)
		r = sync_directory(target.dir);
	return r;
}

/* Of a commit that was not done. What is in them by now is somebody else's, and keeps them. */
static int remove_directories(int root_fd, const struct journal_entry *entry)
{
	int r = 0;

	for (uint32_t i = entry->count; r == 0 && i-- > 0;) {
		const struct journal_file *file = &entry->file[i];
		const struct directories directories = {
			.root_fd = root_fd,
			.path = file->path,
			.temporary = file->temporary,
			.count = file->dirs,
			.kind = file->dirs_kind,
		};

		r = directories_recover(&directories);
		if (r < 0)
			log_error("%s: cannot remove the directories that were made for it: %s",
				  file->path, strerror(-r));
	}
	return r;
}

static int recover_files(int root_fd, struct journal *journal, const struct journal_entry *entry)
{
	struct recovery recovery = { .journal = journal->file, .phase = entry->phase };
	char name[NAME_MAX + 1];
	bool contrary = false;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < entry->count; i++) {
		recovery.is_contrary = false;
		r = recover_file(&recovery, root_fd, &entry->file[i]);
		if (r < 0)
			log_error("%s: cannot take back a commit that was interrupted: %s",
				  entry->file[i].path, strerror(-r));
		contrary |= recovery.is_contrary;
	}
	if (r == 0 && entry->phase != JOURNAL_DONE)
		r = remove_directories(root_fd, entry);
	if (r == 0 && contrary) {
		r = journal_put_aside(journal, name);
		if (r == 0)
			log_write(LOG_CRIT, "what the commit was is in %s of the state directory",
				  name);
	}
	return r;
}

/* A commit that was done is a revision, also if that was not written down in time. */
static int complete_history(const struct journal *journal, const struct journal_entry *entry)
{
	scoped_fd dir = -1;
	int r;

	if (entry->revision == 0)
		return 0;
	dir = history_make(journal->state_fd);
	if (dir < 0)
		return dir;
	if (entry->phase == JOURNAL_DONE) {
		r = history_complete(dir, journal->file, entry->revision);
		if (r < 0)
			log_error("revision %" PRIu64 " cannot be written to the history: %s",
				  entry->revision, strerror(-r));
		return r;
	}
	history_drop(dir);
	return 0;
}

int journal_recover_entry(int root_fd, struct journal *journal, struct journal_entry *ret_entry)
{
	static const char *const told[] = {
		[JOURNAL_WRITING] = "had changed nothing",
		[JOURNAL_SWITCHING] = "was taken back",
		[JOURNAL_DONE] = "was done",
	};
	scoped_journal_entry entry = { 0 };
	int r = journal->file < 0 ? 0 : journal_entry_phase(journal->file);

	if (r == JOURNAL_OVER || r < 0)
		return r;
	r = journal_entry_read(journal->file, &entry);
	/* it was cut while it was written, and so nothing was begun */
	if (r == -EBADMSG)
		return journal_taken_back(journal);
	if (r == 0)
		r = recover_files(root_fd, journal, &entry);
	if (r == 0)
		r = complete_history(journal, &entry);
	if (r == 0)
		r = journal_taken_back(journal);
	if (r < 0)
		return r;
	log_notice("a commit of %u files that was interrupted %s", entry.count, told[entry.phase]);
	if (entry.phase != JOURNAL_DONE) {
		*ret_entry = entry;
		entry = (struct journal_entry){ 0 };
	}
	return 0;
}

int journal_recover(int root_fd, struct journal *journal)
{
	scoped_journal_entry entry = { 0 };

	return journal_recover_entry(root_fd, journal, &entry);
}
