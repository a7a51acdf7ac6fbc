/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/run/package_state.c: what dpkg-query and apt-cache print is read to its last byte. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "run/package_state.h"

static const char query[] = "app\tamd64\tinstalled\t1:1.0-2\tno\t\n"
			    "app\ti386\tconfig-files\t1.0\tno\t\n"
			    "lib\tall\thalf-configured\t2.0~rc1\tno\t\n"
			    "base\tamd64\tinstalled\t5\tyes\tyes\n"
			    "left\tamd64\tconfig-files\t5\tno\t\n";

static struct package_states read_all(const char *text)
{
	struct package_states states;
	char *copy = strdup(text);

	assert_non_null(copy);
	assert_int_equal(package_states_read(copy, &states), 0);
	return states;
}

static void test_each_line_is_a_package(void **state)
{
	scoped_states states = read_all(query);

	(void)state;
	assert_int_equal(states.count, 5);
	assert_string_equal(package_states_find(&states, "app", "amd64")->version, "1:1.0-2");
	assert_string_equal(package_states_of(&states, "app", "amd64")->state, "installed");
	assert_string_equal(package_states_of(&states, "app", "i386")->state, "config-files");
	assert_string_equal(package_states_of(&states, "lib", "amd64")->state, "half-configured");
	assert_true(package_states_find(&states, "base", "amd64")->essential);
	assert_false(package_states_find(&states, "app", "amd64")->essential);
	assert_null(package_states_of(&states, "base", "arm64"));
	assert_null(package_states_of(&states, "ap", "amd64"));
}

static void test_what_left_its_configuration_is_not_there(void **state)
{
	scoped_states states = read_all(query);

	(void)state;
	assert_true(package_states_installed(&states, "app"));
	assert_true(package_states_installed(&states, "lib"));
	assert_false(package_states_installed(&states, "left"));
	assert_false(package_states_installed(&states, "none"));
}

static void test_no_package_at_all_is_no_error(void **state)
{
	scoped_states states = read_all("");

	(void)state;
	assert_int_equal(states.count, 0);
}

static void test_other_output_is_refused(void **state)
{
	static const char *const bad[] = {
		"app\n",
		"\n",
		"\n\n",
		"app\tamd64\tinstalled\t1.0\tno\n",
		"app\tamd64\tinstalled\t1.0\tno\t\t\n",
		"\tamd64\tinstalled\t1.0\tno\t\n",
		"app\tamd64\tinstalled\t1.0\tno\t\n\n",
		"dpkg-query: error\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct package_states states;
		char *copy = strdup(bad[i]);

		assert_non_null(copy);
		if (package_states_read(copy, &states) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
	}
}

static const char policy[] =
	"N: Unable to locate package exm\n"
	"app:\n  Installed: 1.0\n  Candidate: 2.0\n  Version table:\n"
	"     2.0 500\n        500 file:/srv ./ Packages\n"
	"new:\n  Installed: (none)\n  Candidate: 1:3.0~a\n  Version table:\n"
	"virtual:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n"
	"held:\n  Installed: 1.0\n  Candidate: (none)\n  Version table:\n"
	"app:i386:\n  Installed: 1.0\n  Candidate: 9.0\n  Version table:\n"
	"cut:\n  Installed: 1.0\n";

static void expect_candidate(const char *name, const char *expected)
{
	char version[32] = "untouched";

	assert_true(package_candidate(policy, name, version, sizeof(version)));
	assert_string_equal(version, expected);
}

static void test_the_candidate_is_that_of_the_very_name(void **state)
{
	(void)state;
	expect_candidate("app", "2.0");
	expect_candidate("new", "1:3.0~a");
	expect_candidate("held", "");
}

static void test_a_name_that_is_no_package_has_no_candidate(void **state)
{
	static const char *const none[] = { "virtual", "ap", "pp", "ew", "a.p", "exm", "cut", "x" };
	char version[32] = "untouched";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		if (package_candidate(policy, none[i], version, sizeof(version)))
			fail_msg("%s has one: %s", none[i], version);
	assert_false(package_candidate("", "app", version, sizeof(version)));
	assert_string_equal(version, "untouched");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_line_is_a_package),
		cmocka_unit_test(test_what_left_its_configuration_is_not_there),
		cmocka_unit_test(test_no_package_at_all_is_no_error),
		cmocka_unit_test(test_other_output_is_refused),
		cmocka_unit_test(test_the_candidate_is_that_of_the_very_name),
		cmocka_unit_test(test_a_name_that_is_no_package_has_no_candidate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
