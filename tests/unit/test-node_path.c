/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/common/node_path.c: what libaugeas prints is understood, what it
 * never prints is refused, and patterns name the nodes that they should.
 */
#include "unit.h"

#include <augeas.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/node_path.h"

static void test_labels_and_positions_are_taken_apart(void **state)
{
	scoped_node_path path = { 0 };

	(void)state;
	assert_int_equal(node_path_parse("/files/etc/hosts/1/alias[4294967295]", &path), 0);
	assert_int_equal(path.depth, 5);
	assert_string_equal(path.label[0], "files");
	assert_string_equal(path.label[3], "1");
	assert_string_equal(path.label[4], "alias");
	assert_int_equal(path.position[3], 0);
	assert_int_equal(path.position[4], 4294967295u);
}

static void test_escapes_are_taken_away(void **state)
{
	scoped_node_path path = { 0 };

	(void)state;
	assert_int_equal(node_path_parse("/a\\/b/c\\ d[2]/\\\\/\\[1\\]/#x/a\\\nb", &path), 0);
	assert_int_equal(path.depth, 6);
	assert_string_equal(path.label[0], "a/b");
	assert_string_equal(path.label[1], "c d");
	assert_int_equal(path.position[1], 2);
	assert_string_equal(path.label[2], "\\");
	assert_string_equal(path.label[3], "[1]");
	assert_int_equal(path.position[3], 0);
	assert_string_equal(path.label[4], "#x");
	assert_string_equal(path.label[5], "a\nb");
}

static void test_what_augeas_never_prints_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		"a",
		"a/b",
		"//",
		"/a/",
		"/a//b",
		"/a[0]",
		"/a[01]",
		"/a[-1]",
		"/a[1",
		"/a[]",
		"/a[1]b",
		"/a[1][2]",
		"/[1]",
		"/a[x]",
		"/a[ 1]",
		"/a[1 ]",
		"/a[last()]",
		"/a]",
		"/a\\",
		"/a b",
		"/a\tb",
		"/a\nb",
		"/a|b",
		"/a=b",
		"/a(b",
		"/a)",
		"/a!b",
		"/a,b",
		"/a[4294967296]",
		"/a[99999999999999999999]",
		"/a[1.0]",
		"/a[+1]",
		"/a[\"x\"]",
		"/a[b='c']",
		"/a[.='c']",
		"/a[1]/",
		"/a[1]/[2]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct node_path path = { .depth = 77 };

		if (node_path_parse(texts[i], &path) != -EINVAL)
			fail_msg("'%s' is taken", texts[i]);
		assert_int_equal(path.depth, 77);
	}
}

static void test_a_path_too_deep_is_refused(void **state)
{
	char text[2 * (NODE_DEPTH_MAX + 1) + 1] = "";
	struct node_path path = { 0 };

	(void)state;
	for (size_t i = 0; i < NODE_DEPTH_MAX; i++)
		strcat(text, "/a");
	assert_int_equal(node_path_parse(text, &path), 0);
	assert_int_equal(path.depth, NODE_DEPTH_MAX);
	node_path_clear(&path);
	strcat(text, "/a");
	assert_int_equal(node_path_parse(text, &path), -E2BIG);
}

static void test_clearing_twice_is_harmless(void **state)
{
	struct node_path path = { 0 };

	(void)state;
	node_path_clear(&path);
	assert_int_equal(node_path_parse("/a", &path), 0);
	node_path_clear(&path);
	node_path_clear(&path);
	assert_int_equal(path.depth, 0);
}

/* ---- against the real library --------------------------------------------------- */

static void assert_survives_augeas(struct augeas *aug, const char *label)
{
	scoped_node_path path = { 0 };
	char **matches;

	assert_true(aug_rm(aug, "/t") >= 0);
	assert_int_equal(aug_set(aug, "/t/k[1]", "v"), 0);
	assert_int_equal(aug_set(aug, "/t/k[2]", "v"), 0);
	assert_int_equal(aug_rename(aug, "/t/k", label), 2);
	assert_int_equal(aug_match(aug, "/t/*[2]", &matches), 1);
	if (node_path_parse(matches[0], &path) != 0)
		fail_msg("'%s', which is printed for '%s', is refused", matches[0], label);
	assert_int_equal(path.depth, 2);
	assert_string_equal(path.label[1], label);
	assert_int_equal(path.position[1], 2);
	free(matches[0]);
	free(matches);
}

static void test_every_label_that_augeas_can_hold_comes_back(void **state)
{
	static const char *const labels[] = {
		"a b",         "a[1]",   "a\\b",     "=x",   "a)b",  "a(b",     "a|b",
		"a!=b",        "a,b",    "a'b",      "a\"b", "*",    "..",      ".",
		"ancestor::x", "$x",     "#comment", " a",   "a ",   "a\tb",    "a\nb",
		"a\r\v\f",     "last()", "[1]",      "[",    "]",    "a and b", "\xc3\xa9",
		"\xff",        "\x01",   "-x",       "\\",   "\\\\",
	};
	struct augeas *aug =
		aug_init("/nonexistent", NULL, AUG_NO_LOAD | AUG_NO_MODL_AUTOLOAD | AUG_NO_STDINC);

	(void)state;
	assert_non_null(aug);
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		assert_survives_augeas(aug, labels[i]);
	for (unsigned int c = 1; c < 256; c++) {
		char label[] = { 'a', (char)c, 'b', '\0' };

		if (c != '/')
			assert_survives_augeas(aug, label);
	}
	aug_close(aug);
}

static void test_a_label_with_a_slash_comes_back_from_augeas(void **state)
{
	struct augeas *aug =
		aug_init("/nonexistent", NULL, AUG_NO_LOAD | AUG_NO_MODL_AUTOLOAD | AUG_NO_STDINC);
	scoped_node_path path = { 0 };
	char **matches;

	(void)state;
	assert_non_null(aug);
	assert_int_equal(aug_set(aug, "/t/a\\/b", "v"), 0);
	assert_int_equal(aug_match(aug, "/t/*", &matches), 1);
	assert_int_equal(node_path_parse(matches[0], &path), 0);
	assert_string_equal(path.label[1], "a/b");
	free(matches[0]);
	free(matches);
	aug_close(aug);
}

/* ---- patterns -------------------------------------------------------------------- */

struct pair {
	const char *pattern;
	const char *path;
};

static bool matches(const struct pair *pair, size_t from)
{
	scoped_node_path path = { 0 };

	assert_int_equal(node_path_parse(pair->path, &path), 0);
	return node_pattern_match(pair->pattern, &path, from);
}

static void test_patterns_name_their_nodes(void **state)
{
	static const struct pair pairs[] = {
		{ "Port", "/Port" },
		{ "Port", "/Port[3]" },
		{ "*", "/Port" },
		{ "Match/Settings/Port", "/Match[2]/Settings/Port" },
		{ "*/canonical", "/1/canonical" },
		{ "**", "/a" },
		{ "**", "/a/b/c" },
		{ "Match/**", "/Match/a/b" },
		{ "Match/**", "/Match" },
		{ "**/Port", "/Port" },
		{ "**/Port", "/Match/Settings/Port" },
		{ "a/**/z", "/a/z" },
		{ "a/**/z", "/a/b/z/c/z" },
		{ "**/a/**/b/**", "/x/a/y/z/b" },
		{ "**/**", "/a" },
		{ "**/*", "/a/b" },
		{ "a?", "/ab" },
		{ "#comment", "/#comment[12]" },
		{ "a\\/b", "/a\\/b" },
		{ "a\\ b", "/a\\ b" },
		{ "\\*", "/*" },
		{ "*", "/a\\/b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!matches(&pairs[i], 0))
			fail_msg("'%s' does not name '%s'", pairs[i].pattern, pairs[i].path);
}

static void test_patterns_name_no_other_nodes(void **state)
{
	static const struct pair pairs[] = {
		{ "Port", "/Ports" },
		{ "Port", "/Port/x" },
		{ "Port", "/x/Port" },
		{ "*", "/a/b" },
		{ "*/*", "/a" },
		{ "a/b", "/a\\/b" },
		{ "a\\/b", "/a/b" },
		{ "**/Port", "/Port/x" },
		{ "Match/**", "/Other/Match" },
		{ "a/**/z", "/a" },
		{ "a/**/z", "/a/z/b" },
		{ "a/**/z", "/b/z" },
		{ "a**", "/a/b" },
		{ "\\**", "/a" },
		{ "", "/a" },
		{ "/a", "/a" },
		{ "a/", "/a" },
		{ "a//b", "/a/b" },
		{ "Port[1]", "/Port[1]" },
		{ "..", "/a" },
		{ "../a", "/a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (matches(&pairs[i], 0))
			fail_msg("'%s' names '%s'", pairs[i].pattern, pairs[i].path);
}

static void test_from_skips_the_labels_above(void **state)
{
	static const struct pair file = { "Port", "/files/etc/ssh/sshd_config/Port" };

	(void)state;
	assert_true(matches(&file, 4));
	assert_false(matches(&file, 3));
	assert_false(matches(&file, 5));
	assert_true(matches(&(struct pair){ "**", "/files" }, 1));
	assert_false(matches(&(struct pair){ "*", "/files" }, 1));
}

static bool covers(const char *pattern, const char *text, size_t from)
{
	scoped_node_path path = { 0 };

	assert_int_equal(node_path_parse(text, &path), 0);
	return node_pattern_covers(pattern, &path, from);
}

static void test_a_pattern_covers_its_nodes_and_all_below(void **state)
{
	(void)state;
	assert_true(covers("Match", "/Match", 0));
	assert_true(covers("Match", "/Match[2]/Settings/Port", 0));
	assert_true(covers("Match/Settings", "/Match/Settings/Port", 0));
	assert_true(covers("**/Settings", "/Match/Settings/Port", 0));
	assert_true(covers("*", "/a/b/c", 0));
	assert_true(covers("Port", "/files/x/Port/y", 2));
}

static void test_a_pattern_covers_nothing_above_or_beside(void **state)
{
	(void)state;
	assert_false(covers("Match/Settings", "/Match", 0));
	assert_false(covers("Match", "/Other/Match", 0));
	assert_false(covers("Match", "/Matches/x", 0));
	assert_false(covers("files", "/files/x", 1));
	assert_false(covers("**", "/files", 1));
	assert_false(covers("", "/a", 0));
}

static bool goes_below(const char *pattern, const char *text)
{
	scoped_node_path path = { 0 };
	const struct node_path own = { 0 };

	if (text[0] == '\0')
		return node_pattern_goes_below(pattern, &own, 0);
	assert_int_equal(node_path_parse(text, &path), 0);
	return node_pattern_goes_below(pattern, &path, 0);
}

static void test_a_pattern_goes_below_a_node_or_not(void **state)
{
	(void)state;
	assert_true(goes_below("*/canonical", "/1"));
	assert_true(goes_below("Match/**", "/Match[2]/Settings"));
	assert_true(goes_below("**", "/a/b"));
	assert_true(goes_below("**/Secret", "/a"));
	assert_true(goes_below("Port", ""));
	assert_false(goes_below("*/canonical", "/1/canonical"));
	assert_false(goes_below("Match/Settings", "/Matches"));
	assert_false(goes_below("Match", "/Match"));
	assert_false(goes_below("a/b", "/b"));
}

/* Some of up to `depth` labels, each "a" or "b", behind the path: does the pattern name one? */
static bool names_one_below(const char *pattern, const char *text, int depth)
{
	for (char label = 'a'; label <= 'b'; label++) {
		char longer[64];
		scoped_node_path path = { 0 };

		snprintf(longer, sizeof(longer), "%s/%c", text, label);
		assert_int_equal(node_path_parse(longer, &path), 0);
		if (node_pattern_match(pattern, &path, 0) ||
		    (depth > 1 && names_one_below(pattern, longer, depth - 1)))
			return true;
	}
	return false;
}

/* Every pattern of up to four labels, and every path of up to three. */
static void test_a_pattern_goes_below_just_if_it_names_a_node_there(void **state)
{
	static const char *const labels[] = { "", "a", "b", "?", "*", "**" };
	static const char *const paths[] = { "",     "/a",     "/b",     "/a/a",   "/a/b", "/b/a",
					     "/b/b", "/a/b/a", "/b/b/a", "/b/a/a", "/c",   "/a/c" };
	size_t below = 0, not_below = 0;

	(void)state;
	for (size_t n = 1; n < 6 * 6 * 6 * 6; n++) {
		char pattern[32] = "";

		for (size_t rest = n; rest > 0; rest /= 6)
			if (labels[rest % 6][0])
				sprintf(pattern + strlen(pattern), "%s%s", pattern[0] ? "/" : "",
					labels[rest % 6]);
		for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
			bool wanted = names_one_below(pattern, paths[i], 4);

			if (goes_below(pattern, paths[i]) != wanted)
				fail_msg("'%s' below '%s'", pattern, paths[i]);
			*(wanted ? &below : &not_below) += 1;
		}
	}
	assert_true(below > 1000 && not_below > 1000);
}

static void test_the_labels_below_are_those_of_the_path(void **state)
{
	scoped_node_path path = { 0 };
	struct node_path below;

	(void)state;
	assert_int_equal(node_path_parse("/files/etc/hosts/3/alias[2]", &path), 0);
	below = node_path_below(&path, 3);
	assert_int_equal(below.depth, 2);
	assert_ptr_equal(below.label[0], path.label[3]);
	assert_int_equal(below.position[1], 2);
	assert_int_equal(node_path_below(&path, 5).depth, 0);
}

static void test_many_double_stars_take_no_exponential_time(void **state)
{
	char text[2 * NODE_DEPTH_MAX + 1] = "", pattern[30 * 5 + 2] = "";
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < NODE_DEPTH_MAX; i++)
		strcat(text, "/a");
	for (size_t i = 0; i < 30; i++)
		strcat(pattern, "**/a/");
	strcat(pattern, "b");
	assert_false(covers(pattern, text, 0));
	assert_true(goes_below(pattern, text));
	assert_true(clock() - start < CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels_and_positions_are_taken_apart),
		cmocka_unit_test(test_escapes_are_taken_away),
		cmocka_unit_test(test_what_augeas_never_prints_is_refused),
		cmocka_unit_test(test_a_path_too_deep_is_refused),
		cmocka_unit_test(test_clearing_twice_is_harmless),
		cmocka_unit_test(test_every_label_that_augeas_can_hold_comes_back),
		cmocka_unit_test(test_a_label_with_a_slash_comes_back_from_augeas),
		cmocka_unit_test(test_patterns_name_their_nodes),
		cmocka_unit_test(test_patterns_name_no_other_nodes),
		cmocka_unit_test(test_from_skips_the_labels_above),
		cmocka_unit_test(test_a_pattern_covers_its_nodes_and_all_below),
		cmocka_unit_test(test_a_pattern_covers_nothing_above_or_beside),
		cmocka_unit_test(test_a_pattern_goes_below_a_node_or_not),
		cmocka_unit_test(test_a_pattern_goes_below_just_if_it_names_a_node_there),
		cmocka_unit_test(test_the_labels_below_are_those_of_the_path),
		cmocka_unit_test(test_many_double_stars_take_no_exponential_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
