/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CRASH_MUST_H
#define EXM_CRASH_MUST_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What these programs need and do not examine. If it fails nothing was proved, and that is said. */
#define MUST(condition) \
	do { \
		if (!(condition)) \
			must_fail(__FILE__, __LINE__, #condition); \
	} while (0)

static inline void must_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: %s: %s\n", file, line, condition, strerror(errno));
	exit(3);
}

#endif
