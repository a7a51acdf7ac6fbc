/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random trees, and what is said of their difference: with what is gone taken
 * out of the one, and what is new out of the other, both must be the same, node
 * by node. So nothing is ever left out, however the siblings were paired.
 */
#include "unit.h"

#include <string.h>

#include "verify/change.h"

enum { ROUNDS = 3000 };

static unsigned int seed;

static unsigned int below(unsigned int n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static const char *pick_label(void)
{
	static const char *const labels[] = {
		"a", "b", "c/d", "#comment", "1", "2", "3", "x y[1]"
	};

	return labels[below(ARRAY_SIZE(labels))];
}

static const char *pick_value(void)
{
	static const char *const values[] = { NULL, "", "1", "2", "other", "\n" };

	return values[below(ARRAY_SIZE(values))];
}

static struct node *copy_of(const struct node *node);

static void grow(struct node *node, unsigned int depth)
{
	for (unsigned int n = below(depth ? 5 : 1); n > 0; n--) {
		struct node *child = node_new(pick_label(), pick_value());

		assert_non_null(child);
		grow(child, depth - 1);
		assert_int_equal(node_append(node, child), 0);
	}
}

/* Some children go, some come, some are other ones, some change their place. */
static struct node *mutation_of(const struct node *node, unsigned int rate)
{
	const char *value = below(100) < rate ? pick_value() : node->value;
	const char *label = below(200) < rate ? pick_label() : node->label;
	struct node *copy = node_new(label, value);

	for (size_t i = 0; i < node->count; i++) {
		if (below(100) < rate)
			continue;
		if (below(100) < rate) {
			struct node *fresh = node_new(pick_label(), pick_value());

			grow(fresh, 1);
			assert_int_equal(node_append(copy, fresh), 0);
		}
		if (below(100) < rate)
			assert_int_equal(
				node_append(copy,
					    copy_of(node->child[below((unsigned int)node->count)])),
				0);
		assert_int_equal(node_append(copy, mutation_of(node->child[i], rate)), 0);
	}
	return copy;
}

static struct node *copy_of(const struct node *node)
{
	return mutation_of(node, 0);
}

/* The nodes in the order of the text, each with its path. */
struct list {
	const struct node *node[4096];
	char *path[4096];
	bool marked[4096];
	size_t count;
};

static void list_nodes(struct list *list, const struct node *node)
{
	if (node->parent) {
		assert_true(list->count < ARRAY_SIZE(list->node));
		list->node[list->count] = node;
		assert_int_equal(node_canonical(node, REPORT_TEXT_MAX, &list->path[list->count++]),
				 0);
	}
	for (size_t i = 0; i < node->count; i++)
		list_nodes(list, node->child[i]);
}

static void list_clear(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->path[i]);
}

/* The one node of the path, which is marked now; no row may name one twice. */
static const struct node *mark(struct list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->path[i], path) == 0) {
			assert_false(list->marked[i]);
			list->marked[i] = true;
			return list->node[i];
		}
	fail_msg("there is no %s", path);
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static const char *value_of(bool has, const char *value)
{
	return has ? value : NULL;
}

/* Nodes of the new tree whose value a row told; they count as equal afterwards. */
static size_t take_rows(int fd, struct list *before, struct list *after, bool *told)
{
	scoped_reader reader = { .rows = 0 };
	struct change_row row;
	size_t rows = 0;
	int r;

	assert_int_equal(report_open(fd, REPORT_CHANGE, &reader), 0);
	for (; (r = report_next_change_row(&reader, &row)) > 0; rows++) {
		const struct node *node;

		if (row.action == CHANGE_REMOVED) {
			node = mark(before, row.path);
			assert_true(same_text(node->value, value_of(row.has_old, row.old_value)));
		} else if (row.action == CHANGE_ADDED) {
			node = mark(after, row.path);
			assert_true(same_text(node->value, value_of(row.has_new, row.new_value)));
		} else {
			size_t i = 0;

			while (i < after->count && strcmp(after->path[i], row.path) != 0)
				i++;
			assert_true(i < after->count && !told[i]);
			told[i] = true;
			assert_true(same_text(after->node[i]->value,
					      value_of(row.has_new, row.new_value)));
		}
	}
	assert_int_equal(r, 0);
	return rows;
}

static void assert_accounted(struct list *before, struct list *after, const bool *told)
{
	size_t i = 0, k = 0;

	for (;;) {
		while (i < before->count && before->marked[i])
			i++;
		while (k < after->count && after->marked[k])
			k++;
		if (i == before->count || k == after->count)
			break;
		assert_true(node_same_label(before->node[i], after->node[k]));
		/* either the values are the same or a row has told of it */
		assert_int_equal(!same_text(before->node[i]->value, after->node[k]->value),
				 told[k]);
		i++;
		k++;
	}
	assert_int_equal(i, before->count);
	assert_int_equal(k, after->count);
}

static size_t account(struct node *before, struct node *after)
{
	static struct list old, new;
	static bool told[4096];
	scoped_report report = report_begin(REPORT_CHANGE);
	scoped_fd fd = -1;
	size_t rows;

	memset(told, 0, sizeof(told));
	old = new = (struct list){ .count = 0 };
	assert_int_equal(node_complete(before), 0);
	assert_int_equal(node_complete(after), 0);
	assert_int_equal(change_list(before, after, &report), 0);
	fd = report_seal(&report, NULL);
	list_nodes(&old, before);
	list_nodes(&new, after);
	rows = take_rows(fd, &old, &new, told);
	assert_accounted(&old, &new, told);
	list_clear(&old);
	list_clear(&new);
	return rows;
}

static void every_difference_of_random_trees_is_told(void **state)
{
	(void)state;
	for (seed = 1; seed < ROUNDS; seed += 1) {
		unsigned int start = seed;
		struct node *before = node_new("tree", NULL), *after;

		grow(before, 4);
		after = mutation_of(before, below(4) * 8);
		free(after->value);
		after->value = NULL;
		account(before, after);
		node_free(before);
		node_free(after);
		seed = start;
	}
}

static void trees_that_have_nothing_in_common_are_told_too(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < ROUNDS / 10; i++) {
		struct node *before = node_new("tree", NULL), *after = node_new("tree", NULL);

		seed = i;
		grow(before, 3);
		grow(after, 3);
		account(before, after);
		node_free(before);
		node_free(after);
	}
}

static void equal_trees_have_no_difference(void **state)
{
	(void)state;
	for (unsigned int i = 1; i < ROUNDS / 10; i++) {
		struct node *before = node_new("tree", NULL), *after;

		seed = i;
		grow(before, 4);
		after = copy_of(before);
		assert_int_equal(account(before, after), 0);
		node_free(before);
		node_free(after);
	}
}

/* More differences than the shortest account is looked for of: a longer one, but whole. */
static void a_difference_beyond_all_measure_is_told_in_full(void **state)
{
	struct node *before = node_new("tree", NULL), *after = node_new("tree", NULL);
	char text[16];

	(void)state;
	for (int i = 0; i < 2500; i++) {
		snprintf(text, sizeof(text), "v%d", i);
		assert_int_equal(node_append(before, node_new("a", text)), 0);
		snprintf(text, sizeof(text), "w%d", i % 700);
		assert_int_equal(node_append(after, node_new(i % 3 ? "a" : "b", text)), 0);
	}
	assert_true(account(before, after) >= 2500);
	node_free(before);
	node_free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_difference_of_random_trees_is_told),
		cmocka_unit_test(trees_that_have_nothing_in_common_are_told_too),
		cmocka_unit_test(equal_trees_have_no_difference),
		cmocka_unit_test(a_difference_beyond_all_measure_is_told_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
