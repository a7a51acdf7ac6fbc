/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLOCK_H
#define EXM_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds of one of the system's clocks. */
static inline uint64_t clock_usec_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* CLOCK_MONOTONIC, which nobody can set. */
static inline uint64_t clock_usec(void)
{
	return clock_usec_of(CLOCK_MONOTONIC);
}

static inline uint64_t clock_msec(void)
{
	return clock_usec() / 1000;
}

#endif
