/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the benchmark, which runs as root inside the sandbox and trusts all. */
#include "harness.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

void must(const char *what, int r)
{
	if (r >= 0)
		return;
	errno = -r;
	die(what);
}

static double clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

double cpu_us(void)
{
	return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void progress(const char *format, ...)
{
	static double start;
	char text[512];
	va_list args;

	if (start == 0)
		start = now_us();
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "bench: [%4.0f s] %s\n", (now_us() - start) / 1e6, text);
}

void pin_to(const cpu_set_t *cores)
{
	if (sched_setaffinity(0, sizeof(*cores), cores) < 0)
		die("sched_setaffinity");
}

cpu_set_t pin_to_one_core(void)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		die("sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && CPU_COUNT(&one) == 0)
			CPU_SET(cpu, &one);
	pin_to(&one);
	return all;
}

/* ---- pairs ------------------------------------------------------------------------- */

/* NAN as soon as one of them could not. */
static double take_turn(const struct side *side)
{
	static double times[TURNS_MAX];
	size_t turns = side->turns ? side->turns : 1;

	for (size_t i = 0; i < turns; i++) {
		times[i] = side->measure(side->data);
		if (isnan(times[i]))
			return NAN;
	}
	return median(times, turns);
}

/* The peer's is NAN where there is none. */
static void take_turns(const struct side *ours, const struct side *peer, bool peer_first,
		       double *ret_ours, double *ret_peer)
{
	*ret_peer = peer && peer_first ? take_turn(peer) : NAN;
	*ret_ours = take_turn(ours);
	if (peer && !peer_first)
		*ret_peer = take_turn(peer);
}

static double *patience(void)
{
	static double seconds_us = 1e6;

	return &seconds_us;
}

void measure_quickly(void)
{
	*patience() /= 4;
}

struct pair measure_pair(const struct side *ours, const struct side *peer, size_t pairs,
			 double seconds)
{
	double our_times[PAIRS_MAX], peer_times[PAIRS_MAX], ratios[PAIRS_MAX], begin = now_us();
	bool failed = false;
	size_t n = 0;

	do {
		take_turns(ours, peer, n % 2, &our_times[n], &peer_times[n]);
		ratios[n] = our_times[n] / peer_times[n];
		failed = isnan(our_times[n]) || (peer && isnan(peer_times[n]));
		n++;
	} while (!failed && n < pairs && n < PAIRS_MAX && now_us() - begin < seconds * *patience());
	if (failed)
		return (struct pair){ our_times[n - 1], peer_times[n - 1], NAN, n };
	return (struct pair){ median(our_times, n), peer ? median(peer_times, n) : NAN,
			      peer ? median(ratios, n) : NAN, n };
}
