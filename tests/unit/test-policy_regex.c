/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/policy_regex.c: no regex of a policy breaks out of its anchors or costs much.
 */
#include "unit.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "common/policy.h"

#define HEX "[0-9a-fA-F]{1,4}"
#define IPV6 "((" HEX ":){7}" HEX "|(" HEX ":){1,7}:|(" HEX ":){1,6}:" HEX "|::)"

static int compile(char *ere)
{
	struct policy_value value = { .ere = ere };
	int r = policy_value_compile(&value);

	if (r == 0)
		regfree(&value.compiled);
	return r;
}

static int compile_literal(const char *ere)
{
	scoped_ptr char *copy = strdup(ere);

	assert_non_null(copy);
	return compile(copy);
}

static void test_regexes_of_real_policies_compile(void **state)
{
	static const char *const eres[] = {
		"[0-9]{1,5}",
		"no|yes|prohibit-password",
		"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
		"([0-9]{1,3}\\.){3}[0-9]{1,3}(/[0-9]{1,2})?",
		IPV6,
		"(https?|ftp)://[[:graph:]]+",
		"([A-Za-z0-9+/]{4})*(==|=)?",
		".{0,1000}",
		"[]()\\1]*",
		"[^]]",
		"[[:digit:][:space:]]",
		"[[.-.]]",
		"[[=a=]]",
		"\\(\\)",
		"a\\{2",
		"",
		"()",
		"a|",
		"a{2}{3}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(eres); i++)
		if (compile_literal(eres[i]) != 0)
			fail_msg("'%s' is refused: %d", eres[i], compile_literal(eres[i]));
}

static void test_bad_regexes_are_refused_for_what_they_are(void **state)
{
	static const struct {
		const char *ere;
		int error;
	} eres[] = {
		{ "(", REG_EPAREN },
		{ "(a", REG_EPAREN },
		{ "[a", REG_EBRACK },
		{ "[]", REG_EBRACK },
		{ "[^]", REG_EBRACK },
		{ "[[:alpha:", REG_EBRACK },
		{ "[[:nosuch:]]", REG_ECTYPE },
		{ "[z-a]", REG_ERANGE },
		{ "a\\", REG_EESCAPE },
		{ "*a", REG_BADRPT },
		{ "a{2", REG_EBRACE },
		{ "a{3,2}", REG_BADBR },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(eres); i++)
		if (compile_literal(eres[i].ere) != eres[i].error)
			fail_msg("'%s' gives %d", eres[i].ere, compile_literal(eres[i].ere));
}

static void test_a_regex_cannot_close_the_group_around_it(void **state)
{
	static const char *const eres[] = {
		"a)", "a)|(b", "a)|b", ")", "a)|.*|(b", "(a))", "())("
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(eres); i++)
		assert_int_equal(compile_literal(eres[i]), REG_EPAREN);
}

static void test_back_references_are_refused(void **state)
{
	(void)state;
	assert_int_equal(compile_literal("(a)\\1"), REG_ESUBREG);
	/* the first group of the administrator's is the second one between the anchors */
	assert_int_equal(compile_literal("(a)\\2"), REG_ESUBREG);
	assert_int_equal(compile_literal("(a*)*\\1"), REG_ESUBREG);
	assert_int_equal(compile_literal("\\9"), REG_ESUBREG);
	assert_int_equal(compile_literal("[a]\\1"), REG_ESUBREG);
	assert_int_equal(compile_literal("[]\\1]\\1"), REG_ESUBREG);
}

static void test_repetitions_that_multiply_are_refused(void **state)
{
	static const char *const eres[] = {
		"a{1,2000}",
		"a{32767}",
		"a{99999999999999999999}",
		"(a{100}){100}",
		"((a{1,16}){1,16}){1,15}",
		"(((a{2,}){2,}){99,}){9,}",
		"(a*){1,500}",
		"(a?){1,250}",
		"a{255}{255}{255}",
		"a{2}{99}{9}",
		"((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+",
		"a++++++++++++++++",
		"(a|b|c|d){1,200}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(eres); i++) {
		int r = compile_literal(eres[i]);

		if (r != REG_ESPACE && r != REG_BADBR)
			fail_msg("'%s' gives %d", eres[i], r);
	}
}

static void test_nesting_too_deep_is_refused(void **state)
{
	scoped_ptr char *ere = unit_repeat('(', POLICY_TEXT_MAX);

	(void)state;
	assert_int_equal(compile(ere), REG_ESPACE);
}

static void test_a_regex_too_long_is_refused(void **state)
{
	scoped_ptr char *ere = unit_repeat('a', POLICY_TEXT_MAX + 1);

	(void)state;
	assert_int_equal(compile(ere), REG_ESPACE);
	ere[POLICY_TEXT_MAX] = '\0';
	assert_int_equal(compile(ere), 0);
}

/* The dearest regexes that are let through, of those that were found. */
static void test_what_is_taken_compiles_in_little_time_and_memory(void **state)
{
	static const char *const eres[] = {
		"(a?){1,90}", "(a*|b*){30}", "(((a+)+)+)+", "(a{0,9}){1,20}", "(a*){1,100}",
	};
	clock_t start = clock();
	struct rusage usage;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(eres); i++)
		assert_int_equal(compile_literal(eres[i]), 0);
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	assert_true(usage.ru_maxrss < 1 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regexes_of_real_policies_compile),
		cmocka_unit_test(test_bad_regexes_are_refused_for_what_they_are),
		cmocka_unit_test(test_a_regex_cannot_close_the_group_around_it),
		cmocka_unit_test(test_back_references_are_refused),
		cmocka_unit_test(test_repetitions_that_multiply_are_refused),
		cmocka_unit_test(test_nesting_too_deep_is_refused),
		cmocka_unit_test(test_a_regex_too_long_is_refused),
		cmocka_unit_test(test_what_is_taken_compiles_in_little_time_and_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
