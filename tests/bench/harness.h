/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_HARNESS_H
#define EXM_BENCH_HARNESS_H

/*
 * The clock, and how two things are measured beside each other. Times are microseconds. Whatever
 * goes wrong ends the program, but for what a measurement itself says that it could not do.
 */

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

void die(const char *what) __attribute__((noreturn));
void must(const char *what, int r); /* r is 0 or more, or -errno */
double now_us(void);
double cpu_us(void);                         /* of this process, whatever else the machine does */
double median(double *values, size_t count); /* sorts them */

/* A line on standard error, with the time since the first one. */
void progress(const char *format, ...) printf_like(1, 2);

/* This process and what it starts from now on; the cores that it had before. */
cpu_set_t pin_to_one_core(void);
void pin_to(const cpu_set_t *cores);

/* Does it once. How long it took, or NAN if it could not be done. */
typedef double measure(void *data);

struct side {
	measure *measure;
	void *data;
	size_t turns; /* how often in a row when it is its turn: the median counts. 0 is 1 */
};

enum { TURNS_MAX = 2000, PAIRS_MAX = 101 };

struct pair {
	double ours, peer; /* medians */
	double ratio;      /* the median of what each pair gives, ours divided by the peer's */
	size_t count;      /* pairs */
};

/* From now on a quarter of the time that a measure_pair() is given is enough. */
void measure_quickly(void);

/*
 * Ours and the peer in turn, so that a change of the machine's pace meets both; each is the first
 * one every other time. So many pairs, but none is begun after so many seconds, except for the
 * first. A side that could not has NAN, as has the ratio then. Without a peer only ours.
 */
struct pair measure_pair(const struct side *ours, const struct side *peer, size_t pairs,
			 double seconds);

#endif
