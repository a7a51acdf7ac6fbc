/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/policy/policy_memfd.c: a policy of any size that may be written reaches the
 * engine.
 */
#include "unit.h"

#include <string.h>

#include "common/memfd.h"
#include "common/wire.h"
#include "monitor/policy/policy_memfd.h"

static struct policy *through_memfd(const struct policy *policy)
{
	scoped_fd fd = policy_to_memfd(policy);
	scoped_mapping mapping = { 0 };
	struct policy *got = NULL;
	struct wire w;

	assert_true(fd >= 0);
	assert_int_equal(memfd_map(fd, SIZE_MAX, &mapping), 0);
	w = wire_over(mapping.data, mapping.size);
	assert_int_equal(policy_get(&w, &got), 0);
	return got;
}

static void test_an_empty_policy_arrives(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new(), *got = through_memfd(policy);

	(void)state;
	assert_int_equal(got->file_count, 0);
}

static void test_a_policy_larger_than_the_first_guess_arrives(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new(), *got = NULL;
	scoped_ptr char *pattern = unit_repeat('a', POLICY_TEXT_MAX);
	struct policy_file *file;

	(void)state;
	assert_int_equal(policy_file_add(policy, "/etc/hosts", &file), 0);
	for (size_t i = 0; i < POLICY_ITEMS_MAX; i++)
		assert_int_equal(policy_list_add(&file->rights[RIGHT_SET], pattern), 0);
	got = through_memfd(policy);
	assert_int_equal(got->files[0].rights[RIGHT_SET].count, POLICY_ITEMS_MAX);
	assert_string_equal(got->files[0].rights[RIGHT_SET].item[POLICY_ITEMS_MAX - 1], pattern);
}

static void test_a_policy_that_no_reader_could_make_is_an_error(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped_ptr char *path = unit_repeat('a', POLICY_TEXT_MAX + 1);
	struct policy_file *file;

	(void)state;
	assert_int_equal(policy_file_add(policy, path, &file), 0);
	assert_true(policy_to_memfd(policy) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_policy_arrives),
		cmocka_unit_test(test_a_policy_larger_than_the_first_guess_arrives),
		cmocka_unit_test(test_a_policy_that_no_reader_could_make_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
