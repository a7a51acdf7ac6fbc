/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CRASH_TREE_H
#define EXM_CRASH_TREE_H

/* All that a commit may touch, in memory: files with bytes, owner, mode and attributes. */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Two directories with files of the policy, the state directory, and the history in it, which may
 * not be there.
 */
enum tree_place { TREE_ONE, TREE_TWO, TREE_STATE, TREE_HISTORY, TREE_PLACE_MAX };

enum {
	TREE_FILES_MAX = 32,
	/* in the journal, see monitor/journal/journal_entry.h */
	TREE_PHASE_AT = 8,
	TREE_PHASE_SWITCHING = 2,
};

#define TREE_JOURNAL "journal"
#define TREE_HISTORY_NAME "history"
#define TREE_PENDING "pending"

/* Below the root. */
const char *tree_path(enum tree_place place);

struct tree_file {
	enum tree_place place;
	char name[NAME_MAX + 1];
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char *data;
	size_t size;
	char *attributes; /* sorted: a name, its NUL, the size of the value, the value */
	size_t attributes_size;
};

struct tree {
	struct tree_file file[TREE_FILES_MAX];
	size_t count;
	bool has_history;
};

void tree_clear(struct tree *tree);
struct tree_file *tree_find(struct tree *tree, enum tree_place place, const char *name);

/* What was there goes, and what was found is returned. The copy of a tree is all its own. */
void tree_read(int root_fd, struct tree *tree);
void tree_copy(const struct tree *from, struct tree *tree);

/* Owner, mode and attributes of what a descriptor is open for. */
void tree_read_metadata(int fd, struct tree_file *file);

/* A file more, empty. */
struct tree_file *tree_add(struct tree *tree, enum tree_place place, const char *name);

/* By place and name, as it is read: the hash knows the order. */
void tree_sort(struct tree *tree);

/* The directories have these files, made anew, and no others. */
void tree_write(int root_fd, const struct tree *tree);

/* The same files in the policy's directories? If not, ret_why tells of one. */
bool tree_same(const struct tree *a, const struct tree *b, char *ret_why, size_t size);

/* Of all files but the audit trail: equal trees have equal ones. */
uint64_t tree_hash(const struct tree *tree);

/* Is nothing of a commit left in the state directory, but revisions? Their number. */
bool tree_state_clean(const struct tree *tree, size_t *ret_revisions, char *ret_why, size_t size);

#endif
