/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves initd_refuse() of src/run/initd.c: a call is held to the policy, whoever asks. */
#include "unit.h"

#include "run/job.h"

enum { PLAIN, GLOB, SOCKET };

static struct policy *make_policy(uint32_t verbs)
{
	static const char *const units[] = { "x.service", "t@*.service", "x.socket" };
	struct policy *policy = policy_new();
	struct policy_service *service = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		assert_int_equal(policy_service_add(policy, units[i], &service), 0);
		service->verbs = verbs;
	}
	return policy;
}

static bool allowed(uint32_t verbs, uint32_t entry, unsigned int verb, const char *unit)
{
	scoped(policy_freep) struct policy *policy = make_policy(verbs);
	const struct msg_run_call call = { .entry = entry, .verb = (uint8_t)verb, .names = unit };

	return !initd_refuse(policy, &call, -1);
}

#define BIT(verb) (1u << SERVICE_##verb)
#define ALL ((1u << SERVICE_VERB_MAX) - 1)

static void test_what_the_policy_names_is_allowed(void **state)
{
	(void)state;
	assert_true(allowed(BIT(START), PLAIN, SERVICE_START, "x.service"));
	assert_true(allowed(BIT(START), GLOB, SERVICE_START, "t@1.service"));
}

static void test_each_verb_needs_its_own_right(void **state)
{
	static const enum service_verb verbs[] = {
		SERVICE_START,  SERVICE_STOP,   SERVICE_RESTART,
		SERVICE_RELOAD, SERVICE_ENABLE, SERVICE_DISABLE
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		for (size_t k = 0; k < ARRAY_SIZE(verbs); k++)
			assert_int_equal(allowed(1u << verbs[k], PLAIN, verbs[i], "x.service"),
					 i == k);
}

static void test_a_verb_of_several_actions_allows_these(void **state)
{
	(void)state;
	assert_true(allowed(BIT(TRY_RESTART), PLAIN, SERVICE_RESTART, "x.service"));
	assert_true(allowed(BIT(RELOAD_OR_RESTART), PLAIN, SERVICE_RESTART, "x.service"));
	assert_true(allowed(BIT(RELOAD_OR_RESTART), PLAIN, SERVICE_RELOAD, "x.service"));
	assert_false(allowed(BIT(TRY_RESTART), PLAIN, SERVICE_RELOAD, "x.service"));
	assert_false(allowed(BIT(RELOAD_OR_RESTART) | BIT(TRY_RESTART), PLAIN, SERVICE_STOP,
			     "x.service"));
}

static void test_looking_belongs_to_every_right_but_not_to_none(void **state)
{
	(void)state;
	assert_true(allowed(BIT(STOP), PLAIN, SERVICE_STATUS, "x.service"));
	assert_false(allowed(0, PLAIN, SERVICE_STATUS, "x.service"));
}

static void test_actions_that_no_script_has_are_refused(void **state)
{
	static const unsigned int verbs[] = { SERVICE_MASK,
					      SERVICE_UNMASK,
					      SERVICE_TRY_RESTART,
					      SERVICE_RELOAD_OR_RESTART,
					      SERVICE_RESET_FAILED,
					      SERVICE_VERB_MAX,
					      255 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		assert_false(allowed(ALL, PLAIN, verbs[i], "x.service"));
}

static void test_another_entry_than_the_units_own_is_refused(void **state)
{
	(void)state;
	assert_false(allowed(ALL, GLOB, SERVICE_START, "x.service"));
	assert_false(allowed(ALL, PLAIN, SERVICE_START, "t@1.service"));
	assert_false(allowed(ALL, 3, SERVICE_START, "x.service"));
	assert_false(allowed(ALL, UINT32_MAX, SERVICE_START, "x.service"));
	assert_false(allowed(ALL, PLAIN, SERVICE_START, "other.service"));
}

static void test_names_that_no_script_can_have_are_refused(void **state)
{
	static const char *const units[] = { "",
					     ".service",
					     "x",
					     "x.socket",
					     "../x.service",
					     "-x.service",
					     "t@../../x.service",
					     "t@a b.service",
					     "t@a\n.service",
					     "t@*.service" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		for (uint32_t entry = PLAIN; entry <= SOCKET; entry++)
			assert_false(allowed(ALL, entry, SERVICE_START, units[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_policy_names_is_allowed),
		cmocka_unit_test(test_each_verb_needs_its_own_right),
		cmocka_unit_test(test_a_verb_of_several_actions_allows_these),
		cmocka_unit_test(test_looking_belongs_to_every_right_but_not_to_none),
		cmocka_unit_test(test_actions_that_no_script_has_are_refused),
		cmocka_unit_test(test_another_entry_than_the_units_own_is_refused),
		cmocka_unit_test(test_names_that_no_script_can_have_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
