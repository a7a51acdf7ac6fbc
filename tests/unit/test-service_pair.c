/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/systemd/service_pair.c: which verbs concern which other half. */
#include "unit.h"

#include <string.h>

#include "monitor/systemd/service_pair.h"

static void test_the_verbs_that_concern_the_other_half(void **state)
{
	char other[UNIT_NAME_SIZE];
	uint32_t any_of = 0;

	(void)state;
	assert_true(service_pair(SERVICE_STOP, "a.b@c.service", other, &any_of));
	assert_string_equal(other, "a.b@c.socket");
	assert_int_equal(any_of, 1u << SERVICE_STOP);
	assert_true(service_pair(SERVICE_RESTART, "a.socket", other, &any_of));
	assert_string_equal(other, "a.service");
	assert_int_equal(any_of, 1u << SERVICE_STOP | 1u << SERVICE_RESTART);
}

static void test_all_others_stay_alone(void **state)
{
	static const struct {
		enum service_verb verb;
		const char *unit;
	} alone[] = {
		{ SERVICE_START, "a.service" },   { SERVICE_RESTART, "a.service" },
		{ SERVICE_STOP, "a.socket" },     { SERVICE_START, "a.socket" },
		{ SERVICE_STOP, "a.timer" },      { SERVICE_STOP, "a.socket.mount" },
		{ SERVICE_STOP, "service" },      { SERVICE_STATUS, "a.service" },
		{ SERVICE_DISABLE, "a.service" }, { SERVICE_STOP, "" },
	};
	char other[UNIT_NAME_SIZE];
	uint32_t any_of;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(alone); i++)
		assert_false(service_pair(alone[i].verb, alone[i].unit, other, &any_of));
}

static void test_a_name_that_would_be_too_long_has_no_other_half(void **state)
{
	scoped_ptr char *stem = unit_repeat('x', UNIT_NAME_SIZE - 1 - strlen(".socket"));
	char unit[UNIT_NAME_SIZE + 8], other[UNIT_NAME_SIZE];
	uint32_t any_of;

	(void)state;
	snprintf(unit, sizeof(unit), "%s.socket", stem);
	assert_false(service_pair(SERVICE_RESTART, unit, other, &any_of));
	snprintf(unit, sizeof(unit), "%s.socket", stem + 1);
	assert_true(service_pair(SERVICE_RESTART, unit, other, &any_of));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_verbs_that_concern_the_other_half),
		cmocka_unit_test(test_all_others_stay_alone),
		cmocka_unit_test(test_a_name_that_would_be_too_long_has_no_other_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
