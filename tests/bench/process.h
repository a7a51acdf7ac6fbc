/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_PROCESS_H
#define EXM_BENCH_PROCESS_H

/* What is asked of a whole process each time. */

#include <stdbool.h>

enum { WORDS_MAX = 16 };

struct program {
	const char *words[WORDS_MAX + 1]; /* the program, found by PATH, and its arguments */
	const char *user;                 /* as whom, or NULL: root */
};

/* A measure() of a struct program: from the fork to the end. NAN if its status is not 0. */
double program_us(void *data);

#endif
