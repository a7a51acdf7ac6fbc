/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. The prefix is the client's, the policy is root's; touches nothing but memory.
 */
#include "engine/prefix.h"

#include <string.h>

#include "common/glob.h"
#include "engine/path_expr.h"

/* Does a component-wise beginning of the prefix match the pattern, or the reverse? */
static bool one_begins_the_other(const char *pattern, const char *prefix)
{
	for (;;) {
		const char *p = strchrnul(pattern + 1, '/'), *t = strchrnul(prefix + 1, '/');
		scoped_ptr char *one = strndup(pattern + 1, (size_t)(p - pattern - 1));
		scoped_ptr char *other = strndup(prefix + 1, (size_t)(t - prefix - 1));

		if (!one || !other || !glob_match_path(one, other))
			return false;
		if (*p == '\0' || *t == '\0')
			return true;
		pattern = p;
		prefix = t;
	}
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

bool prefix_concerns(const char *prefix, const char *pattern)
{
	if (prefix[0] == '\0')
		return true;
	if (glob_has_wildcard(pattern))
		return one_begins_the_other(pattern, prefix);
	return path_is_below(prefix, pattern) || path_is_below(pattern, prefix);
}

bool prefix_is_above(const char *prefix, const char *pattern)
{
	return depth_of(prefix) < depth_of(pattern) && prefix_concerns(prefix, pattern);
}

bool prefix_is_on_the_way(const char *prefix, const char *pattern)
{
	return depth_of(prefix) <= depth_of(pattern) && prefix_concerns(prefix, pattern);
}

size_t prefix_next_governed(const struct policy *policy, char *prefix, size_t length,
			    ssize_t *ret_entry)
{
	while (prefix[length] == '/') {
		char behind;

		length += 1 + strcspn(prefix + length + 1, "/");
		behind = prefix[length];
		prefix[length] = '\0';
		*ret_entry = policy_find_file(policy, prefix);
		prefix[length] = behind;
		if (*ret_entry >= 0)
			return length;
	}
	return 0;
}
