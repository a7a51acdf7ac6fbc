/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_SUMMARY_H
#define EXM_BENCH_SUMMARY_H

#include <stdio.h>

#include "bench.h"

/* On what machine this runs, in one line. */
void summary_machine(FILE *file);

/* How noise is met, in one paragraph. */
void summary_method(FILE *file);

/* The part of the README, as Markdown. */
void summary_write(FILE *file, const struct bench *bench);

#endif
