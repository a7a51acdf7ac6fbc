/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_DIRTY_H
#define EXM_DIRTY_H

#include "engine/call.h"
#include "engine/tree.h"

/* One file that would be changed by a commit. */
struct dirty {
	struct tree_file *file;
	int from;    /* what it replaces: the file's base, or what is newer; not owned */
	int content; /* what is committed; -1: removed. Owned if it is rebased, else ours */
	int ours;    /* as it was edited, or is to be again; owned */
	enum dirty_origin {
		DIRTY_EDITED,
		DIRTY_MERGED,   /* by config.revert, with what was done since */
		DIRTY_RESTORED, /* by the monitor */
		DIRTY_BESIDE,   /* by augeas.save, in another file than the one that was edited */
		DIRTY_WITHHELD, /* the same, and the content, which is not known, is no removal */
	} origin;
	const struct tree_file *stands_for; /* DIRTY_BESIDE: for the edits of that one, if any */
	bool rebased;                       /* the content is merged from ours and what is newer */
};

static inline bool dirty_removes(const struct dirty *dirty)
{
	return dirty->content < 0 && dirty->origin != DIRTY_WITHHELD;
}

struct dirty_list {
	struct dirty item[TREE_FILES_MAX];
	size_t count; /* those that there is something to write of */
	size_t total; /* with those that somebody else has made the same of */
};

void dirty_list_free(struct dirty_list **list);

#define scoped_dirty_list scoped(dirty_list_free) struct dirty_list

/* Renders all edits. 0 with the files whose content is another one now, or -1 with the call
 * answered. */
int dirty_collect(struct call *call, struct dirty_list **ret_list) must_check;

/* Takes merged content over, to be committed in place of what is newer; and as it was edited. */
void dirty_set_merged(struct dirty *dirty, int merged);
void dirty_set_plain(struct dirty *dirty);

/* "change", "create" or "delete" */
const char *dirty_action(const struct dirty *dirty);

/* The unified difference between two contents of the file; -1: none. NULL: no memory, or what it
 * becomes is withheld. */
char *dirty_diff(const struct dirty *dirty, int from, int to);

/* For each file its name and action, and what would change. */
struct json_object *dirty_describe(const struct dirty_list *list, bool with_diff);

#endif
