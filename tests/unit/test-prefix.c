/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which sections of a policy a plain beginning of an expression has to do with, and which govern
 * it. */
#include "unit.h"

#include <string.h>

#include "engine/prefix.h"

static void above_and_below_a_file_concern_it(void **state)
{
	static const char *const prefixes[] = { "", "/etc", "/etc/n", "/etc/n/x", "/etc/n/x/1/y" };
	static const char *const patterns[] = { "/etc/n/x", "/etc/n/*", "/etc/?/x", "/*/n/*" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(patterns); k++) {
			assert_true(prefix_concerns(prefixes[i], patterns[k]));
			assert_int_equal(prefix_is_above(prefixes[i], patterns[k]), i < 3);
			assert_int_equal(prefix_is_on_the_way(prefixes[i], patterns[k]), i < 4);
		}
}

static void what_is_beside_a_file_does_not(void **state)
{
	static const char *const prefixes[] = { "/et", "/etc2", "/etc/nn", "/etc/n/xx",
						"/usr/n/x" };
	static const char *const patterns[] = { "/etc/n/x", "/etc/?/x", "/etc/n/?" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(patterns); k++) {
			assert_false(prefix_concerns(prefixes[i], patterns[k]));
			assert_false(prefix_is_above(prefixes[i], patterns[k]));
			assert_false(prefix_is_on_the_way(prefixes[i], patterns[k]));
		}
	/* no wildcard stands for a dot at the beginning */
	assert_false(prefix_concerns("/etc/.n", "/etc/*/x"));
}

static void add(struct policy *policy, const char *path)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, path, &file), 0);
}

/* "LENGTH:SECTION" of each beginning that is governed. */
static void expect_governed(const struct policy *policy, const char *text, const char *expected)
{
	char prefix[256], got[256] = "";
	ssize_t entry;

	snprintf(prefix, sizeof(prefix), "%s", text);
	for (size_t at = 0; (at = prefix_next_governed(policy, prefix, at, &entry)) > 0;)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%zu:%zd ", at, entry);
	assert_string_equal(got, expected);
	assert_string_equal(prefix, text);
}

static void each_beginning_that_is_governed_is_found_the_shortest_first(void **state)
{
	struct policy *policy = policy_new();

	(void)state;
	add(policy, "/etc/n/*");
	add(policy, "/etc/n/*/*");
	add(policy, "/etc/n/own");
	add(policy, "/etc/hosts");
	expect_governed(policy, "/etc/hosts", "10:3 ");
	expect_governed(policy, "/etc/hosts/1/alias", "10:3 ");
	expect_governed(policy, "/etc/n/x/y/z", "8:0 10:1 ");
	expect_governed(policy, "/etc/n/own", "10:2 ");
	expect_governed(policy, "/etc/n/own/x", "10:2 12:1 ");
	policy_free(policy);
}

static void what_is_not_governed_is_not_found(void **state)
{
	static const char *const prefixes[] = {
		"",       "/",         "/etc",       "/etc/host", "/etc/hostsx/1", "/etc//hosts",
		"/etc/n", "/etc/n/.x", "/etc/../etc"
	};
	struct policy *policy = policy_new();

	(void)state;
	add(policy, "/etc/hosts");
	add(policy, "/etc/n/*");
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		expect_governed(policy, prefixes[i], "");
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(above_and_below_a_file_concern_it),
		cmocka_unit_test(what_is_beside_a_file_does_not),
		cmocka_unit_test(each_beginning_that_is_governed_is_found_the_shortest_first),
		cmocka_unit_test(what_is_not_governed_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
