/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine, on file content, which is hostile. */
#include "engine/diff.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/compare.h"

enum { CONTEXT = 3, GAP_MAX = 2 * CONTEXT };

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

/* The two texts, and which of their lines the other one does not have. */
struct pair {
	struct lines a, b;
	bool *removed; /* of a */
	bool *added;   /* of b */
};

static bool same(size_t i, size_t k, const void *data)
{
	const struct pair *c = data;
	const struct line *a = &c->a.line[i], *b = &c->b.line[k];

	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static int search(struct pair *c)
{
	const struct comparison comparison = {
		.a_count = c->a.count,
		.b_count = c->b.count,
		.same = same,
		.data = c,
		.removed = c->removed,
		.added = c->added,
	};

	return compare(&comparison, DIFF_COST_MAX);
}

static void print_line(FILE *out, char sign, const struct line *line)
{
	fputc(sign, out);
	fwrite(line->text, 1, line->length, out);
	if (line->length == 0 || line->text[line->length - 1] != '\n')
		fputs("\n\\ No newline at end of file\n", out);
}

/* The lines a[i..i_end) and b[j..j_end), of which the unmarked ones are the same. */
static void print_hunk(FILE *out, const struct pair *c, size_t i, size_t i_end, size_t j,
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
static void print_hunks(FILE *out, const struct pair *c)
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
		while ((i < c->a.count || j < c->b.count) && equal <= GAP_MAX) {
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

static bool differ(const struct pair *c)
{
	for (size_t i = 0; i < c->a.count; i++)
		if (c->removed[i])
			return true;
	for (size_t k = 0; k < c->b.count; k++)
		if (c->added[k])
			return true;
	return false;
}

static char *print(const char *from, const char *to, const struct pair *c)
{
	scoped_ptr char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (differ(c)) {
		fprintf(out, "--- %s\n+++ %s\n", from, to);
		print_hunks(out, c);
	}
	return fclose(out) == 0 ? take_ptr(text) : NULL;
}

char *diff_unified(const char *name, struct text from, struct text to)
{
	struct pair c = { 0 };
	char *text = NULL;

	if (split(from, &c.a) == 0 && split(to, &c.b) == 0) {
		c.removed = calloc(c.a.count + 1, sizeof(bool));
		c.added = calloc(c.b.count + 1, sizeof(bool));
		if (c.removed && c.added && search(&c) >= 0)
			text = print(from.data ? name : "/dev/null", to.data ? name : "/dev/null",
				     &c);
	}
	free(c.removed);
	free(c.added);
	free(c.a.line);
	free(c.b.line);
	return text;
}
