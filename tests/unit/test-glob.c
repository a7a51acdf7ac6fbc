/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/glob.c: wildcards match what they should and nothing beside it. */
#include "unit.h"

#include <string.h>
#include <time.h>

#include "common/glob.h"

struct pair {
	const char *pattern;
	const char *text;
};

static void test_whole_texts_match(void **state)
{
	static const struct pair pairs[] = {
		{ "", "" },
		{ "Port", "Port" },
		{ "*", "" },
		{ "*", "anything at all/with\nbytes\xff" },
		{ "?", "x" },
		{ "?", "\xff" },
		{ "a*c", "ac" },
		{ "a*c", "abcbc" },
		{ "*.list", ".list" },
		{ "**", "ab" },
		{ "*a*b*", "xaxbx" },
		{ "a?c", "a/c" },
		{ "*?", "x" },
		{ "\\*", "*" },
		{ "\\?", "?" },
		{ "\\\\", "\\" },
		{ "a\\ b", "a b" },
		{ "\\a", "a" },
		{ "a\\", "a\\" },
		{ "[a]", "[a]" },
		{ "{a,b}", "{a,b}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!glob_match(pairs[i].pattern, pairs[i].text))
			fail_msg("'%s' does not match '%s'", pairs[i].pattern, pairs[i].text);
}

static void test_parts_and_look_alikes_do_not_match(void **state)
{
	static const struct pair pairs[] = {
		{ "", "a" },         { "Port", "" },       { "Port", "Ports" }, { "Port", "port" },
		{ "Port", "aPort" }, { "Port", "Port\n" }, { "?", "" },         { "?", "ab" },
		{ "?", "\xc3\xa9" }, { "a*c", "ab" },      { "a*c", "acb" },    { "*?", "" },
		{ "\\*", "a" },      { "\\*", "\\*" },     { "\\?", "x" },      { "[ab]", "a" },
		{ "[!a]", "b" },     { "{a,b}", "a" },     { "*a*b", "xbxa" },  { "a\\", "a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (glob_match(pairs[i].pattern, pairs[i].text))
			fail_msg("'%s' matches '%s'", pairs[i].pattern, pairs[i].text);
}

static void test_a_part_of_a_pattern_is_no_more_than_that(void **state)
{
	(void)state;
	assert_true(glob_match_part("Port/x", 4, "Port"));
	assert_true(glob_match_part("a*z", 2, "abc"));
	assert_true(glob_match_part("*", 0, ""));
	assert_false(glob_match_part("Port/x", 4, "Port/x"));
	assert_false(glob_match_part("a*z", 2, "b"));
	assert_false(glob_match_part("*", 0, "a"));
	/* the backslash is the part's last byte and escapes nothing */
	assert_false(glob_match_part("a\\*", 2, "a*"));
}

static void test_paths_match_component_by_component(void **state)
{
	static const struct pair pairs[] = {
		{ "/etc/hosts", "/etc/hosts" },
		{ "/etc/*", "/etc/hosts" },
		{ "/etc/apt/sources.list.d/*.list", "/etc/apt/sources.list.d/debian.list" },
		{ "/etc/*/*.conf", "/etc/a/b.conf" },
		{ "/etc/?osts", "/etc/hosts" },
		{ "/etc/.*", "/etc/.hidden" },
		{ "/etc/a.*", "/etc/a.b" },
		{ "/etc/a*", "/etc/a.b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!glob_match_path(pairs[i].pattern, pairs[i].text))
			fail_msg("'%s' does not match '%s'", pairs[i].pattern, pairs[i].text);
}

static void test_no_wildcard_crosses_a_slash_or_finds_a_dot_file(void **state)
{
	static const struct pair pairs[] = {
		{ "/etc/*", "/etc/ssh/sshd_config" },
		{ "/etc/*", "/etc" },
		{ "/etc/*", "/etc/a/" },
		{ "/etc/*", "/etc/.hidden" },
		{ "/etc/?hidden", "/etc/.hidden" },
		{ "/etc/*", "/etc/." },
		{ "/etc/*", "/etc/.." },
		{ "/etc/*/passwd", "/etc/../passwd" },
		{ "/etc/*/passwd", "/etc/./passwd" },
		{ "/etc?hosts", "/etc/hosts" },
		{ "/etc*", "/etc/hosts" },
		{ "*", "/etc" },
		{ "/*", "/etc/hosts" },
		{ "/etc/*.list", "/etc/a.list/b" },
		{ "/etc/*.list", "/etc/a.list.bak" },
		{ "/etc/hosts", "/etc/hosts/" },
		{ "/etc/hosts", "/etc//hosts" },
		{ "/etc/hosts/", "/etc/hosts" },
		{ "/etc/hosts", "etc/hosts" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (glob_match_path(pairs[i].pattern, pairs[i].text))
			fail_msg("'%s' matches '%s'", pairs[i].pattern, pairs[i].text);
}

static void test_wildcards_are_told_from_escaped_ones(void **state)
{
	(void)state;
	assert_true(glob_has_wildcard("*"));
	assert_true(glob_has_wildcard("a?"));
	assert_true(glob_has_wildcard("\\**"));
	assert_true(glob_has_wildcard("\\\\*"));
	assert_false(glob_has_wildcard(""));
	assert_false(glob_has_wildcard("/etc/hosts"));
	assert_false(glob_has_wildcard("\\*"));
	assert_false(glob_has_wildcard("\\?a"));
	assert_false(glob_has_wildcard("[a]"));
	assert_false(glob_has_wildcard("a\\"));
}

static void test_the_fixed_part_ends_before_the_first_wildcard(void **state)
{
	(void)state;
	assert_int_equal(glob_fixed_length("/etc/apt/*.list"), strlen("/etc/apt"));
	assert_int_equal(glob_fixed_length("/etc/a?c/x"), strlen("/etc"));
	assert_int_equal(glob_fixed_length("/*/x"), 0);
	assert_int_equal(glob_fixed_length("/etc/\\*/x*"), strlen("/etc/\\*"));
}

/* What takes exponential time in a careless matcher: thirty stars and a text that fits until its
 * end. */
static void test_many_stars_take_no_exponential_time(void **state)
{
	scoped_ptr char *text = unit_repeat('a', 2000);
	char pattern[2 * 30 + 2] = "";
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < 30; i++)
		strcat(pattern, "a*");
	strcat(pattern, "b");
	assert_false(glob_match(pattern, text));
	assert_true(clock() - start < CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_texts_match),
		cmocka_unit_test(test_parts_and_look_alikes_do_not_match),
		cmocka_unit_test(test_a_part_of_a_pattern_is_no_more_than_that),
		cmocka_unit_test(test_paths_match_component_by_component),
		cmocka_unit_test(test_no_wildcard_crosses_a_slash_or_finds_a_dot_file),
		cmocka_unit_test(test_wildcards_are_told_from_escaped_ones),
		cmocka_unit_test(test_the_fixed_part_ends_before_the_first_wildcard),
		cmocka_unit_test(test_many_stars_take_no_exponential_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
