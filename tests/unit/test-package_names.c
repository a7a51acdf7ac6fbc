/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/package_names.c: hostile names are taken apart, and asked for one by one. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/package_names.h"

static void test_names_stand_one_blank_apart(void **state)
{
	struct package_names names;

	(void)state;
	assert_int_equal(package_names_split("g++ openssh-server libc6 x.y", &names), 0);
	assert_int_equal(names.count, 4);
	assert_string_equal(names.name[0], "g++");
	assert_string_equal(names.name[3], "x.y");
	assert_true(package_names_has(&names, "libc6"));
	assert_false(package_names_has(&names, "libc"));
}

static void test_no_text_is_no_name(void **state)
{
	struct package_names names;

	(void)state;
	assert_int_equal(package_names_split("", &names), 0);
	assert_int_equal(names.count, 0);
}

static void test_what_apt_would_read_as_something_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"-o",       "--help",    "x=1",       "xx/stable", "xx:amd64", "x*x",
		"x?x",      "?name",     "~nxx",      "^xx$",      "xx|yy",    "./xx.deb",
		"/xx",      "xx\nyy",    "xx\tyy",    "Xx",        "+xx",      ".xx",
		"x",        "xx yy -o",  "xx  yy",    " xx",       "xx ",      " ",
		"xx yy xx", "x\xc3\xa4", "xx;reboot", "$(reboot)", "xx,yy",    "xx_yy",
	};
	struct package_names names;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (package_names_split(bad[i], &names) != -EINVAL)
			fail_msg("taken: '%s'", bad[i]);
	}
}

static char *many(size_t count)
{
	char *text = calloc(count, 8);
	size_t length = 0;

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		length += (size_t)snprintf(text + length, 8, "%spp%zu", i ? " " : "", i);
	return text;
}

static void test_64_names_are_taken_and_65_are_not(void **state)
{
	scoped_ptr char *most = many(PACKAGES_MAX), *more = many(PACKAGES_MAX + 1);
	struct package_names names;

	(void)state;
	assert_int_equal(package_names_split(most, &names), 0);
	assert_int_equal(names.count, PACKAGES_MAX);
	assert_int_equal(package_names_split(more, &names), -EINVAL);
}

static void test_names_and_texts_that_are_too_long_are_refused(void **state)
{
	scoped_ptr char *name = unit_repeat('x', 300), *text = unit_repeat('x', 100000);
	struct package_names names;

	(void)state;
	assert_int_equal(package_names_split(name, &names), -EINVAL);
	assert_int_equal(package_names_split(text, &names), -EINVAL);
}

static struct policy *policy_of(const char *section, unsigned int verbs)
{
	struct policy *policy = policy_new();
	struct policy_package *package;

	assert_non_null(policy);
	assert_int_equal(policy_package_add(policy, section, &package), 0);
	package->verbs = verbs;
	return policy;
}

static bool allowed(const struct policy *policy, enum package_verb verb, const char *text,
		    const char *expected_denied)
{
	struct package_names names;
	const char *denied;
	bool yes;

	assert_int_equal(package_names_split(text, &names), 0);
	yes = package_names_allowed(&names, policy, verb, &denied);
	assert_string_equal(denied, expected_denied);
	return yes;
}

static void test_each_name_must_be_allowed_by_itself(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_of("php-*", 1u << PACKAGE_INSTALL);

	(void)state;
	assert_true(allowed(policy, PACKAGE_INSTALL, "php-a php-b", ""));
	assert_false(allowed(policy, PACKAGE_INSTALL, "php-a bash php-b", "bash"));
	assert_false(allowed(policy, PACKAGE_INSTALL, "bash", "bash"));
	assert_false(allowed(policy, PACKAGE_REMOVE, "php-a", "php-a"));
}

static void test_no_name_is_something_for_update_and_upgrade_of_all_only(void **state)
{
	scoped(policy_freep) struct policy *all = policy_of("*", ~0u);
	scoped(policy_freep) struct policy *some = policy_of("php-*", ~0u);

	(void)state;
	assert_true(allowed(all, PACKAGE_UPGRADE, "", ""));
	assert_true(allowed(some, PACKAGE_UPDATE, "", ""));
	assert_false(allowed(some, PACKAGE_UPGRADE, "", ""));
	assert_false(allowed(all, PACKAGE_INSTALL, "", ""));
	assert_false(allowed(all, PACKAGE_REMOVE, "", ""));
	assert_false(allowed(all, PACKAGE_STATUS, "", ""));
	assert_false(allowed(all, PACKAGE_UPDATE, "php-a", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_stand_one_blank_apart),
		cmocka_unit_test(test_no_text_is_no_name),
		cmocka_unit_test(test_what_apt_would_read_as_something_else_is_refused),
		cmocka_unit_test(test_64_names_are_taken_and_65_are_not),
		cmocka_unit_test(test_names_and_texts_that_are_too_long_are_refused),
		cmocka_unit_test(test_each_name_must_be_allowed_by_itself),
		cmocka_unit_test(test_no_name_is_something_for_update_and_upgrade_of_all_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
