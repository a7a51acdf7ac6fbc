/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine, on trees of hostile text. Nothing is built on two sums being equal that is
 * not looked at again: where they collide the text is not what is wanted, and is made as a whole.
 */
#include "engine/splice_sum.h"

#include <errno.h>
#include <string.h>

static const struct splice_sum begin = {
	.exact = NODE_SUM_BEGIN,
	.loose = NODE_SUM_BEGIN,
	.label = NODE_SUM_BEGIN,
};

/* In the order of the file, with its number of children: that is all of a tree's shape. */
static void add_node(struct splice_sum *sum, const char *label, const char *value, size_t children)
{
	uint64_t rest = value ? node_sum_text(begin.label, value) : 1;

	rest = node_sum_number(rest, children);
	sum->exact = node_sum_number(node_sum_text(sum->exact, label), rest);
	sum->loose = node_sum_number(node_sum_text(sum->loose, node_is_number(label) ? "#" : label),
				     rest);
}

static struct splice_sum sum_from(const struct outline *outline, uint32_t from)
{
	struct splice_sum sum = begin;

	sum.label = node_sum_text(sum.label, outline_label(outline, from));
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
		total = node_sum_number(total, sums->entry[i].loose);
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

	sum.label = node_sum_text(sum.label, node->label);
	add_below(&sum, node);
	return sum;
}
