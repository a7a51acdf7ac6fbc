/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SELECTION_FIXTURE_H
#define EXM_SELECTION_FIXTURE_H

#include "unit.h"

#include "engine/selection.h"
#include "engine/tree.h"

/* Where the one file of the tree is. */
#define FILE_NODE "/files/etc/x"

/* cmocka's setup and teardown: a tree whose file has no nodes yet. */
int make(void **state);
int unmake(void **state);

/* Enough nodes elsewhere for an outline of the whole tree. */
enum { PADDING = 70 };
void pad(struct tree *tree);

/* So that few nodes go by an outline too, of whatever is there now. */
void prime(struct tree *tree);

/* The file becomes a hosts file of so many entries; entry 7 is "7", with two aliases each. */
void store_hosts(struct tree *tree, int entries);

/*
 * What selection.h finds is what libaugeas does; primed: by an outline, also where nodes are few.
 */
void compare_match(struct tree *tree, const char *expr, bool primed);
void compare_print(struct tree *tree, const char *expr, bool primed);
void compare(struct tree *tree, const char *expr);

/* The same for reads_get(), where it knows: of the path, and of paths that look like it. */
void compare_get(struct tree *tree, const char *path);
void compare_gets_near(struct tree *tree, const char *path);

/* How many times it found the node, and knew that there is none. */
struct get_counts {
	size_t found, none;
};
struct get_counts get_counts(void);

/* All of that for so many expressions at random, and augeas.dump of the file. */
void compare_tree(struct tree *tree, int expressions);

#endif
