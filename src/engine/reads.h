/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_READS_H
#define EXM_READS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "engine/outline.h"

struct tree;

/*
 * An outline that was made stays until the tree changes. One of the whole tree counts for a single
 * read: Augeas's own notes are in it, which change when an expression cannot be parsed.
 */
struct reads {
	struct outline *outline; /* NULL: none */
	bool once;
	uint64_t outlined;  /* reads of many nodes that an outline served, ... */
	uint64_t fallbacks; /* ... and those that it could not, and Augeas did */

	unsigned int gets; /* that Augeas did since the outline was of use for one */
	uint32_t size;     /* of the last outline of a file */
	bool hopeless;     /* for gets there is none until the tree changes */
};

void reads_forget(struct reads *reads);

/* Forgets the outline and makes one of what is at root and below, as outline_new(). */
int reads_renew(struct tree *tree, const char *root) must_check;

/*
 * Looks for the one node that a path of labels and positions names in an outline: Augeas walks the
 * list of siblings for each, and reads the path anew. Makes one once there were so many gets that
 * it pays. What the path needs was brought in.
 */
enum reads_found {
	READS_FOUND,
	READS_NONE,    /* there is no such node */
	READS_UNKNOWN, /* Augeas has to be asked */
};
enum reads_found reads_get(struct tree *tree, const char *path, const char **ret_label,
			   const char **ret_value);

/* Would it make an outline now? */
bool reads_takes_time(const struct reads *reads, const char *path);

#endif
