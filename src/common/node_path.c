/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and in the engine. Canonical paths hold labels that
 * hostile file content made; patterns come from the policy. Touches nothing
 * but memory.
 */
#include "common/node_path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/glob.h"

/* What Augeas never prints in a label without a backslash before it. */
static bool needs_escape(char c)
{
	return strchr("/[]|=()!, \t\n\v\f\r", c) != NULL;
}

/* Reads the label at *in and writes it without its escapes to *out. */
static int parse_label(const char **in, char **out)
{
	const char *start = *out;

	for (; **in && **in != '/' && **in != '['; ++*in) {
		if (**in == '\\') {
			if (*++*in == '\0')
				return -EINVAL;
		} else if (needs_escape(**in)) {
			return -EINVAL;
		}
		*(*out)++ = **in;
	}
	return *out == start ? -EINVAL : 0;
}

/* Reads "[N]" if it is there. */
static int parse_position(const char **in, unsigned int *ret_position)
{
	unsigned int position = 0;

	*ret_position = 0;
	if (**in != '[')
		return 0;
	for (++*in; **in >= '0' && **in <= '9'; ++*in) {
		unsigned int digit = (unsigned int)(**in - '0');

		if (position > (UINT_MAX - digit) / 10 || (position == 0 && digit == 0))
			return -EINVAL;
		position = position * 10 + digit;
	}
	if (position == 0 || *(*in)++ != ']')
		return -EINVAL;
	*ret_position = position;
	return 0;
}

static int parse_labels(const char *in, char *out, struct node_path *path)
{
	do {
		int r;

		if (*in++ != '/')
			return -EINVAL;
		if (path->depth == NODE_DEPTH_MAX)
			return -E2BIG;
		path->label[path->depth] = out;
		r = parse_label(&in, &out);
		if (r == 0)
			r = parse_position(&in, &path->position[path->depth]);
		if (r < 0)
			return r;
		*out++ = '\0';
		path->depth++;
	} while (*in);
	return 0;
}

int node_path_parse(const char *canonical, struct node_path *ret_path)
{
	/* each label loses at least its '/' and gains a NUL */
	struct node_path path = { .text = malloc(strlen(canonical) + 1) };
	int r;

	if (!path.text)
		return -ENOMEM;
	r = parse_labels(canonical, path.text, &path);
	if (r < 0) {
		node_path_clear(&path);
		return r;
	}
	*ret_path = path;
	return 0;
}

struct node_path node_path_below(const struct node_path *path, size_t from)
{
	struct node_path below = { .depth = path->depth - from };

	for (size_t i = 0; i < below.depth; i++) {
		below.label[i] = path->label[from + i];
		below.position[i] = path->position[from + i];
	}
	return below;
}

char *node_path_spell(const struct node_path *path, size_t from)
{
	scoped_ptr char *text = NULL;
	size_t size = 1;

	for (size_t i = from; i < path->depth; i++)
		size += 2 * strlen(path->label[i]) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	text[0] = '\0';
	for (size_t i = from; i < path->depth; i++) {
		char *out = text + strlen(text);

		if (i > from)
			*out++ = '/';
		for (const char *p = path->label[i]; *p; p++) {
			if (strchr("/ \t\\*?", *p))
				*out++ = '\\';
			*out++ = *p;
		}
		*out = '\0';
	}
	return take_ptr(text);
}

void node_path_clear(struct node_path *path)
{
	free(path->text);
	path->text = NULL;
	path->depth = 0;
}

/* The rest of a pattern: its first label, and where the next one begins. */
struct pattern {
	const char *label; /* NULL: nothing is left */
	size_t length;
};

static struct pattern pattern_at(const char *label)
{
	struct pattern pattern = { .label = label };

	while (label && label[pattern.length] && label[pattern.length] != '/')
		pattern.length +=
			label[pattern.length] == '\\' && label[pattern.length + 1] ? 2 : 1;
	return pattern;
}

static struct pattern pattern_next(struct pattern pattern)
{
	const char *end = pattern.label + pattern.length;

	return pattern_at(*end ? end + 1 : NULL);
}

static bool is_any_depth(struct pattern pattern)
{
	return pattern.label && pattern.length == 2 && memcmp(pattern.label, "**", 2) == 0;
}

/* Does the pattern match the labels [from, to)? A "**" that took too few of them takes one more. */
static bool match_labels(const char *text, const struct node_path *path, size_t from, size_t to)
{
	struct pattern pattern = pattern_at(text), after_any = { 0 };
	bool any = false;
	size_t at = from, retry = from;

	while (at < to) {
		if (is_any_depth(pattern)) {
			pattern = after_any = pattern_next(pattern);
			any = true;
			retry = at;
		} else if (pattern.label &&
			   glob_match_part(pattern.label, pattern.length, path->label[at])) {
			pattern = pattern_next(pattern);
			at++;
		} else if (any) {
			pattern = after_any;
			at = ++retry;
		} else {
			return false;
		}
	}
	while (is_any_depth(pattern))
		pattern = pattern_next(pattern);
	return !pattern.label;
}

bool node_pattern_match(const char *pattern, const struct node_path *path, size_t from)
{
	return match_labels(pattern, path, from, path->depth);
}

bool node_pattern_covers(const char *pattern, const struct node_path *path, size_t from)
{
	for (size_t to = from + 1; to <= path->depth; to++)
		if (match_labels(pattern, path, from, to))
			return true;
	return false;
}

/*
 * at[i]: the labels of the pattern so far can be those of the path before i. Any label that
 * is left of the pattern then could be one below.
 */
bool node_pattern_goes_below(const char *text, const struct node_path *path, size_t from)
{
	bool at[NODE_DEPTH_MAX + 1] = { 0 };

	at[from] = true;
	for (struct pattern p = pattern_at(text); p.label; p = pattern_next(p)) {
		bool any = is_any_depth(p), before = false;

		if (at[path->depth])
			return true;
		for (size_t i = from; i <= path->depth; i++) {
			bool here = at[i];

			if (any)
				at[i] = here || before;
			else
				at[i] = before &&
					glob_match_part(p.label, p.length, path->label[i - 1]);
			before = any ? at[i] : here;
		}
		/* "**" takes one more */
		if (any && at[path->depth])
			return true;
	}
	return false;
}
