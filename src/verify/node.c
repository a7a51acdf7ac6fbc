/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-verify. Labels and values come from hostile text. Hashes
 * only save time: what counts as equal has been compared.
 */
#include "verify/node.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

struct node *node_new(const char *label, const char *value)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->label = strdup(label);
	node->value = value ? strdup(value) : NULL;
	if (!node->label || (value && !node->value))
		return node_free(node);
	return node;
}

struct node *node_free(struct node *node)
{
	if (!node)
		return NULL;
	for (size_t i = 0; i < node->count; i++)
		node_free(node->child[i]);
	free(node->child);
	free(node->label);
	free(node->value);
	free(node);
	return NULL;
}

int node_append(struct node *parent, struct node *child)
{
	/* room doubles: it is full whenever the number is a power of two */
	if ((parent->count & (parent->count - 1)) == 0) {
		size_t room = parent->count ? 2 * parent->count : 1;
		struct node **list = reallocarray(parent->child, room, sizeof(*list));

		if (!list) {
			node_free(child);
			return -ENOMEM;
		}
		parent->child = list;
	}
	parent->child[parent->count++] = child;
	child->parent = parent;
	return 0;
}

bool node_is_number(const char *label)
{
	return label[0] != '\0' && label[strspn(label, "0123456789")] == '\0';
}

/* FNV-1a over the text and its end. */
uint64_t node_sum_text(uint64_t sum, const char *text)
{
	do {
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	} while (*text++);
	return sum;
}

uint64_t node_sum_number(uint64_t sum, uint64_t number)
{
	return (sum ^ number) * UINT64_C(0x9e3779b97f4a7c15) ^ (sum >> 29);
}

static void hash_node(struct node *node)
{
	uint64_t hash = NODE_SUM_BEGIN;

	hash = node_sum_text(hash, node_is_number(node->label) ? "#" : node->label);
	hash = node->value ? node_sum_text(hash, node->value) : node_sum_number(hash, 1);
	for (size_t i = 0; i < node->count; i++)
		hash = node_sum_number(hash, node->child[i]->hash);
	node->hash = hash;
}

/* Are all numbers among the children's labels 1, 2, 3 ... in this order? */
static bool is_enumeration(const struct node *parent)
{
	unsigned int next = 1;
	char text[16];

	for (size_t i = 0; i < parent->count; i++) {
		if (!node_is_number(parent->child[i]->label))
			continue;
		snprintf(text, sizeof(text), "%u", next++);
		if (strcmp(parent->child[i]->label, text) != 0)
			return false;
	}
	return true;
}

static int by_label(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
	int order = strcmp(x->label, y->label);

	/* position holds the place among all siblings until it is known */
	return order ? order : (x->position > y->position) - (x->position < y->position);
}

/* Sorted by label, the twins stand side by side, in their order. */
static int number_twins(const struct node *parent)
{
	scoped_ptr struct node **sorted = NULL;
	size_t from, to;

	if (parent->count == 0)
		return 0;
	sorted = reallocarray(NULL, parent->count, sizeof(struct node *));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < parent->count; i++) {
		sorted[i] = parent->child[i];
		sorted[i]->position = (unsigned int)i;
	}
	qsort(sorted, parent->count, sizeof(struct node *), by_label);
	for (from = 0; from < parent->count; from = to) {
		for (to = from + 1; to < parent->count; to++)
			if (strcmp(sorted[from]->label, sorted[to]->label) != 0)
				break;
		for (size_t i = from; i < to; i++) {
			sorted[i]->position = (unsigned int)(i - from) + 1;
			sorted[i]->twins = (unsigned int)(to - from);
		}
	}
	return 0;
}

int node_complete(struct node *node)
{
	bool enumeration = is_enumeration(node);

	for (size_t i = 0; i < node->count; i++) {
		struct node *child = node->child[i];
		int r = node_complete(child);

		if (r < 0)
			return r;
		child->numbered = enumeration && node_is_number(child->label);
	}
	hash_node(node);
	return number_twins(node);
}

bool node_same_label(const struct node *a, const struct node *b)
{
	return (a->numbered && b->numbered) || strcmp(a->label, b->label) == 0;
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (a->hash != b->hash || a->count != b->count || !node_same_label(a, b))
		return false;
	if (!a->value != !b->value || (a->value && strcmp(a->value, b->value) != 0))
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!node_equal(a->child[i], b->child[i]))
			return false;
	return true;
}

/* "/label[position]", each byte that a path expression could take otherwise behind a backslash. */
static size_t write_step(const struct node *node, char *out)
{
	char *at = out;

	*at++ = '/';
	for (const char *p = node->label; *p; p++) {
		if (strchr("/[]\\|=()!,<>'\"@ \t\n", *p))
			*at++ = '\\';
		*at++ = *p;
	}
	if (node->twins > 1)
		at += sprintf(at, "[%u]", node->position);
	return (size_t)(at - out);
}

int node_canonical(const struct node *node, size_t max, char **ret_path)
{
	const struct node *step[NODE_DEPTH_MAX];
	size_t depth = 0, size = 1;
	scoped_ptr char *path = NULL;
	char *at;

	for (; node->parent; node = node->parent) {
		if (depth == NODE_DEPTH_MAX)
			return -E2BIG;
		step[depth++] = node;
		size += 2 * strlen(node->label) + sizeof("/[4294967295]");
	}
	at = path = malloc(size);
	if (!path)
		return -ENOMEM;
	while (depth > 0)
		at += write_step(step[--depth], at);
	*at = '\0';
	if ((size_t)(at - path) > max)
		return -E2BIG;
	*ret_path = take_ptr(path);
	return 0;
}
