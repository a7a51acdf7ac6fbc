/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves what src/monitor/systemd/unit_log.c takes for a cursor. What it reads:
 * tests/system/test_log.py.
 */
#include "unit.h"

#include <string.h>

#include "monitor/systemd/unit_log.h"

#define ID "07af0ed08d50421bb669e9c20c6e2a08"
#define REST ";m=ad32d81f;t=660c6e12f9952;x=5cc8929f2c7c0b5e"
#define CURSOR "s=" ID ";i=2a;b=" ID REST

static void test_what_the_journal_hands_out_is_a_cursor(void **state)
{
	(void)state;
	assert_true(unit_log_cursor_valid(CURSOR));
	assert_true(unit_log_cursor_valid("s=" ID ";i=ffffffffffffffff;b=" ID REST));
	assert_true(unit_log_cursor_valid("t=1"));
}

static void test_nothing_else_is_one(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"t=",
		"t=2",
		"t=1\n",
		"t=1;",
		"x",
		CURSOR "\n",
		CURSOR ";",
		CURSOR ";x=1",
		" " CURSOR,
		"s=" ID ";i=;b=" ID REST,
		"s=" ID ";i=-1;b=" ID REST,
		"s=" ID ";i=0x1;b=" ID REST,
		"s=" ID ";i=+1;b=" ID REST,
		"s=" ID ";i=FF;b=" ID REST,
		"s=" ID ";i=10000000000000000;b=" ID REST,
		"s=" ID "0;i=1;b=" ID REST,
		"s=7;i=1;b=" ID REST,
		"s=" ID ";b=" ID ";i=1" REST,
		"s=" ID ";i=1" REST,
		"s=" ID ";i=1;b=" ID,
		"i=1;s=" ID ";b=" ID REST,
		"s=" ID ";i=1;i=1;b=" ID REST,
		"s=" ID "\n;i=1;b=" ID REST,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (unit_log_cursor_valid(texts[i]))
			fail_msg("'%s' is taken for a cursor", texts[i]);
}

static void test_no_part_of_a_cursor_is_one(void **state)
{
	size_t most = strlen(CURSOR) - strlen("5cc8929f2c7c0b5e");

	(void)state;
	for (size_t length = 0; length <= most; length++) {
		scoped_ptr char *part = strndup(CURSOR, length);

		assert_false(unit_log_cursor_valid(part));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_journal_hands_out_is_a_cursor),
		cmocka_unit_test(test_nothing_else_is_one),
		cmocka_unit_test(test_no_part_of_a_cursor_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
