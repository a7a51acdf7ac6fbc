/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PATH_EXPR_H
#define EXM_PATH_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/*
 * What can be told of a path expression without evaluating it. Wrong guesses
 * cost time, not safety: what an expression may change is decided by the nodes
 * that Augeas finds for it.
 */

/*
 * The part below /files that every node it can name lies under, as a file
 * path ("/etc/hosts/1", "" for anything), without escapes and positions. A
 * relative expression stands below `context`. NULL when memory is short.
 */
char *path_expr_prefix(const char *expr, const char *context);

/*
 * Does it hold anything by which an expression leaves the subtree that it begins in: an axis, a
 * union, a variable, an operator between paths, or an absolute path inside a predicate?
 */
bool path_expr_may_leave(const char *expr);

/*
 * Length of the expression without its last step, as in "/a/b[x = '/']/c": 13.
 * 0 if there is no step to take away.
 */
size_t path_expr_parent(const char *expr);

/*
 * The first byte, in a path of labels and positions (node_path.h), where Augeas would not read a
 * label but look around: a wildcard, "." or "..", an axis, a variable. NULL: there is none.
 */
const char *path_expr_looks_around(const char *path);

/* Is the path `below` the path `above` itself, or below it? */
bool path_is_below(const char *below, const char *above);

#endif
