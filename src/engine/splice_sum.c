/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine, on trees of hostile text. Nothing is built on two sums being equal that is
 * not looked at again: a client that makes them collide has the whole text made, or an edit
 * refused.
 */
#include "engine/splice_sum.h"

#include <errno.h>
#include <string.h>

static const struct splice_sum begin = {
	.exact = UINT64_C(0xcbf29ce484222325),
	.loose = UINT64_C(0xcbf29ce484222325),
	.label = UINT64_C(0xcbf29ce484222325),
};

/* FNV-1a over the text and its end. */
static uint64_t add_text(uint64_t sum, const char *text)
{
	do {
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	} while (*text++);
	return sum;
}

static uint64_t add_number(uint64_t sum, uint64_t number)
{
	return (sum ^ number) * UINT64_C(0x9e3779b97f4a7c15) ^ (sum >> 29);
}

bool splice_is_number(const char *label)
{
	return label[0] != '\0' && label[strspn(label, "0123456789")] == '\0';
}

/* In the order of the file, with its number of children: that is all of a tree's shape. */
static void add_node(struct splice_sum *sum, const char *label, const char *value, size_t children)
{
	uint64_t rest = value ? add_text(begin.label, value) : 1;

	rest = add_number(rest, children);
	sum->exact = add_number(add_text(sum->exact, label), rest);
	sum->loose = add_number(add_text(sum->loose, splice_is_number(label) ? "#" : label), rest);
}

static struct splice_sum sum_from(const struct outline *outline, uint32_t from)
{
	struct splice_sum sum = begin;

	sum.label = add_text(sum.label, outline_label(outline, from));
	for (uint32_t i = from; i < outline_end(outline, from); i++)
		add_node(&sum, outline_label(outline, i), outline_value(outline, i),
			 outline_children(outline, i));
	return sum;
}

int splice_sums_new(const struct outline *outline, struct splice_sums *ret_sums)
{
	struct splice_sums sums = { .count = outline_children(outline, 0) };
	uint32_t at = 1;

	sums.entry = calloc(sums.count + 1, sizeof(*sums.entry));
	if (!sums.entry)
		return -ENOMEM;
	for (size_t i = 0; i < sums.count; i++, at = outline_end(outline, at))
		sums.entry[i] = sum_from(outline, at);
	*ret_sums = sums;
	return 0;
}

void splice_sums_clear(struct splice_sums *sums)
{
	free(sums->entry);
	*sums = (struct splice_sums){ 0 };
}

uint64_t splice_sums_total(const struct splice_sums *sums)
{
	uint64_t total = begin.loose;

	for (size_t i = 0; i < sums->count; i++)
		total = add_number(total, sums->entry[i].loose);
	return total;
}

static void add_below(struct splice_sum *sum, const struct node *node)
{
	add_node(sum, node->label, node->value, node->count);
	for (size_t i = 0; i < node->count; i++)
		add_below(sum, node->child[i]);
}

struct splice_sum splice_sum_of(const struct node *node)
{
	struct splice_sum sum = begin;

	sum.label = add_text(sum.label, node->label);
	add_below(&sum, node);
	return sum;
}
