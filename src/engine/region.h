/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REGION_H
#define EXM_REGION_H

#include <stdbool.h>

#include "common/node_path.h"

/*
 * Whose a node is. The files are the policy's. Some of /augeas is how the server knows what it has
 * loaded, and nobody may change it. The rest is the client's own: it lives in this session's
 * memory and reaches no file, except by an edit of one, which is judged.
 */
enum region {
	REGION_FILES,
	REGION_SERVER,
	REGION_CLIENT,
};

enum region region_of(const struct node_path *node);

/* Is it in the client's table of transforms? */
bool region_is_load(const struct node_path *node);

/*
 * Can the absolute expression name only nodes that are there without any file: below a plain
 * label that is neither /files nor /augeas/files? A wrong no costs time.
 */
bool region_needs_no_file(const char *expr);

#endif
