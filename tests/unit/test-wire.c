/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/wire.c: what was put is got back, and nothing is got that was not put. */
#include "unit.h"

#include <string.h>

#include "common/wire.h"

static void test_integers_come_back_whole(void **state)
{
	uint8_t buffer[64];
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	wire_put_u8(&w, UINT8_MAX);
	wire_put_u32(&w, UINT32_MAX);
	wire_put_u64(&w, UINT64_MAX - 1);
	wire_put_i32(&w, INT32_MIN);
	wire_put_i32(&w, -1);
	wire_put_u32(&w, 0);
	assert_false(w.bad);
	w = wire_over(buffer, w.pos);
	assert_int_equal(wire_get_u8(&w), UINT8_MAX);
	assert_int_equal(wire_get_u32(&w), UINT32_MAX);
	assert_true(wire_get_u64(&w) == UINT64_MAX - 1);
	assert_int_equal(wire_get_i32(&w), INT32_MIN);
	assert_int_equal(wire_get_i32(&w), -1);
	assert_int_equal(wire_get_u32(&w), 0);
	assert_true(wire_done(&w));
}

static void test_integers_are_little_endian_at_fixed_width(void **state)
{
	static const uint8_t expected[] = { 0x78, 0x56, 0x34, 0x12, 8, 7, 6, 5, 4, 3, 2, 1 };
	uint8_t buffer[sizeof(expected)];
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	wire_put_u32(&w, 0x12345678);
	wire_put_u64(&w, UINT64_C(0x0102030405060708));
	assert_false(w.bad);
	assert_memory_equal(buffer, expected, sizeof(expected));
}

static void test_strings_come_back_whole(void **state)
{
	uint8_t buffer[64];
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	wire_put_str(&w, "", 0);
	wire_put_str(&w, NULL, 5);
	wire_put_str(&w, "exact", 5);
	wire_put_str(&w, "\xff\n\\", 5);
	assert_false(w.bad);
	w = wire_over(buffer, w.pos);
	assert_string_equal(wire_get_str(&w, 0), "");
	assert_string_equal(wire_get_str(&w, 5), "");
	assert_string_equal(wire_get_str(&w, 5), "exact");
	assert_string_equal(wire_get_str(&w, 5), "\xff\n\\");
	assert_true(wire_done(&w));
}

static void test_a_string_points_into_the_buffer(void **state)
{
	uint8_t buffer[16];
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	wire_put_str(&w, "abc", 3);
	w = wire_over(buffer, w.pos);
	assert_ptr_equal(wire_get_str(&w, 3), buffer + 4);
}

static void test_put_refuses_a_string_over_its_bound(void **state)
{
	uint8_t buffer[64];
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	wire_put_str(&w, "sixsix", 5);
	assert_true(w.bad);
	assert_int_equal(w.pos, 0);
}

static void test_put_refuses_what_does_not_fit(void **state)
{
	uint8_t buffer[8] = { 0 };

	(void)state;
	for (size_t size = 0; size < 4; size++) {
		struct wire w = wire_over(buffer, size);

		wire_put_u32(&w, 7);
		assert_true(w.bad);
	}
	for (size_t size = 0; size < 8; size++) {
		struct wire w = wire_over(buffer, size);

		wire_put_str(&w, "abc", 3);
		assert_true(w.bad);
	}
}

static void test_put_never_writes_past_the_end(void **state)
{
	uint8_t buffer[16];
	struct wire w = wire_over(buffer, 6);

	(void)state;
	memset(buffer, 0x55, sizeof(buffer));
	wire_put_str(&w, "ab", 2); /* 7 bytes */
	wire_put_u64(&w, 0);
	for (size_t i = 6; i < sizeof(buffer); i++)
		assert_int_equal(buffer[i], 0x55);
}

static void test_the_error_sticks(void **state)
{
	uint8_t buffer[5] = { 0 };
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	(void)wire_get_u64(&w);
	assert_true(w.bad);
	assert_int_equal(wire_get_u8(&w), 0);
	assert_int_equal(w.pos, 0);
	assert_string_equal(wire_get_str(&w, 9), "");
	assert_false(wire_done(&w));
}

static void test_a_failed_get_gives_zero_and_the_empty_string(void **state)
{
	uint8_t buffer[3] = { 0xff, 0xff, 0xff };
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	assert_int_equal(wire_get_u32(&w), 0);
	w.bad = false;
	assert_true(wire_get_u64(&w) == 0);
	w.bad = false;
	assert_int_equal(wire_get_i32(&w), 0);
	w.bad = false;
	assert_string_equal(wire_get_str(&w, 9), "");
}

static void test_get_refuses_a_string_over_its_bound(void **state)
{
	uint8_t buffer[32];
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	wire_put_str(&w, "sixsix", 6);
	w = wire_over(buffer, w.pos);
	assert_string_equal(wire_get_str(&w, 5), "");
	assert_true(w.bad);
}

static void test_get_refuses_a_string_with_nul_inside(void **state)
{
	uint8_t buffer[] = { 3, 0, 0, 0, 'a', 0, 'b', 0 };
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	assert_string_equal(wire_get_str(&w, 9), "");
	assert_true(w.bad);
}

static void test_get_refuses_a_string_without_its_nul(void **state)
{
	uint8_t buffer[] = { 3, 0, 0, 0, 'a', 'b', 'c', 'd' };
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	assert_string_equal(wire_get_str(&w, 9), "");
	assert_true(w.bad);
}

static void test_get_refuses_a_length_that_the_buffer_does_not_have(void **state)
{
	static const uint32_t lengths[] = { 4, 5, 0x7fffffff, 0xfffffffe, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint8_t buffer[8] = { 0, 0, 0, 0, 'a', 'b', 'c', 0 };
		struct wire w = wire_over(buffer, sizeof(buffer));

		wire_put_u32(&w, lengths[i]);
		w = wire_over(buffer, sizeof(buffer));
		assert_string_equal(wire_get_str(&w, SIZE_MAX), "");
		assert_true(w.bad);
	}
}

static void test_left_over_bytes_are_not_done(void **state)
{
	uint8_t buffer[5] = { 1 };
	struct wire w = wire_over(buffer, sizeof(buffer));

	(void)state;
	(void)wire_get_u32(&w);
	assert_false(w.bad);
	assert_false(wire_done(&w));
	(void)wire_get_u8(&w);
	assert_true(wire_done(&w));
}

static void test_an_empty_buffer_is_done_and_gives_nothing(void **state)
{
	struct wire w = wire_over(NULL, 0);

	(void)state;
	assert_true(wire_done(&w));
	(void)wire_get_u8(&w);
	assert_true(w.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers_come_back_whole),
		cmocka_unit_test(test_integers_are_little_endian_at_fixed_width),
		cmocka_unit_test(test_strings_come_back_whole),
		cmocka_unit_test(test_a_string_points_into_the_buffer),
		cmocka_unit_test(test_put_refuses_a_string_over_its_bound),
		cmocka_unit_test(test_put_refuses_what_does_not_fit),
		cmocka_unit_test(test_put_never_writes_past_the_end),
		cmocka_unit_test(test_the_error_sticks),
		cmocka_unit_test(test_a_failed_get_gives_zero_and_the_empty_string),
		cmocka_unit_test(test_get_refuses_a_string_over_its_bound),
		cmocka_unit_test(test_get_refuses_a_string_with_nul_inside),
		cmocka_unit_test(test_get_refuses_a_string_without_its_nul),
		cmocka_unit_test(test_get_refuses_a_length_that_the_buffer_does_not_have),
		cmocka_unit_test(test_left_over_bytes_are_not_done),
		cmocka_unit_test(test_an_empty_buffer_is_done_and_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
