/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine, on file content. Time and memory are bounded by DIFF_COST_MAX and the number
 * of lines. */
#include "engine/diff.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

enum { CONTEXT = 3 };

struct line {
	const char *text;
	size_t length; /* with the newline, if it has one */
};

struct lines {
	struct line *line;
	size_t count;
};

static int split(struct text text, struct lines *ret_lines)
{
	size_t count = 0;
	const char *end = text.data + text.size;

	for (const char *p = text.data; p < end; count++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		p = newline ? newline + 1 : end;
	}
	ret_lines->line = calloc(count + 1, sizeof(struct line));
	if (!ret_lines->line)
		return -1;
	ret_lines->count = count;
	count = 0;
	for (const char *p = text.data; p < end; count++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *next = newline ? newline + 1 : end;

		ret_lines->line[count] = (struct line){ p, (size_t)(next - p) };
		p = next;
	}
	return 0;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* The two texts, and which of their lines the other one does not have. */
struct comparison {
	struct lines a, b;
	bool *removed;       /* of a */
	bool *added;         /* of b */
	size_t head;         /* equal lines at the start */
	size_t a_end, b_end; /* where the equal lines at the end begin */
};

static void trim(struct comparison *c)
{
	c->a_end = c->a.count;
	c->b_end = c->b.count;
	while (c->head < c->a_end && c->head < c->b_end &&
	       same(&c->a.line[c->head], &c->b.line[c->head]))
		c->head++;
	while (c->a_end > c->head && c->b_end > c->head &&
	       same(&c->a.line[c->a_end - 1], &c->b.line[c->b_end - 1])) {
		c->a_end--;
		c->b_end--;
	}
}

static void mark_all(struct comparison *c)
{
	for (size_t i = c->head; i < c->a_end; i++)
		c->removed[i] = true;
	for (size_t i = c->head; i < c->b_end; i++)
		c->added[i] = true;
}

/* Follows the saved rounds back from the end and marks what was not on a diagonal. */
static void trace_back(struct comparison *c, long *const *rounds, long cost)
{
	long x = (long)(c->a_end - c->head), y = (long)(c->b_end - c->head);

	for (long d = cost; d > 0; d--) {
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
			c->added[c->head + (size_t)--y] = true;
		else
			c->removed[c->head + (size_t)--x] = true;
		x = before_x;
		y = before_y;
	}
}

/*
 * One round of the search: how far each diagonal gets with d edits. Row `next`
 * and `last` are centred, and hold one border cell on each side.
 */
static bool one_round(const struct comparison *c, long d, const long *last, long *next)
{
	long n = (long)(c->a_end - c->head), m = (long)(c->b_end - c->head);

	for (long k = -d; k <= d; k += 2) {
		long x, y;

		if (d == 0)
			x = 0;
		else if (k == -d || (k != d && last[k - 1] < last[k + 1]))
			x = last[k + 1];
		else
			x = last[k - 1] + 1;
		y = x - k;
		while (x < n && y < m && x >= 0 && y >= 0 &&
		       same(&c->a.line[c->head + (size_t)x], &c->b.line[c->head + (size_t)y])) {
			x++;
			y++;
		}
		next[k] = x;
		if (x >= n && y >= m)
			return true;
	}
	return false;
}

static int search(struct comparison *c)
{
	long **rounds = calloc(DIFF_COST_MAX + 1, sizeof(*rounds));
	long found = -1, d;

	if (!rounds)
		return -1;
	for (d = 0; d <= DIFF_COST_MAX && found < 0; d++) {
		rounds[d] = calloc((size_t)(2 * d + 3), sizeof(long));
		if (!rounds[d])
			break;
		if (one_round(c, d, d > 0 ? rounds[d - 1] + d : NULL, rounds[d] + d + 1))
			found = d;
	}
	if (found >= 0)
		trace_back(c, rounds, found);
	else
		mark_all(c);
	for (long i = 0; i < d; i++)
		free(rounds[i]);
	free(rounds);
	return 0;
}

static void print_line(FILE *out, char sign, const struct line *line)
{
	fputc(sign, out);
	fwrite(line->text, 1, line->length, out);
	if (line->length == 0 || line->text[line->length - 1] != '\n')
		fputs("\n\\ No newline at end of file\n", out);
}

/* The lines a[i..i_end) and b[j..j_end), of which the unmarked ones are the same. */
static void print_hunk(FILE *out, const struct comparison *c, size_t i, size_t i_end, size_t j,
		       size_t j_end)
{
	size_t in_a = i_end - i, in_b = j_end - j;

	fprintf(out, "@@ -%zu", in_a > 0 ? i + 1 : i);
	if (in_a != 1)
		fprintf(out, ",%zu", in_a);
	fprintf(out, " +%zu", in_b > 0 ? j + 1 : j);
	if (in_b != 1)
		fprintf(out, ",%zu", in_b);
	fputs(" @@\n", out);
	while (i < i_end || j < j_end) {
		if (i < i_end && c->removed[i])
			print_line(out, '-', &c->a.line[i++]);
		else if (j < j_end && c->added[j])
			print_line(out, '+', &c->b.line[j++]);
		else {
			print_line(out, ' ', &c->a.line[i++]);
			j++;
		}
	}
}

/* Groups changes that are at most two contexts apart into one hunk. */
static void print_hunks(FILE *out, const struct comparison *c)
{
	size_t i = 0, j = 0;

	for (;;) {
		size_t start_i, start_j, last_i, last_j, equal = 0;

		while (i < c->a.count && j < c->b.count && !c->removed[i] && !c->added[j]) {
			i++;
			j++;
		}
		if (i == c->a.count && j == c->b.count)
			return;
		start_i = i > CONTEXT ? i - CONTEXT : 0;
		start_j = j - (i - start_i);
		last_i = i;
		last_j = j;
		while ((i < c->a.count || j < c->b.count) && equal <= 2 * CONTEXT) {
			if (i < c->a.count && c->removed[i]) {
				last_i = ++i;
				last_j = j;
				equal = 0;
			} else if (j < c->b.count && c->added[j]) {
				last_j = ++j;
				last_i = i;
				equal = 0;
			} else {
				i++;
				j++;
				equal++;
			}
		}
		equal = c->a.count - last_i < CONTEXT ? c->a.count - last_i : CONTEXT;
		print_hunk(out, c, start_i, last_i + equal, start_j, last_j + equal);
		i = last_i + equal;
		j = last_j + equal;
	}
}

static char *print(const char *from, const char *to, const struct comparison *c)
{
	scoped_ptr char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (c->head < c->a_end || c->head < c->b_end) {
		fprintf(out, "--- %s\n+++ %s\n", from, to);
		print_hunks(out, c);
	}
	return fclose(out) == 0 ? take_ptr(text) : NULL;
}

char *diff_unified(const char *name, struct text from, struct text to)
{
	struct comparison c = { 0 };
	char *text = NULL;

	if (split(from, &c.a) == 0 && split(to, &c.b) == 0) {
		c.removed = calloc(c.a.count + 1, sizeof(bool));
		c.added = calloc(c.b.count + 1, sizeof(bool));
		if (c.removed && c.added) {
			trim(&c);
			if (search(&c) == 0)
				text = print(from.data ? name : "/dev/null",
					     to.data ? name : "/dev/null", &c);
		}
	}
	free(c.removed);
	free(c.added);
	free(c.a.line);
	free(c.b.line);
	return text;
}
