/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/run/mask.c: no secret is left in what a check printed, whole or in part. */
#include "unit.h"

#include <string.h>

#include "run/mask.h"

static struct tail tail_of(const char *text)
{
	struct tail tail = { .used = 0 };

	tail_add(&tail, text, strlen(text));
	return tail;
}

static void assert_masked(const char *text, const char *secret, const char *expected)
{
	struct tail tail = tail_of(text);

	mask_tail(&tail, &secret, 1);
	assert_int_equal(tail.used, strlen(expected));
	assert_memory_equal(tail.data, expected, tail.used);
}

static void test_a_secret_is_masked_wherever_it_stands(void **state)
{
	(void)state;
	assert_masked("hunter2", "hunter2", "(secret)");
	assert_masked("xhunter2yhunter2hunter2\n", "hunter2", "x(secret)y(secret)(secret)\n");
	assert_masked("nothing", "hunter2", "nothing");
	assert_masked("", "hunter2", "");
}

static void test_words_of_a_secret_are_masked_too(void **state)
{
	(void)state;
	assert_masked("bad word 'horse' at 3", "correct horse battery", "bad word '(secret)' at 3");
	assert_masked("a b is fine", "a b \"c d\" of", "a b is fine");
}

static void test_a_short_secret_is_masked_where_it_stands_alone(void **state)
{
	(void)state;
	assert_masked("1 line 12, pin 1; 1", "1", "(secret) line 12, pin (secret); (secret)");
	assert_masked("ab abc cab ab", "ab", "(secret) abc cab (secret)");
}

static void test_bytes_that_are_no_text_are_masked(void **state)
{
	static const char data[] = "a\0\xffpass\xff"
				   "b";
	struct tail tail = { .used = 0 };
	const char *secret = "\xffpass\xff";

	(void)state;
	tail_add(&tail, data, sizeof(data) - 1);
	mask_tail(&tail, &secret, 1);
	assert_int_equal(tail.used, 2 + strlen(MASK_TEXT) + 1);
	assert_memory_equal(tail.data, "a\0(secret)b", tail.used);
}

/* One that is longer in its mask than it was must find room, or be shown as less of the mask. */
static void test_masks_stay_within_what_is_kept(void **state)
{
	scoped_ptr char *text = unit_repeat('x', 2 * MESSAGE_LOG_MAX);
	struct tail tail = { .used = 0 };
	const char *secret = "abcd";

	(void)state;
	for (size_t i = 0; i + 5 < strlen(text); i += 5)
		memcpy(text + i, "abcd ", 5);
	tail_add(&tail, text, MESSAGE_LOG_MAX);
	tail_add(&tail, text, MESSAGE_LOG_MAX);
	mask_tail(&tail, &secret, 1);
	assert_true(tail.used <= sizeof(tail.data));
	assert_null(memmem(tail.data, tail.used, "abcd", 4));
}

/* Wherever the output was cut, none of the pieces shows more than a byte that it begins with. */
static void test_the_rest_of_a_secret_that_was_cut_is_dropped(void **state)
{
	static const char secret[] = "s3cr3t-0123456789";
	const char *secrets[] = { secret };

	(void)state;
	for (size_t shift = 0; shift < sizeof(secret) + 1; shift++) {
		struct tail tail = { .used = 0 };
		char text[MESSAGE_LOG_MAX + 1];

		memset(text, '.', shift);
		tail_add(&tail, text, shift);
		for (size_t i = 0; i < 2000; i++)
			tail_add(&tail, secret, strlen(secret));
		assert_true(tail.cut);
		mask_tail(&tail, secrets, 1);
		tail_text(&tail, text);
		assert_null(strstr(text, "3456789"));
		assert_null(strstr(text, "6789"));
		assert_non_null(strstr(text, MASK_TEXT));
	}
}

static void test_without_secrets_nothing_changes(void **state)
{
	scoped_ptr char *text = unit_repeat('x', 3 * MESSAGE_LOG_MAX);
	struct tail tail = { .used = 0 };
	size_t used;

	(void)state;
	tail_add(&tail, text, strlen(text));
	used = tail.used;
	mask_tail(&tail, NULL, 0);
	assert_int_equal(tail.used, used);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_secret_is_masked_wherever_it_stands),
		cmocka_unit_test(test_words_of_a_secret_are_masked_too),
		cmocka_unit_test(test_a_short_secret_is_masked_where_it_stands_alone),
		cmocka_unit_test(test_bytes_that_are_no_text_are_masked),
		cmocka_unit_test(test_masks_stay_within_what_is_kept),
		cmocka_unit_test(test_the_rest_of_a_secret_that_was_cut_is_dropped),
		cmocka_unit_test(test_without_secrets_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
