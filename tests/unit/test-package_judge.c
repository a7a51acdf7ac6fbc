/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/run/package_judge.c: apt's plan is held to the policy by what it
 * would change. And package_report.c: what became of it is told as it is.
 */
#include "unit.h"

#include <string.h>

#include "run/package_judge.h"
#include "run/package_report.h"

#define INSTALL (1u << PACKAGE_INSTALL)
#define REMOVE (1u << PACKAGE_REMOVE)
#define UPGRADE (1u << PACKAGE_UPGRADE)

/* What dpkg has, in all tests. */
static const char installed[] = "app\tall\tinstalled\t1.0\tno\t\n"
				"lib\tall\tinstalled\t1.0\tno\t\n"
				"base\tall\tinstalled\t1.0\tyes\t\n"
				"boot\tall\tinstalled\t1.0\tno\tyes\n"
				"old\tall\tconfig-files\t1.0\tno\t\n";

struct scene {
	struct policy *policy;
	struct package_states states;
	struct package_plan plan;
	struct package_names names;
	struct report refusals;
	char why[MESSAGE_TEXT_MAX + 1];
};

static int scene_make(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	char *text = strdup(installed);

	assert_non_null(scene);
	assert_non_null(text);
	scene->policy = policy_new();
	assert_non_null(scene->policy);
	assert_int_equal(package_states_read(text, &scene->states), 0);
	scene->refusals = report_begin(REPORT_REFUSAL);
	*state = scene;
	return 0;
}

static int scene_clear(void **state)
{
	struct scene *scene = *state;

	policy_free(scene->policy);
	package_states_clear(&scene->states);
	package_plan_clear(&scene->plan);
	report_clear(&scene->refusals);
	free(scene);
	return 0;
}

static void allow(struct scene *scene, const char *name, unsigned int verbs)
{
	struct policy_package *package;

	assert_int_equal(policy_package_add(scene->policy, name, &package), 0);
	package->verbs = verbs;
}

/* A plan with these lines, judged for the verb and the names. */
static bool judge(struct scene *scene, enum package_verb verb, const char *names, const char *lines)
{
	char text[1024], *rest = text, *line;
	int r = 0;

	snprintf(text, sizeof(text), "VERSION 3\n\n%s" PLAN_END, lines);
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = package_plan_line(&scene->plan, line);
	assert_int_equal(r, 1);
	assert_int_equal(package_names_split(names, &scene->names), 0);
	return package_judge(scene->policy, verb, &scene->names, &scene->plan, &scene->states,
			     &scene->refusals, scene->why, sizeof(scene->why));
}

/* What programs are told: a package, what would become of it, and the rule, in each line. */
static void expect_refusals(const struct scene *scene, const char *expected)
{
	char got[1024] = "";
	scoped_reader reader = { .trailer = NULL };
	scoped_fd fd = report_seal(&scene->refusals, "");
	struct refusal_row row;

	assert_true(fd >= 0);
	assert_int_equal(report_open(fd, REPORT_REFUSAL, &reader), 0);
	while (report_next_refusal_row(&reader, &row) > 0)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s %s: %s\n", row.would,
			 row.package, row.rule);
	assert_string_equal(got, expected);
}

#define NEW(name) name " - - none < 1 all none /x.deb\n"
#define UP(name) name " 1.0 all none < 2.0 all none /x.deb\n"
#define DOWN(name) name " 1.0 all none > 0.5 all none /x.deb\n"
#define GONE(name) name " 1.0 all none > - - none **REMOVE**\n"
#define HALF(name) name " 1.0 all none = 1.0 all none **CONFIGURE**\n"

static void test_new_dependencies_come_with_an_install(void **state)
{
	struct scene *scene = *state;

	allow(scene, "new", INSTALL);
	assert_true(judge(scene, PACKAGE_INSTALL, "new", NEW("new") NEW("dependency")));
	assert_string_equal(scene->why, "");
	expect_refusals(scene, "");
}

static void test_what_is_upgraded_along_must_be_allowed(void **state)
{
	struct scene *scene = *state;

	allow(scene, "new", INSTALL);
	assert_false(judge(scene, PACKAGE_INSTALL, "new", NEW("new") UP("lib") UP("app")));
	assert_string_equal(scene->why, "it would upgrade lib app, which needs a [Package] section "
					"with Allow=upgrade or install");
	expect_refusals(scene, "upgrade lib: [Package lib] Allow=upgrade\n"
			       "upgrade app: [Package app] Allow=upgrade\n");
}

static void test_install_or_upgrade_allows_an_upgrade(void **state)
{
	struct scene *scene = *state;

	allow(scene, "app", INSTALL);
	allow(scene, "lib", UPGRADE);
	assert_true(judge(scene, PACKAGE_INSTALL, "app", UP("app") UP("lib")));
}

static void test_an_install_removes_nothing_even_what_may_be_removed(void **state)
{
	struct scene *scene = *state;

	allow(scene, "*", INSTALL | REMOVE | UPGRADE);
	assert_false(judge(scene, PACKAGE_INSTALL, "new", NEW("new") GONE("lib")));
	assert_string_equal(scene->why, "it would remove lib, which needs to be removed first, by "
					"a call of its own");
	expect_refusals(scene, "remove lib: \n");
}

static void test_an_upgrade_removes_nothing(void **state)
{
	struct scene *scene = *state;

	allow(scene, "*", INSTALL | REMOVE | UPGRADE);
	assert_false(judge(scene, PACKAGE_UPGRADE, "", UP("app") GONE("lib")));
}

static void test_what_is_removed_along_must_be_allowed(void **state)
{
	struct scene *scene = *state;

	allow(scene, "lib", REMOVE);
	allow(scene, "a*", INSTALL | UPGRADE);
	assert_false(judge(scene, PACKAGE_REMOVE, "lib", GONE("app") GONE("lib")));
	assert_string_equal(scene->why, "it would remove app, which needs a [Package] section with "
					"Allow=remove");
	/* the section that the package is in */
	expect_refusals(scene, "remove app: [Package a*] Allow=remove\n");
}

static void test_all_that_may_be_removed_is(void **state)
{
	struct scene *scene = *state;

	allow(scene, "lib", REMOVE);
	allow(scene, "app", REMOVE);
	assert_true(judge(scene, PACKAGE_REMOVE, "lib", GONE("app") GONE("lib")));
}

static void test_a_removal_that_installs_needs_install(void **state)
{
	struct scene *scene = *state;

	allow(scene, "lib", REMOVE);
	assert_false(judge(scene, PACKAGE_REMOVE, "lib", GONE("lib") NEW("other")));
	assert_string_equal(scene->why,
			    "it would install other, which needs a [Package] section with "
			    "Allow=install");
	expect_refusals(scene, "install other: [Package other] Allow=install\n");
}

static void test_nothing_is_downgraded(void **state)
{
	struct scene *scene = *state;

	allow(scene, "*", INSTALL | REMOVE | UPGRADE);
	assert_false(judge(scene, PACKAGE_INSTALL, "app", DOWN("app")));
}

static void test_nothing_essential_or_protected_is_removed(void **state)
{
	struct scene *scene = *state;

	allow(scene, "*", INSTALL | REMOVE | UPGRADE);
	assert_false(judge(scene, PACKAGE_REMOVE, "base boot", GONE("base") GONE("boot")));
	assert_string_equal(scene->why,
			    "it would remove base boot, which needs to stay: the system needs it");
	expect_refusals(scene, "remove base: \nremove boot: \n");
}

static void test_what_was_left_half_done_is_finished(void **state)
{
	struct scene *scene = *state;

	allow(scene, "new", INSTALL);
	assert_true(judge(scene, PACKAGE_INSTALL, "new", NEW("new") HALF("lib")));
}

static void test_a_name_that_apt_read_as_another_is_refused(void **state)
{
	struct scene *scene = *state;

	allow(scene, "*", INSTALL);
	assert_false(judge(scene, PACKAGE_INSTALL, "gg++", NEW("gg")));
	assert_string_equal(scene->why, "it would pass over gg++, which needs to be known to apt "
					"under that very name");
}

static void test_what_is_there_need_not_be_planned(void **state)
{
	struct scene *scene = *state;

	allow(scene, "*", INSTALL | REMOVE);
	assert_true(judge(scene, PACKAGE_INSTALL, "app new", NEW("new")));
	assert_true(judge(scene, PACKAGE_REMOVE, "old", ""));
}

static void test_more_packages_than_the_answer_holds_are_refused_all_the_same(void **state)
{
	struct scene *scene = *state;
	char lines[1024] = "";

	for (int i = 0; i < 20; i++)
		snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines),
			 "very-long-name-of-a-package-%d 1 all none < 2 all none /x\n", i);
	lines[900] = '\0';
	strrchr(lines, '\n')[1] = '\0';
	assert_false(judge(scene, PACKAGE_UPGRADE, "", lines));
	assert_true(strlen(scene->why) <= MESSAGE_TEXT_MAX);
	/* programs are told all of them */
	assert_int_equal(scene->refusals.rows, 15);
}

/* ---- what became of it ------------------------------------------------------- */

static void expect_rows(struct scene *scene, const char *now, const char *expected)
{
	char *text = strdup(now), got[1024] = "";
	scoped_states states = { .text = NULL };
	scoped_report report = report_begin(REPORT_PACKAGE);
	scoped_reader reader = { .trailer = NULL };
	scoped_fd fd = -1;
	struct package_row row;

	assert_int_equal(package_states_read(text, &states), 0);
	assert_int_equal(package_report_changes(&scene->plan, &states, &report), 0);
	fd = report_seal(&report, "");
	assert_true(fd >= 0);
	assert_int_equal(report_open(fd, REPORT_PACKAGE, &reader), 0);
	while (report_next_package_row(&reader, &row) > 0)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s %s %s>%s %s\n", row.name,
			 row.action, row.before, row.version, row.state);
	assert_string_equal(got, expected);
}

static void test_changes_are_told_as_they_are(void **state)
{
	struct scene *scene = *state;

	allow(scene, "*", INSTALL | REMOVE | UPGRADE);
	(void)judge(scene, PACKAGE_UPGRADE, "", NEW("new") UP("app") GONE("lib") HALF("base"));
	expect_rows(scene,
		    "new\tall\tinstalled\t1\tno\t\napp\tall\tinstalled\t2.0\tno\t\n"
		    "lib\tall\tconfig-files\t1.0\tno\t\nbase\tall\tinstalled\t1.0\tyes\t\n",
		    "new installed >1 installed\napp upgraded 1.0>2.0 installed\n"
		    "lib removed 1.0> config-files\nbase configured 1.0>1.0 installed\n");
}

static void test_a_run_that_failed_half_way_is_told_by_dpkgs_words(void **state)
{
	struct scene *scene = *state;

	(void)judge(scene, PACKAGE_INSTALL, "new", NEW("new") NEW("next") UP("app") GONE("lib"));
	expect_rows(scene,
		    "new\tall\thalf-configured\t1\tno\t\napp\tall\tunpacked\t2.0\tno\t\n"
		    "lib\tall\tinstalled\t1.0\tno\t\n",
		    "new half-configured >1 half-configured\napp unpacked 1.0>2.0 unpacked\n");
}

static void test_what_was_not_done_is_not_told(void **state)
{
	struct scene *scene = *state;

	(void)judge(scene, PACKAGE_UPGRADE, "", NEW("new") UP("app") GONE("lib"));
	expect_rows(scene, installed, "");
}

#define scene_test(function) cmocka_unit_test_setup_teardown(function, scene_make, scene_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_new_dependencies_come_with_an_install),
		scene_test(test_what_is_upgraded_along_must_be_allowed),
		scene_test(test_install_or_upgrade_allows_an_upgrade),
		scene_test(test_an_install_removes_nothing_even_what_may_be_removed),
		scene_test(test_an_upgrade_removes_nothing),
		scene_test(test_what_is_removed_along_must_be_allowed),
		scene_test(test_all_that_may_be_removed_is),
		scene_test(test_a_removal_that_installs_needs_install),
		scene_test(test_nothing_is_downgraded),
		scene_test(test_nothing_essential_or_protected_is_removed),
		scene_test(test_what_was_left_half_done_is_finished),
		scene_test(test_a_name_that_apt_read_as_another_is_refused),
		scene_test(test_what_is_there_need_not_be_planned),
		scene_test(test_more_packages_than_the_answer_holds_are_refused_all_the_same),
		scene_test(test_changes_are_told_as_they_are),
		scene_test(test_a_run_that_failed_half_way_is_told_by_dpkgs_words),
		scene_test(test_what_was_not_done_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
