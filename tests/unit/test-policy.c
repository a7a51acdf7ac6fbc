/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/policy.c: which section governs, and what it allows. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/node_path.h"
#include "common/policy.h"

static struct policy_file *add_file(struct policy *policy, const char *path)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, path, &file), 0);
	return file;
}

static void add_service(struct policy *policy, const char *unit)
{
	struct policy_service *service;

	assert_int_equal(policy_service_add(policy, unit, &service), 0);
	service->verbs = 1u << SERVICE_STATUS;
}

static void add_right(struct policy_file *file, enum policy_right right, const char *pattern)
{
	assert_int_equal(policy_list_add(&file->rights[right], pattern), 0);
}

static int setup(void **state)
{
	*state = policy_new();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	*state = policy_free(*state);
	return 0;
}

static void test_nothing_is_allowed_by_default(void **state)
{
	struct policy *policy = *state;

	assert_int_equal(policy->timeout_ms, POLICY_TIMEOUT_DEFAULT_MS);
	assert_null(policy->user);
	assert_int_equal(policy_find_file(policy, "/etc/hosts"), -1);
	assert_int_equal(policy_find_service(policy, "ssh.service"), -1);
	assert_null(policy_free(NULL));
}

/* ---- which section ----------------------------------------------------------- */

static void test_the_section_that_spells_a_path_comes_before_wildcards(void **state)
{
	struct policy *policy = *state;

	add_file(policy, "/etc/*");
	add_file(policy, "/etc/h*");
	add_file(policy, "/etc/hosts");
	assert_int_equal(policy_find_file(policy, "/etc/hosts"), 2);
	assert_int_equal(policy_find_file(policy, "/etc/hostname"), 0);
	assert_int_equal(policy_find_file(policy, "/etc/fstab"), 0);
}

static void test_a_path_outside_every_section_has_none(void **state)
{
	static const char *const paths[] = {
		"/etc/hosts2",
		"/etc/host",
		"/etc",
		"/",
		"",
		"etc/hosts",
		"/etc/apt/x.conf",
		"/etc/apt/a/b.list",
		"/etc/apt/.x.list",
		"/etc/apt/x.list.bak",
		"/ETC/hosts",
	};
	struct policy *policy = *state;

	add_file(policy, "/etc/hosts");
	add_file(policy, "/etc/apt/*.list");
	assert_int_equal(policy_find_file(policy, "/etc/apt/x.list"), 1);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(policy_find_file(policy, paths[i]), -1);
}

static void test_a_path_not_in_its_simplest_form_has_no_section(void **state)
{
	static const char *const paths[] = {
		"//etc/hosts",  "/etc//hosts",  "/etc/./hosts",    "/etc/x/../hosts",
		"/etc/hosts/",  "/etc/hosts/.", "/etc/*/../hosts", "/../etc/hosts",
		"/etc/hosts\n", "/etc/hos\tts",
	};
	struct policy *policy = *state;

	add_file(policy, "/etc/hosts");
	add_file(policy, "/etc/*/*");
	add_file(policy, "/*/*/*/*");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(policy_find_file(policy, paths[i]), -1);
}

static void test_wildcards_of_the_client_are_no_wildcards(void **state)
{
	struct policy *policy = *state;

	add_file(policy, "/etc/hosts");
	assert_int_equal(policy_find_file(policy, "/etc/*"), -1);
	assert_int_equal(policy_find_file(policy, "/etc/host?"), -1);
	add_service(policy, "ssh.service");
	assert_int_equal(policy_find_service(policy, "*.service"), -1);
	assert_int_equal(policy_find_service(policy, "ss?.service"), -1);
}

static void test_units_are_found_by_the_same_rule(void **state)
{
	struct policy *policy = *state;

	add_service(policy, "*.timer");
	add_service(policy, "apache2@*.service");
	add_service(policy, "apache2@a.service");
	add_service(policy, "dev-disk-by\\x2duuid.device");
	assert_int_equal(policy_find_service(policy, "apache2@a.service"), 2);
	assert_int_equal(policy_find_service(policy, "apache2@b.service"), 1);
	assert_int_equal(policy_find_service(policy, "x.timer"), 0);
	assert_int_equal(policy_find_service(policy, "dev-disk-by\\x2duuid.device"), 3);
}

static void test_other_units_have_no_section(void **state)
{
	static const char *const units[] = {
		"x y.timer",
		"x\n.timer",
		"x;y.timer",
		"x\xc3\xa9.timer",
		"ssh",
		"ssh.socket",
		"sshd.service",
		"ssh.service ",
		"ssh.service\n",
		"",
		"-H.service",
		"--now",
		"apache2.service",
		"a/b.timer",
		"../ssh.service",
		"SSH.service",
		".timer",
		"xssh.service",
		"dev-disk-byx2duuid.device",
	};
	struct policy *policy = *state;

	add_service(policy, "ssh.service");
	add_service(policy, "*.timer");
	add_service(policy, "dev-disk-by\\x2duuid.device");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		assert_int_equal(policy_find_service(policy, units[i]), -1);
}

static void add_package(struct policy *policy, const char *name, uint32_t verbs)
{
	struct policy_package *package;

	assert_int_equal(policy_package_add(policy, name, &package), 0);
	package->verbs = verbs;
}

static void test_logs_are_found_by_the_same_rule_and_apart_from_services(void **state)
{
	struct policy *policy = *state;
	struct policy_log *log;

	add_service(policy, "ssh.service");
	assert_int_equal(policy_log_add(policy, "cron*.service", &log), 0);
	assert_int_equal(policy_log_lines(log), POLICY_LOG_LINES_DEFAULT);
	assert_int_equal(policy_log_add(policy, "cron.service", &log), 0);
	log->lines = 7;
	assert_int_equal(policy_log_lines(log), 7);
	assert_int_equal(policy_find_log(policy, "cron.service"), 1);
	assert_int_equal(policy_find_log(policy, "cron2.service"), 0);
	assert_int_equal(policy_find_log(policy, "ssh.service"), -1);
	assert_int_equal(policy_find_log(policy, "cron*.service"), -1);
	assert_int_equal(policy_find_log(policy, "cron\n.service"), -1);
	assert_int_equal(policy_find_service(policy, "cron.service"), -1);
}

static void test_packages_are_found_by_the_same_rule(void **state)
{
	struct policy *policy = *state;

	add_package(policy, "openssh-*", 1u << PACKAGE_STATUS);
	add_package(policy, "openssh-server", 1u << PACKAGE_INSTALL);
	add_package(policy, "g++", 1u << PACKAGE_INSTALL);
	assert_int_equal(policy_find_package(policy, "openssh-server"), 1);
	assert_int_equal(policy_find_package(policy, "openssh-client"), 0);
	assert_int_equal(policy_find_package(policy, "g++"), 2);
	assert_true(policy_package_allows(policy, PACKAGE_INSTALL, "openssh-server"));
	assert_true(policy_package_allows(policy, PACKAGE_STATUS, "openssh-client"));
}

static void test_other_packages_and_verbs_are_not_allowed(void **state)
{
	static const char *const names[] = {
		"openssh",
		"openssh-client;x",
		"openssh-client:amd64",
		"openssh-client=1",
		"openssh-",
		"openssh-client-",
		"openssh-client/sid",
		"openssh-*",
		"openssh-client ",
		"Openssh-client",
		"g",
		"g+",
		"gxx",
		"-openssh-client",
		"openssh-client\n",
		"",
	};
	struct policy *policy = *state;

	add_package(policy, "openssh-*", 1u << PACKAGE_STATUS | 1u << PACKAGE_UPGRADE);
	add_package(policy, "openssh-server", 1u << PACKAGE_INSTALL);
	add_package(policy, "g++", UINT32_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(policy_find_package(policy, names[i]), -1);
	/* the section that spells the name counts alone */
	assert_false(policy_package_allows(policy, PACKAGE_STATUS, "openssh-server"));
	assert_false(policy_package_allows(policy, PACKAGE_INSTALL, "openssh-client"));
	assert_false(policy_package_allows(policy, PACKAGE_INSTALL, "bash"));
}

static void test_only_a_section_for_all_packages_upgrades_all(void **state)
{
	struct policy *policy = *state;

	add_package(policy, "?*", UINT32_MAX & ~(1u << PACKAGE_UPDATE));
	add_package(policy, "**", 1u << PACKAGE_UPGRADE);
	assert_false(policy_package_allows(policy, PACKAGE_UPGRADE, NULL));
	assert_false(policy_package_allows(policy, PACKAGE_UPDATE, NULL));
	add_package(policy, "*", 1u << PACKAGE_UPGRADE);
	assert_true(policy_package_allows(policy, PACKAGE_UPGRADE, NULL));
	assert_false(policy_package_allows(policy, PACKAGE_UPDATE, NULL));
	add_package(policy, "bash", 1u << PACKAGE_UPDATE);
	assert_true(policy_package_allows(policy, PACKAGE_UPDATE, NULL));
	/* nothing but these two is done to no package in particular */
	add_package(policy, "*", UINT32_MAX);
	assert_false(policy_package_allows(policy, PACKAGE_INSTALL, NULL));
	assert_false(policy_package_allows(policy, PACKAGE_REMOVE, NULL));
	assert_false(policy_package_allows(policy, PACKAGE_STATUS, NULL));
}

static void test_the_helper_is_needed_for_packages_and_for_services_of_init_scripts(void **state)
{
	struct policy *policy = *state;

	policy->has_system = true;
	assert_false(policy_needs_run(policy, MANAGER_INITD));
	add_service(policy, "ssh.service");
	assert_false(policy_needs_run(policy, MANAGER_SYSTEMD));
	assert_true(policy_needs_run(policy, MANAGER_INITD));
	add_package(policy, "bash", 0);
	assert_true(policy_needs_run(policy, MANAGER_SYSTEMD));
}

static void test_the_helper_is_needed_for_checks(void **state)
{
	struct policy *policy = *state;
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, "/f", &file), 0);
	assert_false(policy_needs_run(policy, MANAGER_SYSTEMD));
	assert_int_equal(policy_list_add(&file->checks, "/bin/true"), 0);
	assert_true(policy_needs_run(policy, MANAGER_SYSTEMD));
}

static void test_no_kind_of_section_grows_without_bound(void **state)
{
	struct policy *policy = *state;
	struct policy_package *package;
	struct policy_log *log;

	for (int i = 0; i < POLICY_LOGS_MAX; i++)
		assert_int_equal(policy_log_add(policy, "a.service", &log), 0);
	assert_int_equal(policy_log_add(policy, "a.service", &log), -E2BIG);
	assert_int_equal(policy->log_count, POLICY_LOGS_MAX);
	for (int i = 0; i < POLICY_PACKAGES_MAX; i++)
		assert_int_equal(policy_package_add(policy, "aa", &package), 0);
	assert_int_equal(policy_package_add(policy, "aa", &package), -E2BIG);
	assert_int_equal(policy->package_count, POLICY_PACKAGES_MAX);
}

/* ---- which nodes ------------------------------------------------------------- */

static enum policy_verdict check(const struct policy_file *file, enum policy_right right,
				 const char *text)
{
	scoped_node_path node = { 0 };

	assert_int_equal(node_path_parse(text, &node), 0);
	return policy_check_node(file, right, &node);
}

static void test_a_right_holds_for_the_nodes_that_it_names(void **state)
{
	struct policy_file *file = add_file(*state, "/f");

	add_right(file, RIGHT_SET, "Port");
	add_right(file, RIGHT_SET, "Match/Settings/*");
	add_right(file, RIGHT_REMOVE, "AcceptEnv/**");
	assert_int_equal(check(file, RIGHT_SET, "/Port"), POLICY_ALLOWED);
	assert_int_equal(check(file, RIGHT_SET, "/Port[2]"), POLICY_ALLOWED);
	assert_int_equal(check(file, RIGHT_SET, "/Match[3]/Settings/X11"), POLICY_ALLOWED);
	assert_int_equal(check(file, RIGHT_REMOVE, "/AcceptEnv/1"), POLICY_ALLOWED);
}

static void test_a_right_gives_nothing_else(void **state)
{
	struct policy_file *file = add_file(*state, "/f");

	add_right(file, RIGHT_SET, "Port");
	add_right(file, RIGHT_SET, "Match/Settings/*");
	assert_int_equal(check(file, RIGHT_SET, "/Port/x"), POLICY_NO_RULE);
	assert_int_equal(check(file, RIGHT_SET, "/Ports"), POLICY_NO_RULE);
	assert_int_equal(check(file, RIGHT_SET, "/Match"), POLICY_NO_RULE);
	assert_int_equal(check(file, RIGHT_SET, "/Match/Settings"), POLICY_NO_RULE);
	assert_int_equal(check(file, RIGHT_SET, "/Match/Settings/a/b"), POLICY_NO_RULE);
	assert_int_equal(check(file, RIGHT_INSERT, "/Port"), POLICY_NO_RULE);
	assert_int_equal(check(file, RIGHT_REMOVE, "/Port"), POLICY_NO_RULE);
}

static void test_deny_wins_over_every_right_on_its_nodes_and_below(void **state)
{
	struct policy_file *file = add_file(*state, "/f");

	for (enum policy_right right = 0; right < RIGHT_DENY; right++)
		add_right(file, right, "**");
	add_right(file, RIGHT_DENY, "Match");
	add_right(file, RIGHT_DENY, "**/Secret");
	for (enum policy_right right = 0; right < RIGHT_DENY; right++) {
		assert_int_equal(check(file, right, "/Port"), POLICY_ALLOWED);
		assert_int_equal(check(file, right, "/Match"), POLICY_DENIED);
		assert_int_equal(check(file, right, "/Match[2]/Settings/Port"), POLICY_DENIED);
		assert_int_equal(check(file, right, "/a/b/Secret/c"), POLICY_DENIED);
		assert_int_equal(check(file, right, "/a/b/Secrets"), POLICY_ALLOWED);
	}
}

static void test_deny_alone_allows_nothing(void **state)
{
	struct policy_file *file = add_file(*state, "/f");

	add_right(file, RIGHT_DENY, "Match");
	assert_int_equal(check(file, RIGHT_SET, "/Port"), POLICY_NO_RULE);
	assert_int_equal(check(file, RIGHT_DENY, "/Port"), POLICY_NO_RULE);
	assert_int_equal(check(file, RIGHT_DENY, "/Match"), POLICY_DENIED);
}

static void test_the_files_own_node_has_no_right(void **state)
{
	struct policy_file *file = add_file(*state, "/f");
	const struct node_path own = { 0 };

	add_right(file, RIGHT_SET, "**");
	add_right(file, RIGHT_REMOVE, "**");
	assert_int_equal(policy_check_node(file, RIGHT_SET, &own), POLICY_NO_RULE);
	assert_int_equal(policy_check_node(file, RIGHT_REMOVE, &own), POLICY_NO_RULE);
}

/* ---- which values ------------------------------------------------------------ */

static const struct policy_value *broken(const struct policy_file *file, const char *text,
					 const char *value)
{
	scoped_node_path node = { 0 };

	assert_int_equal(node_path_parse(text, &node), 0);
	return policy_check_value(file, &node, value);
}

static void add_value(struct policy_file *file, const char *pattern, const char *ere)
{
	assert_int_equal(policy_value_add(file, pattern, ere), 0);
}

static void test_values_that_fit_are_taken(void **state)
{
	struct policy_file *file = add_file(*state, "/f");

	add_value(file, "Port", "[0-9]{1,5}");
	add_value(file, "Mode", "no|prohibit-password");
	add_value(file, "Text", ".*");
	assert_null(broken(file, "/Port", "22"));
	assert_null(broken(file, "/Port[2]", "65535"));
	assert_null(broken(file, "/Mode", "no"));
	assert_null(broken(file, "/Mode", "prohibit-password"));
	assert_null(broken(file, "/Text", ""));
	assert_null(broken(file, "/Text", "\xff$(x)"));
	/* no rule names these */
	assert_null(broken(file, "/Other", "whatever\n"));
	assert_null(broken(file, "/Other", NULL));
	assert_null(broken(file, "/Port/x", "whatever"));
}

static void test_values_that_fit_in_part_are_refused(void **state)
{
	static const char *const values[] = {
		"",    "22 ", " 22",  "22\n",   "\n22",  "22\n22",     "123456", "22x",
		"x22", "-22", "22\r", "22\n\n", "a\n22", "22\nPort 1", "2 2",    "22\t",
	};
	struct policy_file *file = add_file(*state, "/f");

	add_value(file, "Port", "[0-9]{1,5}");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!broken(file, "/Port", values[i]))
			fail_msg("'%s' is taken", values[i]);
}

static void test_each_alternative_is_anchored_at_both_ends(void **state)
{
	static const char *const values[] = {
		"nope", "xno", "prohibit-passwordx", "no|", "yes", ""
	};
	struct policy_file *file = add_file(*state, "/f");

	add_value(file, "Mode", "no|prohibit-password");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_non_null(broken(file, "/Mode", values[i]));
}

static void test_no_wildcard_of_a_regex_matches_a_newline(void **state)
{
	struct policy_file *file = add_file(*state, "/f");

	add_value(file, "Any", ".*");
	add_value(file, "Other", "[^x]*");
	add_value(file, "Lines", "(.|[[:space:]])*");
	assert_non_null(broken(file, "/Any", "a\nb"));
	assert_non_null(broken(file, "/Any", "\n"));
	assert_non_null(broken(file, "/Other", "a\nb"));
	assert_null(broken(file, "/Lines", "a\nb\n"));
}

static void test_anchors_of_the_administrators_own_change_nothing(void **state)
{
	struct policy_file *file = add_file(*state, "/f");

	add_value(file, "a", "^no$");
	add_value(file, "b", "^no$|yes");
	assert_null(broken(file, "/a", "no"));
	assert_null(broken(file, "/b", "yes"));
	assert_non_null(broken(file, "/a", "no\n"));
	assert_non_null(broken(file, "/a", "x\nno"));
	assert_non_null(broken(file, "/b", "no\nx"));
	assert_non_null(broken(file, "/b", "yesno"));
}

static void test_a_node_without_a_value_breaks_its_rule(void **state)
{
	struct policy_file *file = add_file(*state, "/f");

	add_value(file, "Any", ".*");
	assert_non_null(broken(file, "/Any", NULL));
}

static void test_every_rule_that_names_the_node_counts_and_the_first_broken_is_told(void **state)
{
	struct policy_file *file = add_file(*state, "/f");

	add_value(file, "*", "[a-z]*");
	add_value(file, "Port", ".{3}");
	add_value(file, "Port", "a.*");
	assert_null(broken(file, "/Port", "abc"));
	assert_ptr_equal(broken(file, "/Port", "ABC"), &file->values[0]);
	assert_ptr_equal(broken(file, "/Port", "ab"), &file->values[1]);
	assert_ptr_equal(broken(file, "/Port", "bcd"), &file->values[2]);
}

/* ---- bounds ------------------------------------------------------------------ */

static void test_more_entries_than_the_bounds_are_refused(void **state)
{
	struct policy *policy = *state;
	struct policy_service *service;
	struct policy_file *file;
	struct policy_list list = { 0 };

	for (size_t i = 0; i < POLICY_FILES_MAX; i++)
		add_file(policy, "/f");
	assert_int_equal(policy_file_add(policy, "/f", &file), -E2BIG);
	for (size_t i = 0; i < POLICY_SERVICES_MAX; i++)
		add_service(policy, "a.service");
	assert_int_equal(policy_service_add(policy, "a.service", &service), -E2BIG);
	for (size_t i = 0; i < POLICY_ITEMS_MAX; i++)
		assert_int_equal(policy_list_add(&list, "a"), 0);
	assert_int_equal(policy_list_add(&list, "a"), -E2BIG);
	policy->files[0].rights[RIGHT_SET] = list;
	for (size_t i = 0; i < POLICY_ITEMS_MAX; i++)
		add_value(&policy->files[0], "a", "b");
	assert_int_equal(policy_value_add(&policy->files[0], "a", "b"), -E2BIG);
}

static void test_each_right_has_its_key(void **state)
{
	(void)state;
	assert_string_equal(policy_right_key(RIGHT_SET), "Set");
	assert_string_equal(policy_right_key(RIGHT_INSERT), "Insert");
	assert_string_equal(policy_right_key(RIGHT_REMOVE), "Remove");
	assert_string_equal(policy_right_key(RIGHT_DENY), "Deny");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_allowed_by_default),
		TEST(test_the_section_that_spells_a_path_comes_before_wildcards),
		TEST(test_a_path_outside_every_section_has_none),
		TEST(test_a_path_not_in_its_simplest_form_has_no_section),
		TEST(test_wildcards_of_the_client_are_no_wildcards),
		TEST(test_units_are_found_by_the_same_rule),
		TEST(test_other_units_have_no_section),
		TEST(test_logs_are_found_by_the_same_rule_and_apart_from_services),
		TEST(test_packages_are_found_by_the_same_rule),
		TEST(test_other_packages_and_verbs_are_not_allowed),
		TEST(test_only_a_section_for_all_packages_upgrades_all),
		TEST(test_the_helper_is_needed_for_packages_and_for_services_of_init_scripts),
		TEST(test_the_helper_is_needed_for_checks),
		TEST(test_no_kind_of_section_grows_without_bound),
		TEST(test_a_right_holds_for_the_nodes_that_it_names),
		TEST(test_a_right_gives_nothing_else),
		TEST(test_deny_wins_over_every_right_on_its_nodes_and_below),
		TEST(test_deny_alone_allows_nothing),
		TEST(test_the_files_own_node_has_no_right),
		TEST(test_values_that_fit_are_taken),
		TEST(test_values_that_fit_in_part_are_refused),
		TEST(test_each_alternative_is_anchored_at_both_ends),
		TEST(test_no_wildcard_of_a_regex_matches_a_newline),
		TEST(test_anchors_of_the_administrators_own_change_nothing),
		TEST(test_a_node_without_a_value_breaks_its_rule),
		TEST(test_every_rule_that_names_the_node_counts_and_the_first_broken_is_told),
		TEST(test_more_entries_than_the_bounds_are_refused),
		cmocka_unit_test(test_each_right_has_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
