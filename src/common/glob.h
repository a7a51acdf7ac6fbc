/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_GLOB_H
#define EXM_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The wildcards of the policy: '*' stands for any bytes, '?' for one, a
 * backslash takes the next byte literally. Nothing else is special. Time is
 * bounded by the product of the two lengths, without recursion.
 */

/* Does the whole text match? '*' and '?' match any byte. */
bool glob_match(const char *pattern, const char *text);

/* The same with the first `length` bytes of the pattern. */
bool glob_match_part(const char *pattern, size_t length, const char *text);

/*
 * The same for file paths, compared component by component: no wildcard
 * matches a '/', and none matches a leading '.' of a component.
 */
bool glob_match_path(const char *pattern, const char *path);

/* Length of "/etc/dir" in "/etc/dir/x*y/z": up to the slash before the first wildcard. */
size_t glob_fixed_length(const char *pattern);

/* Does the pattern hold an unescaped wildcard? */
bool glob_has_wildcard(const char *pattern);

#endif
