/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/run/package_plan.c: apt's plan is read as apt writes it, and nothing else is a plan.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "run/package_plan.h"

/* All lines of the text; what the last one gave. */
static int feed(struct package_plan *plan, const char *text)
{
	scoped_ptr char *copy = strdup(text);
	char *rest = copy, *line;
	int r = 0;

	while (r == 0 && (line = strsep(&rest, "\n")))
		r = package_plan_line(plan, line);
	return r;
}

#define HEAD "VERSION 3\nAPT::Architecture=amd64\nDPkg::Options::=--force-confold\n\n"

static const char whole[] =
	HEAD "exm-new - - none < 2.0 all none /srv/exm new.deb\n"
	     "exm-up 1:1.0~a amd64 same < 1:1.0 amd64 same /srv/exm-up.deb\n"
	     "exm-back 2 all none > 1 all none /srv/exm-back.deb\n"
	     "exm-gone 1.0 all none > - - none **REMOVE**\n"
	     "exm-half 1 all none = 1 all none **CONFIGURE**\n"
	     "exm-new - - none < 2.0 all none **CONFIGURE**\n"
	     "exm-up 1:1.0~a amd64 same < 1:1.0 amd64 same **CONFIGURE**\n"
	     "exm-up 1:1.0~a i386 same < 1:1.0 i386 same **CONFIGURE**\n" PLAN_END;

static void test_each_package_and_architecture_is_one_change(void **state)
{
	scoped_plan plan = { .change = NULL };

	(void)state;
	assert_int_equal(feed(&plan, whole), 1);
	assert_int_equal(plan.count, 6);
	assert_int_equal(package_plan_find(&plan, "exm-new")->kind, PLAN_INSTALL);
	assert_string_equal(package_plan_find(&plan, "exm-new")->before, "");
	assert_string_equal(package_plan_find(&plan, "exm-new")->after, "2.0");
	assert_int_equal(package_plan_find(&plan, "exm-up")->kind, PLAN_UPGRADE);
	assert_string_equal(package_plan_find(&plan, "exm-up")->before, "1:1.0~a");
	assert_int_equal(package_plan_find(&plan, "exm-back")->kind, PLAN_DOWNGRADE);
	assert_int_equal(package_plan_find(&plan, "exm-gone")->kind, PLAN_REMOVE);
	assert_string_equal(package_plan_find(&plan, "exm-gone")->arch, "all");
	assert_string_equal(package_plan_find(&plan, "exm-gone")->after, "");
	assert_int_equal(package_plan_find(&plan, "exm-half")->kind, PLAN_FINISH);
	assert_null(package_plan_find(&plan, "exm"));
}

static void test_a_second_plan_adds_to_the_first(void **state)
{
	scoped_plan plan = { .change = NULL };

	(void)state;
	assert_int_equal(feed(&plan, whole), 1);
	assert_int_equal(feed(&plan, HEAD "exm-more - - none < 1 all none /x.deb\n" PLAN_END), 1);
	assert_int_equal(plan.count, 7);
}

static void test_a_removal_that_comes_back_is_judged_by_what_is_there_then(void **state)
{
	scoped_plan plan = { .change = NULL };

	(void)state;
	assert_int_equal(feed(&plan, HEAD "exm-x 1 all none < 2 all none **REMOVE**\n" PLAN_END),
			 1);
	assert_int_equal(plan.change[0].kind, PLAN_UPGRADE);
}

static void test_a_plan_has_an_end(void **state)
{
	scoped_plan plan = { .change = NULL };

	(void)state;
	assert_int_equal(feed(&plan, HEAD "exm-x - - none < 1 all none /x.deb"), 0);
	assert_int_equal(feed(&plan, PLAN_END), 1);
}

static void test_what_is_no_plan_is_refused(void **state)
{
	static const char *const bad[] = {
		"VERSION 2",
		"/srv/x.deb",
		"",
		PLAN_END,
		HEAD "exm-x",
		HEAD "exm-x - - none < 1 all none",
		HEAD "exm-x - - none < 1 all none ",
		HEAD "exm-x - - none  1 all none /x.deb",
		HEAD "exm-x 1 all none ? 2 all none /x.deb",
		HEAD "exm-x 1 all none << 2 all none /x.deb",
		HEAD "exm-x - - none < - - none **CONFIGURE**",
		HEAD "-o - - none < 1 all none /x.deb",
		HEAD "Exm - - none < 1 all none /x.deb",
		HEAD "exm-x 1.0 < 2.0 /x.deb",
		HEAD "VERSION 3",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		scoped_plan plan = { .change = NULL };

		if (feed(&plan, bad[i]) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(plan.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_package_and_architecture_is_one_change),
		cmocka_unit_test(test_a_second_plan_adds_to_the_first),
		cmocka_unit_test(test_a_removal_that_comes_back_is_judged_by_what_is_there_then),
		cmocka_unit_test(test_a_plan_has_an_end),
		cmocka_unit_test(test_what_is_no_plan_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
