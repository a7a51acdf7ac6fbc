/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_DIFF_H
#define EXM_DIFF_H

#include <stddef.h>

struct text {
	const char *data;
	size_t size;
};

/*
 * The difference of two texts line by line, in unified format with three lines
 * of context (POSIX diff -u). A text whose data is NULL is a file that does not
 * exist, and /dev/null in its header. The shortest edit is found
 * by Myers's algorithm ("An O(ND) Difference Algorithm and Its Variations",
 * 1986); texts that differ in more than DIFF_COST_MAX lines are shown as
 * replaced from the first difference to the last. "" if there is none; NULL
 * when memory is short.
 */
enum { DIFF_COST_MAX = 2000 };

char *diff_unified(const char *name, struct text from, struct text to);

#endif
