/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the benchmark, which runs as root inside the sandbox and trusts all. */
#include "growth.h"

#include <math.h>

#define SMALL 0.005
#define SQUARE 2.0

int growth_entries(size_t size)
{
	static const int entries[SIZES_MAX] = { 100, 1000, 10000, 50000 };

	return entries[size];
}

struct growth growth_new(const char *work, const char *peer, bool plotted)
{
	struct growth growth = { .work = work, .peer = peer, .plotted = plotted };

	for (size_t i = 0; i < SIZES_MAX; i++)
		growth.ours[i] = growth.peers[i] = NAN;
	return growth;
}

double growth_guess(const double *times, size_t size)
{
	double before, step, exponent;

	if (size < 2)
		return NAN;
	before = growth_entries(size - 1);
	step = before / growth_entries(size - 2);
	/* the square is what it is known to be; more would be noise, and in our favour */
	exponent = fmin(log(times[size - 1] / times[size - 2]) / log(step), SQUARE);
	return times[size - 1] * pow(growth_entries(size) / before, exponent);
}

void growth_extrapolate(struct growth *growth, size_t sizes)
{
	for (size_t i = 0; i < sizes; i++) {
		if (!isnan(growth->peers[i]))
			continue;
		growth->peers[i] = growth_guess(growth->peers, i);
		growth->guessed[i] = !isnan(growth->peers[i]);
	}
}

double growth_exponent(const double *times, const bool *guessed, int *ret_largest)
{
	double n = 0, x = 0, y = 0, xx = 0, xy = 0;

	*ret_largest = 0;
	for (size_t i = 0; i < SIZES_MAX; i++) {
		double at = log(growth_entries(i)), value = log(times[i]);

		if (growth_entries(i) < FIT_FROM || isnan(times[i]) || (guessed && guessed[i]))
			continue;
		n++;
		x += at;
		y += value;
		xx += at * at;
		xy += at * value;
		*ret_largest = growth_entries(i);
	}
	x = n < 2 ? NAN : (n * xy - x * y) / (n * xx - x * x);
	return fabs(x) < SMALL ? 0 : x; /* and not -0 */
}
