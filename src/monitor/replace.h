/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REPLACE_H
#define EXM_REPLACE_H

#include <limits.h>

#include "common/policy.h"
#include "common/target.h"
#include "monitor/directories.h"

/*
 * One file of a commit, on its way from looked at to done. The order is
 * look, write, switch, then finish or undo; each may be called once.
 *
 * The switch exchanges the new file with the old one in one step
 * (renameat2(2), RENAME_EXCHANGE), so that what was there is still there under
 * the temporary name, can be compared once more, and can be brought back.
 */
enum replace_state {
	REPLACE_NEW,
	REPLACE_PREPARED, /* the temporary file is complete and on disk */
	REPLACE_SWITCHED, /* the name shows the new state; the old one has the temporary name */
};

/* Owner, mode and attributes that a file had which is made again. */
struct former {
	uid_t uid;
	gid_t gid;
	mode_t mode;
	char *attributes; /* as metadata_export() gives them; NULL: none */
	uint32_t attributes_size;
};

struct former *former_free(struct former *former);

static inline void former_freep(struct former **former)
{
	former_free(*former);
}

struct replacement {
	struct target target;
	const struct policy_file *entry; /* owner and mode of a file to be created */
	const struct former *former;     /* the same, if it is not NULL; the caller's */
	int base;    /* memfd: what the file must be now; -1: it must not exist */
	int content; /* memfd: what it shall be; -1: it shall not exist */
	int old;     /* the file as it was found, -1 if it was not */
	int made;    /* the temporary file that was written; -1: none */
	struct stat old_stat;
	enum replace_state state;
	char temporary[NAME_MAX + 1];
	struct directories dirs; /* those that are missing; then there is no target until then */
};

/* base and content stay the caller's; the target is taken over. */
struct replacement replacement_of(struct target *target, const struct policy_file *entry, int base,
				  int content);

/*
 * The same for a file whose directory is missing, of which nothing is to be looked at: `count` of
 * its directories are. root_fd and path stay the caller's.
 */
struct replacement replacement_in(int root_fd, const char *path, uint32_t count,
				  const struct policy_file *entry, int base, int content);

/* Removes the temporary file unless switched or finished. 0 or -errno. */
int replace_discard(struct replacement *r) must_check;

/* The same, and lets go of it all. */
void replacement_clear(struct replacement *replacement);

/* What went wrong, for the answer: a step in words and an errno. */
struct replace_failure {
	const char *step;
	int error;
};

/* Compares with base, and chooses a temporary name. Nothing is written. */
enum mon_outcome replace_look(struct replacement *r,
			      struct replace_failure *ret_failure) must_check;

/* Makes the directories that are missing. */
enum mon_outcome replace_make_dirs(struct replacement *r,
				   struct replace_failure *ret_failure) must_check;

/* Removes them again, as far as nothing else is in them. 0 or -errno. */
int replace_remove_dirs(struct replacement *r) must_check;

/*
 * Writes the new file beside the old one, with owner, mode, ACLs, extended attributes and label of
 * the old one, and brings it to disk.
 */
enum mon_outcome replace_write(struct replacement *r,
			       struct replace_failure *ret_failure) must_check;

/* Both. */
enum mon_outcome replace_prepare(struct replacement *r,
				 struct replace_failure *ret_failure) must_check;

/* Lets the name show the new state and looks at what was there until now. */
enum mon_outcome replace_switch(struct replacement *r,
				struct replace_failure *ret_failure) must_check;

/*
 * Brings back what was there. 0 or -errno; -EBUSY if somebody else was at the name since the
 * switch: then his file has it, and what was there before has the temporary name.
 */
int replace_undo(struct replacement *r) must_check;

/* Brings the directory to disk. 0 or -errno. */
int replace_sync(const struct replacement *r) must_check;

/* Removes what was there. 0 or -errno. */
int replace_finish(struct replacement *r) must_check;

#endif
