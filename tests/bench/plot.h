/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_PLOT_H
#define EXM_BENCH_PLOT_H

#include <stdio.h>

#include "growth.h"

/* Writes what is to be plotted of it as one SVG picture: a panel for each, all with the same axes.
 */
void plot_write(FILE *file, const struct growth *growth, size_t count);

#endif
