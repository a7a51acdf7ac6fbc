/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/engine/reads.c and outline_index.c: gets that an outline answers as Augeas would. */
#include "selection_fixture.h"

#include <stdlib.h>
#include <string.h>

/* Labels that mean something elsewhere in an expression. */
static void test_words(void **state)
{
	static const char *const words[] = {
		"or", "and", "else", "div",   "last",          "text", "1",  "self", "-",
		"#",  "a-b", "_",    "child", "net.ipv4.conf", ".x",   "x.", "..."
	};
	struct tree *tree = *state;

	pad(tree);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		scoped_ptr char *path = NULL;

		assert_true(asprintf(&path, FILE_NODE "/x/%s", words[i]) > 0);
		assert_int_equal(aug_set(tree->aug, path, words[i]), 0);
	}
	assert_int_equal(outline_new(tree->aug, FILE_NODE, &tree->reads.outline), 0);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		scoped_ptr char *path = NULL;
		const char *value = NULL, *label;

		assert_true(asprintf(&path, FILE_NODE "/x/%s", words[i]) > 0);
		assert_int_equal(reads_get(tree, path, &label, &value), READS_FOUND);
		assert_string_equal(value, words[i]);
		compare_gets_near(tree, path);
	}
}

/* How many gets Augeas does before there is an outline; 0: none within so many. */
static int gets_before(struct tree *tree, const char *path, int max)
{
	const char *value = NULL, *label;

	for (int i = 0; i < max; i++) {
		bool takes_time = reads_takes_time(&tree->reads, path);
		const struct outline *before = tree->reads.outline;
		enum reads_found found = reads_get(tree, path, &label, &value);

		/* it was foreseen */
		assert_true(takes_time || before == tree->reads.outline);
		if (found != READS_UNKNOWN)
			return i + 1;
	}
	return 0;
}

static void test_gets(void **state)
{
	struct tree *tree = *state;
	size_t none;

	store_hosts(tree, 1000);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/canonical", 100), 64);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1), 1);
	compare_get(tree, FILE_NODE "/999/alias[2]");
	/* several are for Augeas to speak of, and so is what is no path */
	assert_int_equal(gets_before(tree, FILE_NODE "/7/alias", 1000), 0);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/alias[3]/x[", 1000), 0);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/../8", 1000), 0);
	/* that there is none is known */
	assert_int_equal(gets_before(tree, FILE_NODE "/7/alias[3]", 1), 1);
	none = get_counts().none;
	compare_get(tree, FILE_NODE "/7/alias[3]/x");
	assert_int_equal(get_counts().none, none + 1);
	/* the more there is to outline, the more gets it must be for */
	reads_forget(&tree->reads);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1000), 64 + 5001 / 32);
	assert_int_equal(gets_before(tree, "/files/padding/x", 1000), 0);
	/* a match leaves one behind */
	reads_forget(&tree->reads);
	compare_match(tree, FILE_NODE "/*", false);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1), 1);
	/* but not that of all of the tree */
	reads_forget(&tree->reads);
	compare_match(tree, "//*", false);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1), 0);
}

/* Where no outline can be made it is not tried again and again. */
static void test_gets_hopeless(void **state)
{
	struct tree *tree = *state;

	store_hosts(tree, 100);
	/* there are two of the file's name */
	assert_int_equal(aug_insert(tree->aug, FILE_NODE, "x", 0), 0);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 100), 0);
	assert_true(tree->reads.hopeless);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1000), 0);
	assert_int_equal(aug_rm(tree->aug, FILE_NODE "[2]"), 1);
	reads_forget(&tree->reads);
	assert_int_not_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 100), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, make, unmake)
		TEST(words),
		TEST(gets),
		TEST(gets_hopeless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
