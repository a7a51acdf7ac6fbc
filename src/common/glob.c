/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and in the engine. Patterns come from the policy; the
 * text is hostile. fnmatch(3) is not used because it knows brackets and
 * locales and recurses on the text.
 */
#include "common/glob.h"

#include <string.h>

/* Matches one pattern element at p; returns the element's length or 0. */
static size_t match_one(const char *p, const char *p_end, char c)
{
	if (p == p_end)
		return 0;
	if (*p == '?')
		return 1;
	if (*p == '\\' && p + 1 < p_end)
		return p[1] == c ? 2 : 0;
	return *p == c ? 1 : 0;
}

static bool match_range(const char *p, const char *p_end, const char *t, const char *t_end)
{
	const char *star = NULL, *retry = NULL;
	size_t step;

	while (t < t_end) {
		if (p < p_end && *p == '*') {
			star = ++p;
			retry = t;
		} else if ((step = match_one(p, p_end, *t)) > 0) {
			p += step;
			t++;
		} else if (star) {
			p = star;
			t = ++retry;
		} else {
			return false;
		}
	}
	while (p < p_end && *p == '*')
		p++;
	return p == p_end;
}

bool glob_match_part(const char *pattern, size_t length, const char *text)
{
	return match_range(pattern, pattern + length, text, text + strlen(text));
}

bool glob_match(const char *pattern, const char *text)
{
	return glob_match_part(pattern, strlen(pattern), text);
}

bool glob_match_path(const char *pattern, const char *path)
{
	for (;;) {
		const char *p_end = strchrnul(pattern, '/');
		const char *t_end = strchrnul(path, '/');

		if (*path == '.' && (*pattern == '*' || *pattern == '?'))
			return false;
		if (!match_range(pattern, p_end, path, t_end))
			return false;
		if (*p_end == '\0' || *t_end == '\0')
			return *p_end == *t_end;
		pattern = p_end + 1;
		path = t_end + 1;
	}
}

size_t glob_fixed_length(const char *pattern)
{
	size_t last = 0;

	for (size_t i = 0; pattern[i] && pattern[i] != '*' && pattern[i] != '?'; i++) {
		if (pattern[i] == '/')
			last = i;
		if (pattern[i] == '\\' && pattern[i + 1])
			i++;
	}
	return last;
}

bool glob_has_wildcard(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '*' || *pattern == '?')
			return true;
		if (*pattern == '\\' && pattern[1])
			pattern++;
	}
	return false;
}
