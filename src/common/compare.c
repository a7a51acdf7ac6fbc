/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine and in exmachina-verify, on what comes from hostile content. Time and memory
 * are bounded by the numbers of items and the square of max_edits. */
#include "common/compare.h"

#include <errno.h>
#include <stdlib.h>

/* What is between the common beginning and the common end. */
struct middle {
	const struct comparison *c;
	size_t from, a_to, b_to;
};

static bool same(const struct middle *m, size_t i, size_t k)
{
	return m->c->same(i, k, m->c->data);
}

static struct middle trim(const struct comparison *c)
{
	struct middle m = { .c = c, .a_to = c->a_count, .b_to = c->b_count };

	while (m.from < m.a_to && m.from < m.b_to && same(&m, m.from, m.from))
		m.from++;
	while (m.a_to > m.from && m.b_to > m.from && same(&m, m.a_to - 1, m.b_to - 1)) {
		m.a_to--;
		m.b_to--;
	}
	return m;
}

static void mark_all(const struct middle *m)
{
	for (size_t i = m->from; i < m->a_to; i++)
		m->c->removed[i] = true;
	for (size_t k = m->from; k < m->b_to; k++)
		m->c->added[k] = true;
}

/* Follows the saved rounds back from the end and marks what was not on a diagonal. */
static void trace_back(const struct middle *m, long *const *rounds, long edits)
{
	long x = (long)(m->a_to - m->from), y = (long)(m->b_to - m->from);

	for (long d = edits; d > 0; d--) {
		const long *v = rounds[d - 1] + d; /* index k runs from -(d-1) to d-1 */
		long k = x - y;
		bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
		long before_k = down ? k + 1 : k - 1;
		long before_x = v[before_k], before_y = before_x - before_k;

		while (x > before_x && y > before_y) {
			x--;
			y--;
		}
		if (down)
			m->c->added[m->from + (size_t)--y] = true;
		else
			m->c->removed[m->from + (size_t)--x] = true;
		x = before_x;
		y = before_y;
	}
}

/*
 * One round of the search: how far each diagonal gets with d edits. Row `next`
 * and `last` are centred, and hold one border cell on each side.
 */
static bool one_round(const struct middle *m, long d, const long *last, long *next)
{
	long a = (long)(m->a_to - m->from), b = (long)(m->b_to - m->from);

	for (long k = -d; k <= d; k += 2) {
		long x, y;

		if (d == 0)
			x = 0;
		else if (k == -d || (k != d && last[k - 1] < last[k + 1]))
			x = last[k + 1];
		else
			x = last[k - 1] + 1;
		y = x - k;
		while (x < a && y < b && x >= 0 && y >= 0 &&
		       same(m, m->from + (size_t)x, m->from + (size_t)y)) {
			x++;
			y++;
		}
		next[k] = x;
		if (x >= a && y >= b)
			return true;
	}
	return false;
}

int compare(const struct comparison *c, size_t max_edits)
{
	struct middle m = trim(c);
	long **rounds = calloc(max_edits + 1, sizeof(*rounds));
	long found = -1, d;
	int r = 0;

	if (!rounds)
		return -ENOMEM;
	for (d = 0; d <= (long)max_edits && found < 0; d++) {
		rounds[d] = calloc((size_t)(2 * d + 3), sizeof(long));
		if (!rounds[d]) {
			r = -ENOMEM;
			break;
		}
		if (one_round(&m, d, d > 0 ? rounds[d - 1] + d : NULL, rounds[d] + d + 1))
			found = d;
	}
	if (found >= 0)
		trace_back(&m, rounds, found);
	else
		mark_all(&m);
	for (long i = 0; i < d; i++)
		free(rounds[i]);
	free(rounds);
	return r < 0 ? r : found >= 0;
}
