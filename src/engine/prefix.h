/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PREFIX_H
#define EXM_PREFIX_H

#include "common/policy.h"

/*
 * What the sections of the policy have to do with a prefix (path_expr.h): the part of an
 * expression below /files that is plain, "/etc/hosts/1", which may end above the files that a
 * section names, or lead into one. Patterns are paths of the policy. Nothing is looked up.
 */

/* Could a file of this pattern lie above or below the prefix? */
bool prefix_concerns(const char *prefix, const char *pattern);

/* Does the prefix end above all files of this pattern? */
bool prefix_is_above(const char *prefix, const char *pattern);

/* May it be a file of this pattern, or the directory of some: is it no deeper than these? */
bool prefix_is_on_the_way(const char *prefix, const char *pattern);

/*
 * The next longer beginning of the prefix that a section governs, behind the first `length` bytes:
 * its length, with the number of the section; 0 if there is none. The prefix is as it was
 * afterwards.
 */
size_t prefix_next_governed(const struct policy *policy, char *prefix, size_t length,
			    ssize_t *ret_entry);

#endif
