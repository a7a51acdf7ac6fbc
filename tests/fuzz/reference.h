/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_FUZZ_REFERENCE_H
#define EXM_FUZZ_REFERENCE_H

/*
 * The same questions as src/common/glob.h and node_path.h answer, answered in another way: by a
 * table of which part of the pattern matches which part of the text. It is slow and plain, and
 * shares nothing with what it is held against.
 */

#include <stdbool.h>

#include "fuzz.h"

enum { REFERENCE_TEXT_MAX = 512, REFERENCE_LABELS_MAX = 128 };

/* Is it small enough for the tables? */
static inline bool reference_takes(const char *text)
{
	size_t slashes = 0;

	for (const char *p = text; *p; p++)
		slashes += *p == '/';
	return strlen(text) <= REFERENCE_TEXT_MAX && slashes < REFERENCE_LABELS_MAX;
}

/* One element of a pattern that starts at p: how long it is, and whether it takes this byte. */
static inline size_t reference_element(const char *p, const char *end, char c, bool *ret_takes)
{
	if (*p == '\\' && p + 1 < end) {
		*ret_takes = p[1] == c;
		return 2;
	}
	*ret_takes = *p == '?' || *p == c;
	return 1;
}

static inline bool reference_glob(const char *pattern, size_t pattern_length, const char *text,
				  size_t text_length)
{
	static bool matches[REFERENCE_TEXT_MAX + 2][REFERENCE_TEXT_MAX + 2];

	expect(pattern_length <= REFERENCE_TEXT_MAX && text_length <= REFERENCE_TEXT_MAX);
	for (size_t p = pattern_length + 1; p-- > 0;)
		for (size_t t = text_length + 1; t-- > 0;) {
			bool takes, *m = &matches[p][t];

			if (p == pattern_length) {
				*m = t == text_length;
			} else if (pattern[p] == '*') {
				*m = matches[p + 1][t] || (t < text_length && matches[p][t + 1]);
			} else if (t == text_length) {
				*m = false;
			} else {
				size_t length = reference_element(
					pattern + p, pattern + pattern_length, text[t], &takes);

				*m = takes && matches[p + length][t + 1];
			}
		}
	return matches[0][0];
}

/* Component by component, none of which begins with a dot that a wildcard stands for. */
static inline bool reference_glob_path(const char *pattern, const char *path)
{
	for (;;) {
		size_t p = strcspn(pattern, "/"), t = strcspn(path, "/");

		if (path[0] == '.' && (pattern[0] == '*' || pattern[0] == '?'))
			return false;
		if (!reference_glob(pattern, p, path, t) || pattern[p] != path[t])
			return false;
		if (pattern[p] == '\0')
			return true;
		pattern += p + 1;
		path += t + 1;
	}
}

struct reference_labels {
	size_t count;
	char text[REFERENCE_LABELS_MAX + 2][REFERENCE_TEXT_MAX + 1];
};

/* A pattern's labels, with their escapes; a slash behind a backslash separates nothing. */
static inline void reference_split(const char *pattern, struct reference_labels *ret_labels)
{
	size_t used = 0;

	ret_labels->count = 0;
	for (const char *p = pattern;; p++) {
		char *label = ret_labels->text[ret_labels->count];

		if (*p == '\0' || *p == '/') {
			label[used] = '\0';
			used = 0;
			ret_labels->count++;
			if (*p == '\0' || ret_labels->count > REFERENCE_LABELS_MAX)
				return;
			continue;
		}
		label[used++] = *p;
		if (*p == '\\' && p[1])
			label[used++] = *++p;
	}
}

/* Does the pattern match the labels from..to of the node? */
static inline bool reference_pattern(const char *pattern, char *const label[], size_t from,
				     size_t to)
{
	static bool matches[REFERENCE_LABELS_MAX + 2][REFERENCE_LABELS_MAX + 2];
	static struct reference_labels labels;
	size_t count = to - from;

	reference_split(pattern, &labels);
	expect(labels.count <= REFERENCE_LABELS_MAX && count <= REFERENCE_LABELS_MAX);
	for (size_t p = labels.count + 1; p-- > 0;)
		for (size_t t = count + 1; t-- > 0;) {
			bool *m = &matches[p][t];

			if (p == labels.count)
				*m = t == count;
			else if (strcmp(labels.text[p], "**") == 0)
				*m = matches[p + 1][t] || (t < count && matches[p][t + 1]);
			else
				*m = t < count &&
				     reference_glob(labels.text[p], strlen(labels.text[p]),
						    label[from + t], strlen(label[from + t])) &&
				     matches[p + 1][t + 1];
		}
	return matches[0][0];
}

/* The same for the node, or one above it. */
static inline bool reference_covers(const char *pattern, char *const label[], size_t from,
				    size_t to)
{
	for (size_t end = from + 1; end <= to; end++)
		if (reference_pattern(pattern, label, from, end))
			return true;
	return false;
}

/*
 * A canonical path's labels without escapes and positions; false for what is none. A byte that
 * is special stands behind a backslash, a position is a number without a zero before it.
 */
static inline bool reference_path(const char *path, struct reference_labels *ret_labels)
{
	const char *p = path;

	ret_labels->count = 0;
	do {
		char *out = ret_labels->text[ret_labels->count];
		size_t digits;

		if (*p != '/' || ret_labels->count == REFERENCE_LABELS_MAX)
			return false;
		for (p++; *p && *p != '/' && *p != '['; p++) {
			if (*p == '\\' ? *++p == '\0' : strchr("]|=()!, \t\n\v\f\r", *p) != NULL)
				return false;
			*out++ = *p;
		}
		*out = '\0';
		if (out == ret_labels->text[ret_labels->count++])
			return false;
		if (*p != '[')
			continue;
		digits = strspn(p + 1, "0123456789");
		if (digits == 0 || p[1] == '0' || p[1 + digits] != ']' ||
		    strtoull(p + 1, NULL, 10) > 4294967295u || digits > 10)
			return false;
		p += digits + 2;
	} while (*p);
	return true;
}

#endif
