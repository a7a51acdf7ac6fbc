/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_GROWTH_H
#define EXM_BENCH_GROWTH_H

/* How the time of one kind of work grows with the file. */

#include <stdbool.h>
#include <stddef.h>

enum { SIZES_MAX = 4, GROWTH_MAX = 8, FIT_FROM = 1000 };

/* How many entries the hosts file has at each size. */
int growth_entries(size_t size);

struct growth {
	const char *work;
	const char *peer;
	bool plotted;
	double ours[SIZES_MAX];  /* microseconds; NAN: not measured */
	double peers[SIZES_MAX]; /* the same */
	bool guessed[SIZES_MAX]; /* of the peer's: not measured, but extrapolated */
};

struct growth growth_new(const char *work, const char *peer, bool plotted);

/*
 * What the time at a size would be if it grew on as it did between the two before. NAN if they were
 * not measured.
 */
double growth_guess(const double *times, size_t size);

/* Fills in what is missing of the peer, up to so many sizes. */
void growth_extrapolate(struct growth *growth, size_t sizes);

/*
 * The exponent b of the power law time = a * entries^b through what was measured, by least squares
 * of the logarithms, for sizes of FIT_FROM and more. NAN if there are not two. ret_largest is the
 * largest size that went into it.
 */
double growth_exponent(const double *times, const bool *guessed, int *ret_largest);

#endif
