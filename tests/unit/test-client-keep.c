/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves client-lib/augeas-compat/keep.c: a text stays where it is for as long as it was promised.
 */
#include "unit.h"

#include <string.h>

#include "augeas-compat/keep.h"

enum { MANY = 5000 };

static const char *put(struct keep *keep, const char *text, const char *expr)
{
	const char *kept = keep_text(keep, strdup(text), expr);

	assert_string_equal(kept, text);
	return kept;
}

static void test_equal_texts_are_one_and_stay_while_others_come(void **state)
{
	const char *kept[MANY];
	struct keep keep = { 0 };
	char text[16];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		kept[i] = put(&keep, text, "/files/etc/hosts");
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_ptr_equal(put(&keep, text, "/x"), kept[i]);
	}
	assert_int_equal(keep.used, MANY);
	assert_ptr_equal(put(&keep, "", "/x"), put(&keep, "", "/x"));
	keep_clear(&keep);
}

static void test_a_load_takes_those_of_files_and_leaves_the_others(void **state)
{
	const char *kept[MANY];
	struct keep keep = { 0 };
	char text[16];

	(void)state;
	keep_forget_files(&keep);
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d", i);
		kept[i] = put(&keep, text, i % 2 ? "/files/etc/hosts" : "/mine");
	}
	/* one that both have */
	put(&keep, "1", "1/ipaddr");
	keep_forget_files(&keep);
	assert_int_equal(keep.used, MANY / 2 + 1);
	for (int i = 0; i < MANY; i += 2) {
		snprintf(text, sizeof(text), "%d", i);
		assert_string_equal(kept[i], text);
		assert_ptr_equal(put(&keep, text, "/files/x"), kept[i]);
	}
	assert_string_equal(kept[1], "1");
	assert_int_equal(keep.used, MANY / 2 + 1);
	keep_clear(&keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_texts_are_one_and_stay_while_others_come),
		cmocka_unit_test(test_a_load_takes_those_of_files_and_leaves_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
