/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/log.c: whatever is logged, one event is one line of bounded length. */
#include "unit.h"

#include <string.h>

#include "common/log.h"

static char *logged(const char *text)
{
	unit_capture_begin();
	log_error("%s", text);
	return unit_capture_end();
}

static int setup(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_open("unit", LOG_TO_STDERR);
	return 0;
}

static void test_plain_text_is_left_alone(void **state)
{
	scoped_ptr char *line = logged("a b \"c\" % \xc3\xa9");

	(void)state;
	assert_string_equal(line, "unit: a b \"c\" % \xc3\xa9\n");
}

static void test_control_characters_cannot_forge_a_line(void **state)
{
	scoped_ptr char *line = logged("x\nexmachinad: user root logged in\r\x1b[2J\x7f\t\x01");

	(void)state;
	assert_string_equal(line, "unit: x\\x0aexmachinad: user root logged "
				  "in\\x0d\\x1b[2J\\x7f\\x09\\x01\n");
}

static void test_an_escape_cannot_be_forged(void **state)
{
	scoped_ptr char *line = logged("\\x0a");

	(void)state;
	assert_string_equal(line, "unit: \\x5cx0a\n");
}

static void test_a_line_is_bounded_whatever_it_quotes(void **state)
{
	scoped_ptr char *text = unit_repeat('\n', 100000), *other = unit_repeat('a', 100000);
	scoped_ptr char *line = logged(text), *plain = logged(other);

	(void)state;
	assert_in_range(strlen(line), 1000, 4000);
	assert_in_range(strlen(plain), 1000, 4000);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_ptr_equal(strchr(plain, '\n'), plain + strlen(plain) - 1);
	/* and no escape is cut in two */
	assert_int_equal((strlen(line) - strlen("unit: ") - 1) % 4, 0);
}

static void test_the_journal_gets_the_priority(void **state)
{
	scoped_ptr char *warning = NULL, *error = NULL;

	(void)state;
	setenv("JOURNAL_STREAM", "8:12345", 1);
	log_open("unit", LOG_TO_STDERR);
	error = logged("x");
	unit_capture_begin();
	log_warning("y");
	warning = unit_capture_end();
	assert_string_equal(error, "<3>unit: x\n");
	assert_string_equal(warning, "<4>unit: y\n");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain_text_is_left_alone),
		TEST(test_control_characters_cannot_forge_a_line),
		TEST(test_an_escape_cannot_be_forged),
		TEST(test_a_line_is_bounded_whatever_it_quotes),
		TEST(test_the_journal_gets_the_priority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
