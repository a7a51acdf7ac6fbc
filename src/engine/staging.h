/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_STAGING_H
#define EXM_STAGING_H

#include "engine/tree.h"

/* Asks the monitor for the file, writes it to the staging directory and loads it. 0 or -errno. */
int staging_fetch(struct tree *tree, struct tree_file *file) must_check;

/* Loads one that was written there. 0 or -errno. */
int staging_load(struct tree *tree, struct tree_file *file) must_check;

/*
 * staging_bulk.c: between these two, files are staged and not loaded, and then all of them are
 * loaded at once; unless there is something already that this would disturb. 0 or -errno.
 */
void staging_bulk_begin(struct tree *tree);
int staging_bulk_end(struct tree *tree) must_check;

/*
 * Asks the monitor for the file once more. With OUTCOME_DONE and OUTCOME_ABSENT it is file->newer
 * and stale, while the tree and its base stay as they are. 0 or -errno.
 */
int staging_fetch_newer(struct tree *tree, struct tree_file *file,
			struct msg_open_reply *ret_reply) must_check;
/* It is what the tree is based on. */
void staging_forget_newer(struct tree_file *file);
/* The file is that from now on, in the tree too; takes the memfd over. 0 or -errno. */
int staging_adopt(struct tree *tree, struct tree_file *file, int content) must_check;

/* The file is what was fetched as newer, or gone, without the edits in it. 0 or -errno. */
int staging_read_anew(struct tree *tree, struct tree_file *file) must_check;

/* Takes the file out of the tree and of the staging directory. 0 or -errno. */
int staging_forget(struct tree *tree, const struct tree_file *file) must_check;

/* Writes the text in place of what is staged, where Augeas takes it for its own. 0 or -errno. */
int staging_write(struct tree *tree, const struct tree_file *file, const char *text) must_check;

/* Did Augeas note an error with the file? */
bool staging_has_error(const struct tree *tree, const struct tree_file *file);
void staging_clear_error(struct tree *tree, const struct tree_file *file);

/*
 * The file as it would be committed now: a sealed memfd, or -1 in ret_content
 * if it shall not exist. 0 or -errno.
 */
int staging_content(const struct tree *tree, const struct tree_file *file,
		    int *ret_content) must_check;

/* How Augeas names the node of a file where it is no expression: without escapes. */
char *staging_plain_node(const char *path);

/* What Augeas says that a node comes from, with a file as above: where that was staged is nobody's
 * business. A new string, or source itself. */
char *staging_source(const struct tree *tree, char *source);

/* The node of a file: "/files" and its path, with the escapes that Augeas needs. */
char *staging_node(const char *path);

/* The path that an entry with wildcards and a name of its list make. */
char *staging_join(const char *pattern, const char *name);

/* The reverse: the name below the entry's fixed directory; "" without wildcards. */
const char *staging_name(const char *pattern, const char *path);

#endif
