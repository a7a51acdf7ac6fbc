/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXMACHINA_HISTORY_H
#define EXMACHINA_HISTORY_H

/*
 * Commits of the past; exmachina.h includes it, and has the conventions. Each
 * commit is a revision, with a number that counts up from 1 and is never given
 * twice. A session sees the files that its policy names now, whoever changed
 * them. IO from all of these if the server has no state directory.
 */

#include <exmachina.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a commit did to one node. */
struct exm_node_change {
	char *node;      /* its path below the file */
	char *action;    /* "changed", "added" or "removed" */
	char *old_value; /* NULL: none, or secret */
	char *new_value; /* likewise */
	bool secret;     /* the policy calls it so, and values are not told */
	bool moved;      /* the same is found elsewhere below the same node */
};

struct exm_revision_file {
	char *file;
	char *action;         /* "change", "create" or "delete" */
	char *section;        /* of the policy, as it was then: what stood in [File ...] */
	int64_t change_count; /* of nodes; 0 also if the policy had it not verified */
	/* from exm_show() only: */
	char *diff;    /* unified; NULL: withheld, or too long for one answer */
	bool withheld; /* the file has secrets in it, so that its text is not told */
	struct exm_node_change **changes; /* ended by NULL; NULL from exm_history() */
	bool more;                        /* there are more changes than these */
};

/* Who it was, as the server found out. */
struct exm_revision_client {
	int64_t pid, uid;
	char *user; /* whom the session was for */
	char *unit; /* of systemd; NULL: none, or not known */
};

struct exm_revision {
	int64_t revision;
	int64_t reverts; /* the revision that it took back, or the first of these; 0: none */
	char *time;      /* RFC 3339, in UTC; NULL for a year that this cannot write */
	char *method;    /* "config.commit", "config.revert", "config.rollback" */
	struct exm_revision_client *client;
	bool partial; /* it changed more files, which the policy does not name */
	struct exm_revision_file **files; /* ended by NULL; those that the policy names */
};

/*
 * The newest revisions, the newest first, and their number. Free the list with
 * free(3), which frees all of it.
 *
 *   path      of the files; may hold the wildcards of the policy, of which *
 *             matches a slash here, too. NULL: all
 *   below     those with a smaller number than that; 0: from the newest on
 *   limit     at most so many, up to 100; 0: as many as the server likes
 *   ret_next  what to give as below to go on; 0 if there are no more. May be NULL
 *
 * BAD_VALUE if a number is out of range.
 */
EXM_PUBLIC int exm_history(struct exm *session, const char *path, int64_t below, int limit,
			   struct exm_revision ***ret_revisions, int64_t *ret_next) EXM_CHECK;

/* One revision in full; free it with free(3). NO_MATCH if there is none, or none any more. */
EXM_PUBLIC int exm_show(struct exm *session, int64_t revision,
			struct exm_revision **ret_revision) EXM_CHECK;

/*
 * Takes a revision back: a commit of its own, checked like any other. Where its
 * files were not changed since, they are to the byte what they were before;
 * else what was done since stays, if it was done to other nodes. The number of
 * files changed, which are handed out unless ret_changes is NULL; 0 if all was
 * taken back already.
 *
 *   CONFLICT  the same nodes were changed since: exm_error_field() has "file"
 *             and "nodes"; or edits wait for a commit: it has "files"
 *   DENIED    the policy does not allow that change, or does not name all files
 *   NO_MATCH  as exm_show()
 *
 * and all that exm_commit() fails with. What the session had read of files is
 * read anew.
 */
EXM_PUBLIC int exm_revert(struct exm *session, int64_t revision,
			  struct exm_change ***ret_changes) EXM_CHECK;

/*
 * The number of the revision that the last exm_commit(), exm_commit_with(), exm_save() or
 * exm_revert() of the session made; 0 if it made none, because it failed or
 * changed nothing, or because the server keeps no history.
 */
EXM_PUBLIC int64_t exm_last_revision(const struct exm *session);

#ifdef __cplusplus
}
#endif

#endif
