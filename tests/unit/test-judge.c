/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of changes, held against the policy of a file. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "monitor/judge.h"

#define ADDED(path_, value_, alone_) \
	{ \
		.action = CHANGE_ADDED, .path = (path_), .has_new = true, .new_value = (value_), \
		.alone = (alone_) \
	}
#define REMOVED(path_, below_) \
	{ \
		.action = CHANGE_REMOVED, .path = (path_), .below = (below_) \
	}
#define CHANGED(path_, value_) \
	{ \
		.action = CHANGE_VALUE, .path = (path_), .has_old = true, .has_new = true, \
		.old_value = "before", .new_value = (value_) \
	}

static void give(struct policy_file *file, enum policy_right right, const char *pattern)
{
	assert_int_equal(policy_list_add(&file->rights[right], pattern), 0);
}

/* Port may be set to a number, alias lists grow and shrink, nothing below Match may be touched. */
static int setup(void **state)
{
	struct policy *policy = policy_new();
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, "/etc/x", &file), 0);
	give(file, RIGHT_SET, "Port");
	give(file, RIGHT_SET, "a\\ b");
	give(file, RIGHT_INSERT, "*/alias");
	give(file, RIGHT_REMOVE, "*");
	give(file, RIGHT_REMOVE, "*/alias");
	give(file, RIGHT_DENY, "Match");
	give(file, RIGHT_DENY, "*/secret");
	assert_int_equal(policy_value_add(file, "Port", "[0-9]{1,5}"), 0);
	*state = policy;
	return 0;
}

static int teardown(void **state)
{
	*state = policy_free(*state);
	return 0;
}

static int judge_rows(const struct policy *policy, bool removal, const struct change_row *rows,
		      size_t count, struct judgement *judgement)
{
	scoped_report report = report_begin(REPORT_CHANGE);
	scoped_reader reader = { .rows = 0 };
	scoped_fd fd = -1;

	for (size_t i = 0; i < count; i++)
		assert_int_equal(report_add_change_row(&report, &rows[i]), 0);
	fd = report_seal(&report, NULL);
	assert_true(fd >= 0);
	assert_int_equal(report_open(fd, REPORT_CHANGE, &reader), 0);
	return judge(&policy->files[0], removal, &reader, judgement);
}

static void allow(void **state, struct change_row row)
{
	struct judgement judgement = { .rule = "" };

	assert_int_equal(judge_rows(*state, false, &row, 1, &judgement), 0);
}

static void refuse(void **state, struct change_row row, const char *rule)
{
	struct judgement judgement = { .rule = "" };

	assert_int_equal(judge_rows(*state, false, &row, 1, &judgement), 1);
	assert_string_equal(judgement.rule, rule);
}

static void what_a_rule_names_is_allowed(void **state)
{
	allow(state, (struct change_row)CHANGED("/Port", "2222"));
	allow(state, (struct change_row)ADDED("/3/alias[2]", "x", false));
	allow(state, (struct change_row)REMOVED("/3/alias[1]", false));
	allow(state, (struct change_row)REMOVED("/3", false));
	allow(state, (struct change_row)CHANGED("/a\\ b", "x"));
}

static void what_no_rule_names_is_refused_with_the_line_that_is_missing(void **state)
{
	refuse(state, (struct change_row)CHANGED("/3/alias[2]", "x"), "Set=3/alias");
	refuse(state, (struct change_row)CHANGED("/PermitRootLogin", "yes"), "Set=PermitRootLogin");
	refuse(state, (struct change_row)ADDED("/3", "x", false), "Insert=3");
	refuse(state, (struct change_row)REMOVED("/3/ipaddr", false), "Remove=3/ipaddr");
	refuse(state, (struct change_row)ADDED("/a\\/b", "x", true), "Insert=a\\/b");
}

static void a_missing_node_may_be_set_only_if_it_is_alone(void **state)
{
	allow(state, (struct change_row)ADDED("/Port", "22", true));
	refuse(state, (struct change_row)ADDED("/Port[2]", "22", false), "Insert=Port");
}

static void a_value_must_fit_whole(void **state)
{
	struct change_row cut = CHANGED("/Port", "22"), none = CHANGED("/Port", "");

	refuse(state, (struct change_row)CHANGED("/Port", "22\n"), "Value=Port [0-9]{1,5}");
	refuse(state, (struct change_row)CHANGED("/Port", "x"), "Value=Port [0-9]{1,5}");
	refuse(state, (struct change_row)CHANGED("/Port", "123456"), "Value=Port [0-9]{1,5}");
	refuse(state, (struct change_row)ADDED("/Port", "-1", true), "Value=Port [0-9]{1,5}");
	none.has_new = false;
	refuse(state, none, "Value=Port [0-9]{1,5}");
	cut.cut = true;
	refuse(state, cut, "Value=Port [0-9]{1,5}");
}

static void deny_wins_and_goes_down(void **state)
{
	refuse(state, (struct change_row)CHANGED("/Match/Settings/Port", "1"), "Deny=Match");
	refuse(state, (struct change_row)ADDED("/Match/alias", "1", true), "Deny=Match");
	refuse(state, (struct change_row)REMOVED("/Match", false), "Deny=Match");
	refuse(state, (struct change_row)REMOVED("/7/secret", true), "Deny=*/secret");
}

static void below_a_removed_node_nothing_but_deny_is_asked(void **state)
{
	allow(state, (struct change_row)REMOVED("/3/ipaddr", true));
	refuse(state, (struct change_row)REMOVED("/3/secret/x", true), "Deny=*/secret");
	/* "below" is for what is gone only */
	{
		struct change_row row = CHANGED("/PermitRootLogin", "yes");

		row.below = true;
		refuse(state, row, "Set=PermitRootLogin");
	}
}

static void one_forbidden_change_among_a_thousand_is_enough(void **state)
{
	struct change_row rows[1000];
	struct judgement judgement = { .rule = "" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		rows[i] = (struct change_row)CHANGED("/Port", "22");
	assert_int_equal(judge_rows(*state, false, rows, ARRAY_SIZE(rows), &judgement), 0);
	rows[777] = (struct change_row)CHANGED("/UsePAM", "no");
	assert_int_equal(judge_rows(*state, false, rows, ARRAY_SIZE(rows), &judgement), 1);
	assert_string_equal(judgement.node, "UsePAM");
}

static void with_the_whole_file_only_what_is_denied_stays(void **state)
{
	const struct change_row fine[] = { REMOVED("/Port", false), REMOVED("/1/ipaddr", false) };
	const struct change_row bad[] = { REMOVED("/Port", false), REMOVED("/1/secret", true) };
	const struct change_row odd[] = { CHANGED("/Port", "1") };
	struct judgement judgement = { .rule = "" };

	assert_int_equal(judge_rows(*state, true, fine, 2, &judgement), 0);
	assert_int_equal(judge_rows(*state, true, bad, 2, &judgement), 1);
	assert_string_equal(judgement.rule, "Deny=*/secret");
	assert_int_equal(judge_rows(*state, true, odd, 1, &judgement), -EBADMSG);
}

static void what_is_no_change_of_a_node_is_refused(void **state)
{
	const struct change_row rows[] = {
		{ .action = CHANGE_MAX, .path = "/Port" },
		CHANGED("", "1"),
		CHANGED("Port", "1"),
		CHANGED("/Port[0]", "1"),
		CHANGED("/Port//", "1"),
		CHANGED("/*[. = '']", "1"),
	};
	struct judgement judgement = { .rule = "" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(judge_rows(*state, false, &rows[i], 1, &judgement), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_a_rule_names_is_allowed),
		TEST(what_no_rule_names_is_refused_with_the_line_that_is_missing),
		TEST(a_missing_node_may_be_set_only_if_it_is_alone),
		TEST(a_value_must_fit_whole),
		TEST(deny_wins_and_goes_down),
		TEST(below_a_removed_node_nothing_but_deny_is_asked),
		TEST(one_forbidden_change_among_a_thousand_is_enough),
		TEST(with_the_whole_file_only_what_is_denied_stays),
		TEST(what_is_no_change_of_a_node_is_refused),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
