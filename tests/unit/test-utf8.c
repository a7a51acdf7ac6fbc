/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/utf8.c against RFC 3629, byte by byte. */
#include "unit.h"

#include <string.h>

#include "common/utf8.h"

static bool valid(const char *text)
{
	return utf8_valid(text, strlen(text), NULL);
}

static void test_good_text_is_taken(void **state)
{
	static const char *const texts[] = {
		"",
		"a",
		"\x7f",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
		"\xef\xbb\xbf",
		"1234567\xc3\xa9",
		"12345678\xc3\xa9zzzzzzzz",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_true(valid(texts[i]));
	assert_true(utf8_valid("a\0b", 3, NULL));
}

static void test_bad_sequences_are_refused(void **state)
{
	static const char *const texts[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc0\xaf",
		"\xc1\xbf",
		"\xc2",
		"\xc2\x41",
		"\xc2\xc2",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xe1\x80",
		"\xe1\x80\x41",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf1\x80\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
		"12345678\xff",
		"1234567\xff",
		"\xc3\xa9\xa9",
		"\xf0\x9f\x98",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(valid(texts[i]));
}

static void test_the_end_is_that_of_the_good_part(void **state)
{
	scoped_ptr char *text = unit_repeat('a', 40);
	size_t end;

	(void)state;
	assert_true(utf8_valid("a\xc3\xa9", 3, &end));
	assert_int_equal(end, 3);
	assert_false(utf8_valid("a\xc3", 2, &end));
	assert_int_equal(end, 1);
	for (size_t i = 0; i < 40; i++) {
		text[i] = '\xff';
		assert_false(utf8_valid(text, 40, &end));
		assert_int_equal(end, i);
		text[i] = 'a';
	}
}

/* Compared with the definition itself: every code point, encoded by hand. */
static void test_every_code_point_is_judged_right(void **state)
{
	(void)state;
	for (uint32_t code = 1; code < 0x120000; code++) {
		char text[5] = { 0 };

		if (code < 0x80) {
			text[0] = (char)code;
		} else if (code < 0x800) {
			text[0] = (char)(0xc0 | code >> 6);
			text[1] = (char)(0x80 | (code & 0x3f));
		} else if (code < 0x10000) {
			text[0] = (char)(0xe0 | code >> 12);
			text[1] = (char)(0x80 | (code >> 6 & 0x3f));
			text[2] = (char)(0x80 | (code & 0x3f));
		} else {
			text[0] = (char)(0xf0 | code >> 18);
			text[1] = (char)(0x80 | (code >> 12 & 0x3f));
			text[2] = (char)(0x80 | (code >> 6 & 0x3f));
			text[3] = (char)(0x80 | (code & 0x3f));
		}
		if (valid(text) != (code < 0xd800 || (code > 0xdfff && code < 0x110000)))
			fail_msg("U+%04X is judged wrong", code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_text_is_taken),
		cmocka_unit_test(test_bad_sequences_are_refused),
		cmocka_unit_test(test_the_end_is_that_of_the_good_part),
		cmocka_unit_test(test_every_code_point_is_judged_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
