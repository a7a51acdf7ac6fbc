/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/text.c: any bytes become text that JSON can hold, within the room there is. */
#include "unit.h"

#include <string.h>

#include "common/utf8.h"
#include "monitor/text.h"

static void assert_copy(size_t size, const char *from, size_t length, const char *expected)
{
	char to[64];

	memset(to, 0x55, sizeof(to));
	assert_int_equal(text_copy(to, size, from, length), strlen(expected));
	assert_string_equal(to, expected);
	for (size_t i = size; i < sizeof(to); i++)
		assert_int_equal(to[i], 0x55);
}

static void test_good_text_is_copied_as_it_is(void **state)
{
	(void)state;
	assert_copy(64, "", 0, "");
	assert_copy(64, "a\nb\xc3\xa9\xf0\x9f\x98\x80", 9, "a\nb\xc3\xa9\xf0\x9f\x98\x80");
	assert_copy(4, "abc", 3, "abc");
	assert_copy(1, "", 0, "");
}

static void test_what_does_not_fit_is_cut(void **state)
{
	(void)state;
	assert_copy(3, "abc", 3, "ab");
	assert_copy(1, "abc", 3, "");
}

static void test_no_character_is_cut_in_two(void **state)
{
	(void)state;
	assert_copy(3, "a\xc3\xa9", 3, "a");
	assert_copy(4, "a\xc3\xa9z", 4, "a\xc3\xa9");
	assert_copy(3, "a\xe2\x82\xac", 4, "a");
	assert_copy(4, "a\xe2\x82\xac", 4, "a");
	assert_copy(5, "a\xe2\x82\xac", 4, "a\xe2\x82\xac");
	for (size_t size = 2; size < 6; size++)
		assert_copy(size, "a\xf0\x9f\x98\x80z", 6, size < 6 ? "a" : "a\xf0\x9f\x98\x80");
	assert_copy(6, "a\xf0\x9f\x98\x80z", 6, "a\xf0\x9f\x98\x80");
}

static void test_bytes_that_are_no_text_become_question_marks(void **state)
{
	(void)state;
	assert_copy(64,
		    "a\xff"
		    "b\x80",
		    4, "a?b?");
	assert_copy(64, "\xc3", 1, "?");
	assert_copy(64, "\xed\xa0\x80", 3, "???");
	assert_copy(64, "a\0b", 3, "a?b");
	assert_copy(64, "\0\0", 2, "??");
}

static void test_every_pair_of_bytes_becomes_text(void **state)
{
	(void)state;
	for (unsigned int pair = 0; pair < 0x10000; pair++) {
		const char from[] = { (char)(pair >> 8), (char)pair };
		char to[8];
		size_t length;

		for (size_t size = 1; size < 4; size++) {
			length = text_copy(to, size, from, 2);
			assert_true(length < size);
			assert_int_equal(strlen(to), length);
			assert_true(utf8_valid(to, length, NULL));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_text_is_copied_as_it_is),
		cmocka_unit_test(test_what_does_not_fit_is_cut),
		cmocka_unit_test(test_no_character_is_cut_in_two),
		cmocka_unit_test(test_bytes_that_are_no_text_become_question_marks),
		cmocka_unit_test(test_every_pair_of_bytes_becomes_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
