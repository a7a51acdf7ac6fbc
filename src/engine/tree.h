/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TREE_H
#define EXM_TREE_H

#include <augeas.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/memfd.h"
#include "common/policy.h"
#include "engine/call.h"
#include "engine/load_table.h"
#include "engine/lookup.h"
#include "engine/mon.h"
#include "engine/reads.h"
#include "engine/splice.h"

/*
 * Augeas over a private staging directory. A file gets there from the monitor
 * when a request first names it, and is loaded with its one lens. What aug_save(3)
 * writes stays there too, until a commit hands it to the monitor.
 */
struct node_path;

enum tree_state {
	TREE_ABSENT, /* there is no such file (yet) */
	TREE_STAGED, /* it is about to be loaded with others */
	TREE_LOADED,
	TREE_PARSE_FAILED, /* it is there, but its lens does not describe it */
	TREE_UNREADABLE,   /* the monitor could not or would not hand it out */
	TREE_DETACHED,     /* the client has taken it out of /augeas/load */
};

struct tree_file {
	char *path;
	uint32_t entry;
	char *lens; /* that it is read and written with */
	enum load_answer attached;
	bool asked;   /* by augeas.load_file */
	bool foreign; /* which is not the policy's: its nodes mean nothing to the policy */
	enum tree_state state;
	enum mon_outcome outcome; /* TREE_UNREADABLE: why */
	int error;
	int base;        /* memfd: what was handed out, and edited; -1: nothing */
	bool stale;      /* the monitor has handed out something else since, ... */
	int newer;       /* ... this; -1: nothing */
	bool edited;     /* differs from what was handed out, perhaps */
	bool unwritten;  /* the last try to write it has failed */
	bool spliced;    /* what is staged was made of the edits already, without Augeas */
	long nul_offset; /* TREE_PARSE_FAILED: of a NUL byte, or -1 */
	/* what the text was read as, or NULL; and its splice_total() of the base, 0: not known */
	struct splice *splice;
	uint64_t handed_out;
};

enum { TREE_FILES_MAX = 512 };

/* Where relative expressions begin. */
#define TREE_CONTEXT "/augeas/context"

/* How augeas.save goes about it: "overwrite", "backup", "newfile" or "noop". */
#define TREE_SAVE "/augeas/save"
/* "enable" or "disable"; here they are known always. */
#define TREE_SPAN "/augeas/span"
/* What the last commit wrote. */
#define TREE_SAVED "/augeas/events/saved"

struct tree {
	augeas *aug;
	struct mon *mon;
	const struct policy *policy;
	char *staging;
	char *lens_path; /* colon-separated, as Augeas's */
	struct tree_file file[TREE_FILES_MAX];
	size_t count;
	bool empty;       /* only files that augeas.load_file names are read */
	bool bulk;        /* files are staged, to be loaded together */
	bool everything;  /* every file of the policy has been fetched */
	bool load_edited; /* the client has edited /augeas/load; augeas.load looks at it then */
	struct load_table *load; /* what it had there at the last one; NULL: the policy's */
	const char *save_mode;   /* /augeas/save, static */
	char **saved;            /* /augeas/events/saved: paths of files, ended by NULL; or NULL */
	bool *listed;            /* for each entry with wildcards, whether its files were listed */
	char *last_node;         /* of the file that was named last */
	time_t next_mtime;
	struct lookup lookup;
	struct reads reads;
	struct splice_room room;
	uint64_t texts_spliced, texts_whole; /* how many were made in which way; see texts.h */
};

/* staging is an empty directory. 0 or -errno. */
int tree_new(struct mon *mon, const struct policy *policy, const char *staging,
	     const char *lens_path, struct tree **ret_tree) must_check;
struct tree *tree_free(struct tree *tree);

/*
 * Brings in the files that the expression may touch. 0; or -1 with the call
 * answered if it names one file and that can't be read or parsed.
 */
int tree_need(struct call *call, const char *expr) must_check;

/* The same for everything that the policy names. */
int tree_need_all(struct call *call) must_check;

/* The fetched file that a node belongs to, or NULL. */
struct tree_file *tree_file_of(struct tree *tree, const struct node_path *node);

/* The file of that path, whether it was fetched or not; NULL if the policy has none. 0 or -1. */
int tree_fetch(struct call *call, const char *path, struct tree_file **ret_file) must_check;

/*
 * The section that governs a path of labels below /files, and how much of it is the file's own
 * path; 0: none does. Looks only where several could be: one of them is the file. 0 or -1.
 */
int tree_place(struct call *call, char *path, ssize_t *ret_entry, size_t *ret_length) must_check;

/* Drops everything that was fetched, with all edits, here and in the monitor. 0 or -errno. */
int tree_forget(struct tree *tree) must_check;

/* The tree is about to change, or has changed: what was read of it before counts no more. */
void tree_changed(struct tree *tree);

/*
 * The common case, without a look at the policy: does it name the same file as last time, and below
 * it nothing but labels, positions and wildcards, none of which could leave it?
 */
bool tree_is_near(const struct tree *tree, const char *expr);

/*
 * The node that all nodes lie below which the expression may name: that of the file if there is
 * but one, or "", which is above all. NULL without memory.
 */
char *tree_scope(const struct tree *tree, const char *expr);

/*
 * The same for all else that the client has done to the tree, as for a session that begins: its
 * own nodes and variables, /augeas/load, context, save and span. 0 or -errno.
 */
int tree_begin_anew(struct tree *tree) must_check;

/* Has /augeas/root say where the files are from, which is not where they are staged. */
int tree_show_root(struct tree *tree, const char *root) must_check;

/* Sets /augeas/save to a static text. 0 or -EINVAL. */
int tree_save_mode(struct tree *tree, const char *mode) must_check;

/* The files that a commit has written, ended by NULL, for /augeas/events/saved. Takes them over. */
void tree_set_saved(struct tree *tree, char **paths);
/* Has them there, whatever Augeas wrote to the staging directory meanwhile. 0 or -EINVAL. */
int tree_tell_saved(struct tree *tree) must_check;

/* Takes the client's table of transforms, if it has edited that, for what is fetched from now on.
 * 0 or -errno. */
int tree_take_table(struct tree *tree) must_check;

/* Does the expression name only what no file of the policy can hold? */
bool tree_is_outside(const struct tree *tree, const char *expr);

/* May relative expressions begin there: at a file that the policy names, or above one? */
bool tree_may_be_context(const struct tree *tree, const char *path);

/* The answer when an expression names no node. Returns -1. */
int tree_no_match(struct call *call, const char *expr);

/* The answer when it names more than the one that was asked for. Returns -1. */
int tree_too_many(struct call *call, const char *expr, int matches);

/* An answer with the name of Augeas's error (an AUG_ code) in its data. Returns -1. */
int tree_augeas_error(struct call *call, int code, int augeas, const char *expr,
		      const char *problem);

/* Reports Augeas's last error as the answer to a call. Returns -1. */
int tree_fail(struct call *call, const char *expr);

/* The answer for a file that is not TREE_LOADED or TREE_ABSENT. Returns -1. */
int tree_file_fail(struct call *call, const struct tree_file *file);

/* Path of the file in the staging directory. */
char *tree_staging_path(const struct tree *tree, const char *path);

#endif
