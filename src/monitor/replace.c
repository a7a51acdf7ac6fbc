/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root: the one place that changes a configuration
 * file. The new bytes come from the engine and are not looked at here; whether they
 * may be written was decided before. The directory may change meanwhile.
 */
#include "monitor/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/metadata.h"

/* About two seconds in all: whoever is in the way may not have had a processor meanwhile. */
enum { UNDO_TRIES = 100, UNDO_PAUSE_USEC = 500, UNDO_EVEN = 8, UNDO_DOUBLINGS = 6 };

static enum mon_outcome fail(struct replace_failure *ret_failure, const char *step, int error)
{
	*ret_failure = (struct replace_failure){ .step = step, .error = error };
	return OUTCOME_IO;
}

struct replacement replacement_of(struct target *target, const struct policy_file *entry, int base,
				  int content)
{
	struct replacement r = {
		.target = *target,
		.entry = entry,
		.base = base,
		.content = content,
		.old = -1,
		.made = -1,
	};

	*target = TARGET_NONE;
	return r;
}

struct replacement replacement_in(int root_fd, const char *path, uint32_t count,
				  const struct policy_file *entry, int base, int content)
{
	struct target none = TARGET_NONE;
	struct replacement r = replacement_of(&none, entry, base, content);

	r.target.name = strrchr(path, '/') + 1;
	r.dirs = (struct directories){
		.root_fd = root_fd,
		.path = path,
		.count = count,
		.kind = { entry->dirs.uid, entry->dirs.gid, entry->dirs.mode },
	};
	return r;
}

int replace_discard(struct replacement *r)
{
	/* a removal makes no temporary file before the switch */
	if (r->state != REPLACE_PREPARED || r->content < 0)
		return 0;
	r->state = REPLACE_NEW;
	return unlinkat(r->target.dir, r->temporary, 0) < 0 ? -errno : 0;
}

void replacement_clear(struct replacement *r)
{
	if (replace_discard(r) < 0)
		log_warning("%s cannot be removed: %s", r->temporary, strerror(errno));
	r->old = close_fd(r->old);
	r->made = close_fd(r->made);
	target_clear(&r->target);
}

static int choose_name(struct replacement *r)
{
	unsigned char bytes[12];
	size_t used;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	used = (size_t)snprintf(r->temporary, sizeof(r->temporary), ".exmachina-");
	for (size_t i = 0; i < sizeof(bytes); i++)
		used += (size_t)snprintf(r->temporary + used, sizeof(r->temporary) - used, "%02x",
					 bytes[i]);
	snprintf(r->temporary + used, sizeof(r->temporary) - used, ".tmp");
	return 0;
}

/* Is the file what was handed out? OUTCOME_DONE, OUTCOME_CONFLICT, or what is in the way. */
static enum mon_outcome find_old(struct replacement *r, struct replace_failure *ret_failure)
{
	enum mon_outcome outcome;
	int error = 0, same;

	outcome = target_read(&r->target, &r->old, &r->old_stat, &error);
	if (outcome == OUTCOME_ABSENT)
		return r->base < 0 ? OUTCOME_DONE : OUTCOME_CONFLICT;
	if (outcome == OUTCOME_DONE)
		outcome = target_replaceable(r->old, &r->old_stat, &error);
	if (outcome != OUTCOME_DONE) {
		*ret_failure = (struct replace_failure){ "look at the file", error };
		return outcome;
	}
	if (r->base < 0)
		return OUTCOME_CONFLICT;
	same = fd_same_content(r->old, r->base);
	if (same < 0)
		return fail(ret_failure, "read the file", -same);
	return same ? OUTCOME_DONE : OUTCOME_CONFLICT;
}

struct former *former_free(struct former *former)
{
	if (former)
		free(former->attributes);
	free(former);
	return NULL;
}

/* Of the file that was there, else of the one that was there once, else what the policy says. */
static int set_metadata(const struct replacement *r, int fd)
{
	const struct former *former = r->former;
	struct stat st = { 0 };

	if (r->old >= 0)
		return metadata_copy(r->old, &r->old_stat, fd);
	if (!former)
		return metadata_set(fd, r->entry->create_uid, r->entry->create_gid,
				    r->entry->create_mode);
	st.st_uid = former->uid;
	st.st_gid = former->gid;
	st.st_mode = former->mode;
	return metadata_import(fd, &st, former->attributes, former->attributes_size);
}

/*
 * Readable by nobody but root until it is complete: the content comes first,
 * since writing takes some attributes away again, and the mode comes last.
 */
static int write_new(struct replacement *r, const char **ret_step)
{
	int fd, result;

	*ret_step = "create a file in its directory";
	fd = openat(r->target.dir, r->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	r->made = fd;
	r->state = REPLACE_PREPARED;
	*ret_step = "write the new content";
	result = fd_copy(r->content, fd, CONTENT_MAX, NULL);
	if (result < 0)
		return result;
	*ret_step = "set owner, mode and attributes";
	result = set_metadata(r, fd);
	if (result < 0)
		return result;
	*ret_step = "bring the new content to disk";
	return fsync(fd) < 0 ? -errno : 0;
}

enum mon_outcome replace_look(struct replacement *r, struct replace_failure *ret_failure)
{
	enum mon_outcome outcome = OUTCOME_DONE;
	int result;

	if (r->dirs.count == 0)
		outcome = find_old(r, ret_failure);
	else if (r->base >= 0)
		outcome = OUTCOME_CONFLICT;
	if (outcome != OUTCOME_DONE)
		return outcome;
	result = choose_name(r);
	return result < 0 ? fail(ret_failure, "choose a name", -result) : OUTCOME_DONE;
}

enum mon_outcome replace_make_dirs(struct replacement *r, struct replace_failure *ret_failure)
{
	int fd;

	if (r->dirs.count == 0)
		return OUTCOME_DONE;
	r->dirs.temporary = r->temporary;
	fd = directories_make(&r->dirs);
	/* somebody was quicker with something else */
	if (fd == -ENOTDIR || fd == -ELOOP) {
		*ret_failure = (struct replace_failure){ "make its directories", -fd };
		return OUTCOME_NOT_PLAIN;
	}
	if (fd < 0)
		return fail(ret_failure, "make its directories", -fd);
	r->target.dir = fd;
	return OUTCOME_DONE;
}

int replace_remove_dirs(struct replacement *r)
{
	int result = directories_remove(&r->dirs);

	if (result <= 0)
		return result;
	/* there is nothing to be brought to disk in it */
	target_clear(&r->target);
	return 0;
}

enum mon_outcome replace_write(struct replacement *r, struct replace_failure *ret_failure)
{
	const char *step;
	int result = r->content >= 0 ? write_new(r, &step) : 0;

	if (result < 0)
		return fail(ret_failure, step, -result);
	r->state = REPLACE_PREPARED;
	return OUTCOME_DONE;
}

enum mon_outcome replace_prepare(struct replacement *r, struct replace_failure *ret_failure)
{
	enum mon_outcome outcome = replace_look(r, ret_failure);

	return outcome == OUTCOME_DONE ? replace_write(r, ret_failure) : outcome;
}

static int rename_within(const struct replacement *r, const char *from, const char *to,
			 unsigned int flags)
{
	return renameat2(r->target.dir, from, r->target.dir, to, flags) < 0 ? -errno : 0;
}

static int do_switch(const struct replacement *r)
{
	if (r->content < 0)
		return rename_within(r, r->target.name, r->temporary, RENAME_NOREPLACE);
	if (r->old < 0)
		return rename_within(r, r->temporary, r->target.name, RENAME_NOREPLACE);
	return rename_within(r, r->temporary, r->target.name, RENAME_EXCHANGE);
}

/*
 * Between the comparison and the switch somebody may have been quicker. What
 * counts is what the file says and who may read it, not its inode, which an
 * overlay file system changes by itself.
 */
static int old_is_ours(const struct replacement *r)
{
	const struct target old = { .dir = r->target.dir, .name = r->temporary };
	enum mon_outcome outcome;
	scoped_fd fd = -1;
	struct stat st;
	int error = 0;

	if (r->old < 0)
		return 1;
	outcome = target_read(&old, &fd, &st, &error);
	if (outcome == OUTCOME_IO)
		return -error;
	if (outcome != OUTCOME_DONE)
		return 0;
	if (st.st_uid != r->old_stat.st_uid || st.st_gid != r->old_stat.st_gid ||
	    st.st_mode != r->old_stat.st_mode || st.st_nlink != r->old_stat.st_nlink)
		return 0;
	return fd_same_content(fd, r->base);
}

enum mon_outcome replace_switch(struct replacement *r, struct replace_failure *ret_failure)
{
	int result = do_switch(r), ours;

	if (result == -EEXIST || result == -ENOENT)
		return OUTCOME_CONFLICT;
	if (result < 0)
		return fail(ret_failure, "put the new file in place", -result);
	r->state = REPLACE_SWITCHED;
	ours = old_is_ours(r);
	if (ours == 1)
		return OUTCOME_DONE;
	result = replace_undo(r);
	if (result < 0)
		return fail(ret_failure, "bring back a file that was changed meanwhile", -result);
	return ours < 0 ? fail(ret_failure, "look at the old file", -ours) : OUTCOME_CONFLICT;
}

static int bring_back(const struct replacement *r)
{
	if (r->content < 0)
		return rename_within(r, r->temporary, r->target.name, RENAME_NOREPLACE);
	if (r->old < 0)
		return rename_within(r, r->target.name, r->temporary, RENAME_NOREPLACE);
	return rename_within(r, r->temporary, r->target.name, RENAME_EXCHANGE);
}

/* Has the temporary name the file that was made here, as it was made? */
static bool made_is_back(const struct replacement *r)
{
	struct stat made, st;

	return fstat(r->made, &made) == 0 &&
	       fstatat(r->target.dir, r->temporary, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == made.st_dev && st.st_ino == made.st_ino &&
	       fd_same_content(r->made, r->content) == 1;
}

/* Has somebody put his own over it, as editors do? Then it has no name any more, and gets none. */
static bool made_is_gone(const struct replacement *r)
{
	struct stat made, st;

	return r->content >= 0 && fstat(r->made, &made) == 0 && made.st_nlink == 0 &&
	       fstatat(r->target.dir, r->target.name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * What has the temporary name is going to be removed, so it must be what we put there. If
 * somebody else was at the name since the switch, it is his: then the name gets it back, and
 * ours may come with the next try, unless it is gone. After the last one all files stay where they
 * are.
 */
int replace_undo(struct replacement *r)
{
	for (int i = 0; i < UNDO_TRIES; i++) {
		int doublings = i / UNDO_EVEN < UNDO_DOUBLINGS ? i / UNDO_EVEN : UNDO_DOUBLINGS;
		int result;

		/* to try would show the former file for a moment, over which he may put the next */
		if (made_is_gone(r))
			return -EBUSY;
		result = bring_back(r);
		if (result < 0)
			return result;
		if (r->content < 0 || made_is_back(r)) {
			r->state = REPLACE_PREPARED;
			return 0;
		}
		result = do_switch(r);
		if (result < 0)
			return result;
		usleep((useconds_t)UNDO_PAUSE_USEC << doublings);
	}
	return -EBUSY;
}

int replace_sync(const struct replacement *r)
{
	scoped_fd dir = -1;

	if (r->target.dir < 0)
		return 0;
	/* the held descriptor is O_PATH and cannot be synced */
	dir = openat(r->target.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* one that is gone needs it no more */
	if (dir < 0 && errno == ENOENT)
		return 0;
	return dir < 0 || fsync(dir) < 0 ? -errno : 0;
}

int replace_finish(struct replacement *r)
{
	int result = r->old >= 0 && unlinkat(r->target.dir, r->temporary, 0) < 0 ? -errno : 0;

	r->state = REPLACE_NEW;
	return result;
}
