/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/policy/policy_history_keys.c: what is kept of commits, and nothing vague. */
#include "policy_fixture.h"

static void assert_kept(const char *directory, const char *text, struct policy_history expected)
{
	scoped(policy_freep) struct policy *policy = assert_text_taken(directory, text);

	assert_int_equal(policy->history.off, expected.off);
	assert_int_equal(policy->history.count, expected.count);
	assert_int_equal(policy->history.seconds, expected.seconds);
	assert_int_equal(policy->history.bytes, expected.bytes);
}

static void test_without_a_word_there_are_defaults(void **state)
{
	const struct policy_history defaults = { false, 500, 0, 100 << 20 };

	assert_kept(*state, "[Session]\n", defaults);
	assert_kept(*state, "[History]\n", defaults);
	assert_kept(*state, "[History]\nRecord=yes\n", defaults);
}

static void test_each_limit_is_taken_in_each_unit(void **state)
{
	assert_kept(*state, "[History]\nKeep=1\nMaxAge=1min\nMaxSize=1K\n",
		    (struct policy_history){ false, 1, 60, 1024 });
	assert_kept(*state, "[History]\nKeep=100000\nMaxAge=36500d\nMaxSize=1024G\n",
		    (struct policy_history){ false, 100000, UINT64_C(3153600000),
					     UINT64_C(1) << 40 });
	assert_kept(*state, "[History]\nRecord=no\nMaxAge=2w\nMaxSize=3M\n",
		    (struct policy_history){ true, 500, 14 * 86400, 3 << 20 });
	assert_kept(*state, "[History]\nMaxAge=5h\n[Session]\n[History]\nMaxAge=300min\nKeep=3\n",
		    (struct policy_history){ false, 3, 5 * 3600, 100 << 20 });
}

static void test_what_is_no_quantity_is_refused(void **state)
{
	static const char *const ages[] = { "0d",   "d",  "1",      "-1d",
					    "1.5d", "1y", "36501d", "99999999999min" };
	static const char *const sizes[] = { "0K", "K", "1", "1m", "1025G", "1KB", "1T" };
	char text[100], expected[200];

	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		snprintf(text, sizeof(text), "[History]\nMaxAge=%s\n", ages[i]);
		snprintf(expected, sizeof(expected),
			 "a.conf:2: MaxAge='%s' is no time up to 36500d; write it as 12h, 90d or "
			 "8w\n",
			 ages[i]);
		assert_text_refused(*state, text, expected);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(text, sizeof(text), "[History]\nMaxSize=%s\n", sizes[i]);
		snprintf(expected, sizeof(expected),
			 "a.conf:2: MaxSize='%s' is no size up to 1024G; write it as 500K, 100M or "
			 "2G\n",
			 sizes[i]);
		assert_text_refused(*state, text, expected);
	}
}

static void test_what_is_no_count_and_no_choice_is_refused(void **state)
{
	static const char *const counts[] = { "0", "-1", "100001", "x", "1 2" };
	char text[100], expected[200];

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		snprintf(text, sizeof(text), "[History]\nKeep=%s\n", counts[i]);
		snprintf(expected, sizeof(expected),
			 "a.conf:2: Keep='%s' is no number from 1 to 100000; to keep none, write "
			 "Record=no\n",
			 counts[i]);
		assert_text_refused(*state, text, expected);
	}
	assert_text_refused(*state, "[History]\nRecord=never\n",
			    "a.conf:2: Record='never' is unknown; write yes or no\n");
	assert_text_refused(*state, "[History x]\n",
			    "a.conf:1: [History 'x'] takes no name; write [History]\n");
	assert_text_refused(*state, "[History]\nMaxCount=3\n",
			    "a.conf:2: unknown key MaxCount=; this section has Record= Keep= "
			    "MaxAge= MaxSize=\n");
}

static void test_two_that_differ_are_refused(void **state)
{
	assert_text_refused(*state,
			    "[History]\nRecord=no\nRecord=yes\nKeep=1\nKeep=2\nMaxAge=1d\nMaxAge="
			    "2d\nMaxSize=1K\nMaxSize=1M\n",
			    "a.conf:3: Record='yes' differs from an earlier Record=; give one\n"
			    "a.conf:5: Keep='2' differs from an earlier Keep=; give one\n"
			    "a.conf:7: MaxAge='2d' differs from an earlier MaxAge=; give one\n"
			    "a.conf:9: MaxSize='1M' differs from an earlier MaxSize=; give one\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, policy_setup, policy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_a_word_there_are_defaults),
		TEST(test_each_limit_is_taken_in_each_unit),
		TEST(test_what_is_no_quantity_is_refused),
		TEST(test_what_is_no_count_and_no_choice_is_refused),
		TEST(test_two_that_differ_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
