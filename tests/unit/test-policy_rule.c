/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/common/policy_rule.c: what the policy allows is allowed, and for everything else the
 * line is named that would allow it, or that forbids it.
 */
#include "unit.h"

#include <string.h>

#include "common/node_path.h"
#include "common/policy_rule.h"

static void give(struct policy_file *file, enum policy_right right, const char *pattern)
{
	assert_int_equal(policy_list_add(&file->rights[right], pattern), 0);
}

static void add_service(struct policy *policy, const char *unit, uint32_t verbs)
{
	struct policy_service *service;

	assert_int_equal(policy_service_add(policy, unit, &service), 0);
	service->verbs = verbs;
}

static void add_package(struct policy *policy, const char *name, uint32_t verbs)
{
	struct policy_package *package;

	assert_int_equal(policy_package_add(policy, name, &package), 0);
	package->verbs = verbs;
}

static int setup(void **state)
{
	struct policy *policy = policy_new();
	struct policy_file *file;
	struct policy_log *log;

	assert_int_equal(policy_file_add(policy, "/etc/x", &file), 0);
	give(file, RIGHT_SET, "Port");
	give(file, RIGHT_INSERT, "*/alias");
	give(file, RIGHT_REMOVE, "*");
	give(file, RIGHT_DENY, "Match");
	assert_int_equal(policy_value_add(file, "Port", "[0-9]+"), 0);
	assert_int_equal(policy_file_add(policy, "/etc/fixed", &file), 0);
	assert_int_equal(policy_file_add(policy, "/etc/made", &file), 0);
	file->may_create = file->may_delete = true;
	add_service(policy, "web.service", 1u << SERVICE_STATUS);
	add_service(policy, "web-*.service", 1u << SERVICE_STOP);
	assert_int_equal(policy_log_add(policy, "web*.service", &log), 0);
	add_package(policy, "web", 1u << PACKAGE_INSTALL);
	add_package(policy, "web-*", 1u << PACKAGE_STATUS);
	policy->has_system = true;
	policy->system_items = 1u << SYSTEM_HOSTNAME;
	*state = policy;
	return 0;
}

static int teardown(void **state)
{
	*state = policy_free(*state);
	return 0;
}

enum { X, FIXED, MADE };

static const struct policy_file *file_of(void **state, size_t number)
{
	const struct policy *policy = *state;

	return &policy->files[number];
}

static void allowed(int r, struct policy_rule *rule)
{
	assert_int_equal(r, 0);
	assert_null(rule->key);
	assert_null(rule->line);
}

/* key, line: NULL where nothing could allow it */
static void refused(int r, struct policy_rule *rule, const char *key, const char *line)
{
	assert_int_equal(r, 1);
	if (key) {
		assert_string_equal(rule->key, key);
		assert_string_equal(rule->line, line);
	} else {
		assert_null(rule->key);
		assert_null(rule->line);
	}
	policy_rule_clear(rule);
	assert_null(rule->line);
}

static struct node_path node_of(const char *text)
{
	struct node_path node = { 0 };

	if (text[0])
		assert_int_equal(node_path_parse(text, &node), 0);
	return node;
}

#define NODE(name, text) scoped_node_path name = node_of(text)

static void what_is_named_is_allowed(void **state)
{
	const struct policy_file *x = file_of(state, X);
	NODE(port, "/Port[2]");
	NODE(alias, "/3/alias[2]");
	NODE(entry, "/3");
	struct policy_rule rule = { 0 };

	allowed(policy_rule_change(x, &port, &rule), &rule);
	allowed(policy_rule_addition(x, &port, true, &rule), &rule);
	allowed(policy_rule_addition(x, &alias, false, &rule), &rule);
	allowed(policy_rule_removal(x, &entry, &rule), &rule);
	allowed(policy_rule_value(x, &port, "22", &rule), &rule);
	allowed(policy_rule_value(x, &alias, "whatever", &rule), &rule);
	allowed(policy_rule_deny(x, &port, &rule), &rule);
	allowed(policy_rule_commit(x, &rule), &rule);
}

static void what_is_not_named_lacks_its_line(void **state)
{
	const struct policy_file *x = file_of(state, X);
	NODE(port, "/Port[2]");
	NODE(odd, "/a\\ b/c\\/d");
	struct policy_rule rule = { 0 };

	refused(policy_rule_addition(x, &port, false, &rule), &rule, "Insert", "Insert=Port");
	refused(policy_rule_change(x, &odd, &rule), &rule, "Set", "Set=a\\ b/c\\/d");
	refused(policy_rule_addition(x, &odd, true, &rule), &rule, "Insert", "Insert=a\\ b/c\\/d");
	refused(policy_rule_removal(x, &odd, &rule), &rule, "Remove", "Remove=a\\ b/c\\/d");
	refused(policy_rule_commit(file_of(state, FIXED), &rule), &rule, "Set", "Set=NODE");
	refused(policy_rule_other_lens(x, &rule), &rule, "OtherLens", "OtherLens=yes");
	assert_false(policy_rule_forbids("Set"));
	assert_false(policy_rule_forbids(NULL));
}

/* What a denial tells to be lacking must be enough, and not more than that. */
static void the_line_that_is_lacking_is_enough(void **state)
{
	static int (*const rules[])(const struct policy_file *, const struct node_path *,
				    struct policy_rule *) = {
		[RIGHT_SET] = policy_rule_change,
		[RIGHT_REMOVE] = policy_rule_removal,
	};
	static const char *const nodes[] = { "/a", "/a/b", "/*", "/?x/y\\\\z", "/\\[1\\]/#c" };
	struct policy *policy = *state;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		for (size_t right = 0; right < ARRAY_SIZE(rules); right++) {
			NODE(node, nodes[i]);
			NODE(other, "/other/a");
			struct policy_rule rule = { 0 };
			struct policy_file *file;

			if (!rules[right])
				continue;
			assert_int_equal(policy_file_add(policy, "/etc/new", &file), 0);
			assert_int_equal(rules[right](file, &node, &rule), 1);
			give(file, right, strchr(rule.line, '=') + 1);
			policy_rule_clear(&rule);
			allowed(rules[right](file, &node, &rule), &rule);
			assert_int_equal(rules[right](file, &other, &rule), 1);
			policy_rule_clear(&rule);
		}
	}
}

static void what_is_denied_has_its_line(void **state)
{
	const struct policy_file *x = file_of(state, X);
	NODE(match, "/Match[1]");
	NODE(below, "/Match/alias");
	struct policy_rule rule = { 0 };

	refused(policy_rule_removal(x, &match, &rule), &rule, "Deny", "Deny=Match");
	refused(policy_rule_addition(x, &below, false, &rule), &rule, "Deny", "Deny=Match");
	refused(policy_rule_change(x, &below, &rule), &rule, "Deny", "Deny=Match");
	refused(policy_rule_deny(x, &below, &rule), &rule, "Deny", "Deny=Match");
	assert_true(policy_rule_forbids("Deny"));
}

static void a_value_that_does_not_fit_has_its_line(void **state)
{
	const struct policy_file *x = file_of(state, X);
	NODE(port, "/Port");
	struct policy_rule rule = { 0 };

	refused(policy_rule_value(x, &port, "22\n", &rule), &rule, "Value", "Value=Port [0-9]+");
	refused(policy_rule_value(x, &port, NULL, &rule), &rule, "Value", "Value=Port [0-9]+");
	assert_true(policy_rule_forbids("Value"));
}

static void the_files_own_node_is_made_and_removed_and_has_no_value(void **state)
{
	const struct policy_file *x = file_of(state, X), *made = file_of(state, MADE);
	NODE(own, "");
	struct policy_rule rule = { 0 };

	allowed(policy_rule_addition(made, &own, true, &rule), &rule);
	allowed(policy_rule_removal(made, &own, &rule), &rule);
	refused(policy_rule_addition(x, &own, true, &rule), &rule, "Create",
		"Create=MODE OWNER:GROUP");
	refused(policy_rule_removal(x, &own, &rule), &rule, "Delete", "Delete=yes");
	refused(policy_rule_change(x, &own, &rule), &rule, NULL, NULL);
	refused(policy_rule_change(made, &own, &rule), &rule, NULL, NULL);
}

static void a_unit_lacks_a_line_of_the_section_that_it_is_in(void **state)
{
	const struct policy *policy = *state;
	struct policy_rule rule = { 0 };

	allowed(policy_rule_service(policy, SERVICE_STATUS, "web.service", &rule), &rule);
	allowed(policy_rule_service(policy, SERVICE_STOP, "web-1.service", &rule), &rule);
	refused(policy_rule_service(policy, SERVICE_TRY_RESTART, "web.service", &rule), &rule,
		"Allow", "[Service web.service] Allow=try_restart");
	refused(policy_rule_service(policy, SERVICE_STATUS, "web-1.service", &rule), &rule, "Allow",
		"[Service web-*.service] Allow=status");
	refused(policy_rule_service(policy, SERVICE_STATUS, "other.service", &rule), &rule, "Allow",
		"[Service other.service] Allow=status");
	allowed(policy_rule_log(policy, "web-1.service", &rule), &rule);
	refused(policy_rule_log(policy, "other.service", &rule), &rule, "[Log]",
		"[Log other.service]");
}

static void a_package_lacks_a_line_of_the_section_that_it_is_in(void **state)
{
	const struct policy *policy = *state;
	struct policy_rule rule = { 0 };

	allowed(policy_rule_package(policy, PACKAGE_INSTALL, "web", &rule), &rule);
	refused(policy_rule_package(policy, PACKAGE_REMOVE, "web", &rule), &rule, "Allow",
		"[Package web] Allow=remove");
	refused(policy_rule_package(policy, PACKAGE_INSTALL, "web-x", &rule), &rule, "Allow",
		"[Package web-*] Allow=install");
	refused(policy_rule_package(policy, PACKAGE_INSTALL, "other", &rule), &rule, "Allow",
		"[Package other] Allow=install");
	refused(policy_rule_package(policy, PACKAGE_UPGRADE, NULL, &rule), &rule, "Allow",
		"[Package *] Allow=upgrade");
}

static void the_identity_lacks_its_section_or_its_item(void **state)
{
	struct policy *policy = *state;
	struct policy_rule rule = { 0 };

	allowed(policy_rule_system(policy, SYSTEM_ITEM_MAX, &rule), &rule);
	allowed(policy_rule_system(policy, SYSTEM_HOSTNAME, &rule), &rule);
	refused(policy_rule_system(policy, SYSTEM_TIMEZONE, &rule), &rule, "Allow",
		"[System] Allow=timezone");
	policy->has_system = false;
	refused(policy_rule_system(policy, SYSTEM_ITEM_MAX, &rule), &rule, "[System]", "[System]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_is_named_is_allowed),
		TEST(what_is_not_named_lacks_its_line),
		TEST(the_line_that_is_lacking_is_enough),
		TEST(what_is_denied_has_its_line),
		TEST(a_value_that_does_not_fit_has_its_line),
		TEST(the_files_own_node_is_made_and_removed_and_has_no_value),
		TEST(a_unit_lacks_a_line_of_the_section_that_it_is_in),
		TEST(a_package_lacks_a_line_of_the_section_that_it_is_in),
		TEST(the_identity_lacks_its_section_or_its_item),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
