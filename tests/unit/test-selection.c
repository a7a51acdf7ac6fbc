/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/engine/selection.c and outline.c: the same paths in the same order, the same values
 * and the same prints as libaugeas has them, for expressions at random.
 */
#include "selection_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void test_large(void **state)
{
	struct tree *tree = *state;

	store_hosts(tree, 200);
	compare_match(tree, FILE_NODE "//*", false);
	assert_int_equal(tree->reads.outlined, 2);
	/* what only looks like it is something else */
	compare_match(tree, "/files/etc/*//*", false);
	compare_match(tree, FILE_NODE "/17//*", false);
	compare_match(tree, FILE_NODE "[1]//*", false);
	compare_match(tree, FILE_NODE "///*", false);
	compare_match(tree, FILE_NODE " //*", false);
	compare_match(tree, FILE_NODE "1//*", false);
	compare_match(tree, FILE_NODE "//*", false);
	/* that of the file is enough for what is in it, and not for what is beside it */
	compare(tree, FILE_NODE "/17/*");
	compare(tree, FILE_NODE);
	compare(tree, "/augeas/*");
	compare_match(tree, FILE_NODE "//alias[2] | " FILE_NODE "/*", false);
	compare_match(tree, "//*", false);
	compare_tree(tree, 300);
}

/* Labels and values with each byte that is spelled in another way somewhere. */
static void test_bytes(void **state)
{
	struct tree *tree = *state;

	pad(tree);
	for (int c = 1; c < 256; c++) {
		const char value[] = { 'v', (char)c, 'w', '\0' };

		assert_int_equal(aug_set(tree->aug, "/files/padding/x[last() + 1]", value), 0);
		/* no label that was set has a slash */
		if (c == '/')
			continue;
		assert_int_equal(aug_insert(tree->aug, "/files/padding/x[1]", value, 1), 0);
		assert_int_equal(aug_set(tree->aug, "/files/padding/*[1]/x", value), 0);
	}
	compare_tree(tree, 300);
	compare(tree, "/files/padding//*");
}

/* A client's own variables are the client's. */
static void test_variables(void **state)
{
	struct tree *tree = *state;

	store_hosts(tree, 100);
	assert_true(aug_defvar(tree->aug, "mine", FILE_NODE "/*[alias]") >= 0);
	assert_true(aug_defvar(tree->aug, "number", "3 + 4") >= 0);
	compare(tree, "$mine/alias");
	compare(tree, "/augeas/variables/*");
	compare(tree, "/augeas/variables");
	compare_match(tree, "//*", false);
	compare(tree, "/augeas/variables/*");
	assert_int_equal(aug_match(tree->aug, "/augeas/variables/*", NULL), 2);
}

static void test_refused(void **state)
{
	static const char *const expr[] = {
		"",        "3",  "'x'",        "$none",       "/files[",    "count(/files/*)",
		"/files/", "//", "/files | 3", "not(/files)", "regexp('x')"
	};
	struct tree *tree = *state;

	store_hosts(tree, 100);
	for (size_t i = 0; i < ARRAY_SIZE(expr); i++)
		compare_match(tree, expr[i], false);
	for (size_t i = 0; i < ARRAY_SIZE(expr); i++)
		compare_print(tree, expr[i], false);
}

/* What has no label cannot be told apart: Augeas does it by itself then, and that is counted. */
static void test_fallback(void **state)
{
	struct tree *tree = *state;

	pad(tree);
	/* while the outline is made there is another of that name */
	assert_int_equal(aug_set(tree->aug, "/files/padding/exmachina_outline", "x"), 0);
	compare_match(tree, "//*", false);
	assert_int_equal(tree->reads.fallbacks, 2);
	assert_null(tree->reads.outline);
	compare_print(tree, "/files", false);
	assert_int_equal(tree->reads.fallbacks, 3);
	assert_int_equal(tree->reads.outlined, 0);
}

static void test_print_ends(void **state)
{
	scoped(output_clear) struct output out = { 0 };
	struct tree *tree = *state;

	store_hosts(tree, 1000);
	assert_int_equal(selection_print(tree, FILE_NODE, 5000, &out), 0);
	assert_true(out.length > 5000 && out.length < 5200);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double match_time(struct tree *tree, int entries)
{
	scoped_selection selection = { 0 };
	double begin;

	reads_forget(&tree->reads);
	aug_rm(tree->aug, FILE_NODE);
	store_hosts(tree, entries);
	begin = seconds();
	assert_int_equal(selection_new(tree, FILE_NODE "//*", false, SIZE_MAX, &selection), 0);
	for (size_t i = 0; i < selection.count; i++)
		assert_non_null(selection_path(&selection, i));
	return seconds() - begin;
}

/* Ten times the nodes would take a hundred times as long; what is allowed leaves room for noise. */
static void test_linear(void **state)
{
	struct tree *tree = *state;
	double few = match_time(tree, 2000), many = match_time(tree, 20000);

	print_message("%.1f ms for 10000 nodes, %.1f ms for 100000\n", few * 1e3, many * 1e3);
	assert_true(many < 30 * few);
}

/* ---- labels that are no steps --------------------------------------------------------- */

/* Nodes of these labels, the n-th of which has n children; and so many others. */
static void make_misleading(struct tree *tree, int others)
{
	static const char *const labels[] = { "*", ".", "..", "self::", "a b", "x[1]" };

	assert_int_equal(aug_set(tree->aug, "/mine/x", "1"), 0);
	for (int i = 0; i < others; i++)
		assert_int_equal(aug_set(tree->aug, "/mine/y[last() + 1]", "1"), 0);
	for (size_t i = ARRAY_SIZE(labels); i-- > 0;) {
		assert_int_equal(aug_insert(tree->aug, "/mine/*[1]", labels[i], 1), 0);
		for (size_t n = 0; n <= i; n++)
			assert_int_equal(aug_set(tree->aug, "/mine/*[1]/c[last() + 1]", "1"), 0);
	}
}

static void expect_children(struct tree *tree, int others)
{
	scoped_selection selection = { 0 };

	assert_int_equal(selection_new(tree, "/mine/*", true, SIZE_MAX, &selection), 0);
	assert_int_equal(selection.count, 7 + others);
	assert_true((selection.outline != NULL) == (others > 0));
	for (int i = 0; i < 7; i++)
		assert_int_equal(selection_children(&selection, (size_t)i), i < 6 ? i + 1 : 0);
}

/* Nothing is noted in the tree meanwhile, over a note that may be remembered. */
static void test_misleading(void **state)
{
	static const int others[] = { 0, 100 };
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		const char *position, *same;

		reads_forget(&tree->reads);
		aug_rm(tree->aug, "/mine");
		make_misleading(tree, others[i]);
		assert_int_equal(aug_match(tree->aug, "/a[", NULL), -1);
		assert_int_equal(aug_get(tree->aug, "/augeas/error/pathx/pos", &position), 1);
		expect_children(tree, others[i]);
		assert_int_equal(aug_get(tree->aug, "/augeas/error/pathx/pos", &same), 1);
		assert_ptr_equal(position, same);
	}
}

/* The same where Augeas does it by itself. */
static void test_misleading_fallback(void **state)
{
	struct tree *tree = *state;
	scoped_selection selection = { 0 };

	make_misleading(tree, 100);
	assert_int_equal(aug_set(tree->aug, "/files/padding/exmachina_outline", "x"), 0);
	assert_int_equal(selection_new(tree, "/mine/*", true, SIZE_MAX, &selection), 0);
	assert_null(selection.outline);
	assert_int_equal(tree->reads.fallbacks, 1);
	for (int i = 0; i < 7; i++)
		assert_int_equal(selection_children(&selection, (size_t)i), i < 6 ? i + 1 : 0);
}

/* ---- how it is done -------------------------------------------------------------------- */

/* Of too many nodes nothing is asked but their number. */
static void test_too_many(void **state)
{
	static const bool values[] = { false, true };
	struct tree *tree = *state;

	pad(tree);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		scoped_selection selection = { 0 };

		assert_int_equal(selection_new(tree, "/files/padding/x", values[i], PADDING - 1,
					       &selection),
				 0);
		assert_int_equal(selection.count, PADDING);
		assert_null(selection.node);
		assert_null(selection.path);
		assert_null(tree->reads.outline);
	}
}

/* Expressions that do not say which file they stay in. */
static void test_scope(void **state)
{
	static const char *const inside[] = {
		FILE_NODE "/* | " FILE_NODE "/*/alias",
		FILE_NODE "/../x/*",
		FILE_NODE "/descendant::alias",
		"$mine/alias",
		"/files/*/x/*",
	};
	struct tree *tree = *state;

	pad(tree);
	store_hosts(tree, 100);
	assert_true(aug_defvar(tree->aug, "mine", FILE_NODE "/*") >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		reads_forget(&tree->reads);
		compare_match(tree, inside[i], false);
		assert_non_null(tree->reads.outline);
		assert_string_equal(outline_root(tree->reads.outline), FILE_NODE);
	}
	/* some of these are elsewhere: between others, or at the end */
	reads_forget(&tree->reads);
	compare_match(tree, FILE_NODE "/* | /files/padding | $mine/alias", false);
	assert_true(tree->reads.once);
	compare_match(tree, FILE_NODE "/* | /files/padding/*", false);
	assert_true(tree->reads.once);
	assert_int_equal(tree->reads.fallbacks, 0);
}

/* The children of one node have their positions by different ways. */
static void test_positions(void **state)
{
	static const char *const labels[] = { "1",          "2",         "10",         "7", "10",
					      "x",          "0",         "01",         "1", "x",
					      "1234567890", "123456789", "1234567890", "x" };
	struct tree *tree = *state;

	pad(tree);
	for (size_t count = 1; count <= ARRAY_SIZE(labels); count++) {
		aug_rm(tree->aug, FILE_NODE);
		assert_int_equal(aug_set(tree->aug, FILE_NODE "/last", NULL), 0);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(aug_insert(tree->aug, FILE_NODE "/last", labels[i], 1), 0);
		compare(tree, FILE_NODE "/*");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, make, unmake)
		TEST(large),     TEST(bytes),
		TEST(variables), TEST(refused),
		TEST(fallback),  TEST(print_ends),
		TEST(linear),    TEST(misleading),
		TEST(too_many),  TEST(misleading_fallback),
		TEST(scope),     TEST(positions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
