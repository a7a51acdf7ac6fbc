/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_OUTLINE_H
#define EXM_OUTLINE_H

/*
 * The shape of a part of Augeas's tree, kept beside it: for each node its parent, and which of
 * its siblings of one label it is. Augeas itself counts these anew for each path that it
 * prints, so that n paths among n siblings take the square of n; from an outline they take n.
 * Whatever may change the tree must have the outline freed first: it holds Augeas's own strings.
 */

#include <augeas.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "engine/output.h"

struct outline;

/*
 * Of the one node that the expression root names and all below; "" is the whole tree. 0;
 * -ENOTSUP if Augeas does not tell these nodes apart; -ENOMEM.
 */
int outline_new(augeas *aug, const char *root, struct outline **ret_outline) must_check;
struct outline *outline_free(struct outline *outline);

static inline void outline_freep(struct outline **outline)
{
	outline_free(*outline);
}

#define scoped_outline scoped(outline_freep) struct outline

/*
 * The node that has this label, which is Augeas's own string, as aug_ns_attr(3) gives it; or -1,
 * as for any when memory is short. Looks around the node `near` first.
 */
ssize_t outline_find(struct outline *outline, const char *label, uint32_t near);

/*
 * The node of an absolute path that has nothing but plain labels and positions below the root, as
 * in /files/etc/hosts/1/alias[2], where that names just one. OUTLINE_NONE: it names none.
 * OUTLINE_UNKNOWN: it names several, or is not understood here, or memory is short.
 */
enum { OUTLINE_UNKNOWN = -1, OUTLINE_NONE = -2 };
ssize_t outline_locate(struct outline *outline, const char *path);

/* Does the path lead to the root or below it? */
bool outline_holds(const struct outline *outline, const char *path);

/* The root's path, as Augeas spells it; "" for the whole tree. */
const char *outline_root(const struct outline *outline);

/* Augeas's own. Of the value NULL: none. */
const char *outline_label(const struct outline *outline, uint32_t node);
const char *outline_value(const struct outline *outline, uint32_t node);

/* How many nodes it has, the root included. */
uint32_t outline_size(const struct outline *outline);

/* The one that it is a child of, and the one behind the last that is below it. */
uint32_t outline_parent(const struct outline *outline, uint32_t node);
uint32_t outline_end(const struct outline *outline, uint32_t node);

/* The first of its children, and the next one of the same parent; 0: none. */
uint32_t outline_first_below(const struct outline *outline, uint32_t node);
uint32_t outline_next_beside(const struct outline *outline, uint32_t node);

/* How many children it has. */
uint32_t outline_children(const struct outline *outline, uint32_t node);

/* A path, and whose it is: the next one mostly begins as it does. Starts out as OUTLINE_NOWHERE. */
struct outline_path {
	struct output text;
	uint32_t node;
	size_t parent; /* length of the part that is its parent's path */
};

#define OUTLINE_NOWHERE ((struct outline_path){ .node = UINT32_MAX })

static inline void outline_path_clear(struct outline_path *path)
{
	output_clear(&path->text);
}

/* Makes the path that of the node, as aug_match(3) spells it; path->text.failed without memory. */
void outline_spell(struct outline *outline, uint32_t node, struct outline_path *path);

/* Adds the node and all below as aug_print(3) prints them, until there are more than max bytes. */
void outline_print(struct outline *outline, uint32_t node, size_t max, struct output *out);

#endif
