/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/options.c: one form, said without ambiguity, or nothing is started. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>

#include "monitor/options.h"

enum { WORDS_MAX = 140 };

static int parse(const char *const *words, struct options *ret_options, char **ret_said)
{
	static char *argv[WORDS_MAX + 2];
	static char program[] = "exmachinad";
	int argc = 1, saved = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC), r;

	argv[0] = program;
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	argv[argc] = NULL;
	optind = 0; /* getopt begins anew */
	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	unit_capture_begin();
	r = options_parse(argc, argv, ret_options);
	*ret_said = unit_capture_end();
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(null);
	return r;
}

static struct options taken(const char *const *words)
{
	struct options options = { .fd = -77 };
	scoped_ptr char *said = NULL;

	if (parse(words, &options, &said) != 0)
		fail_msg("%s", said);
	assert_string_equal(said, "");
	return options;
}

static void refused(const char *const *words)
{
	struct options options = { .fd = -77 };
	scoped_ptr char *said = NULL;

	if (parse(words, &options, &said) != -EINVAL)
		fail_msg("%s %s ... is taken", words[0] ? words[0] : "",
			 words[0] && words[1] ? words[1] : "");
	assert_int_equal(options.fd, -77);
	assert_non_null(strstr(said, "Try 'exmachinad --help'.\n"));
}

#define TAKEN(...) taken((const char *const[]){ __VA_ARGS__, NULL })
#define REFUSED(...) refused((const char *const[]){ __VA_ARGS__, NULL })

static int setup(void **state)
{
	(void)state;
	unsetenv("LISTEN_FDS");
	return 0;
}

static void test_the_state_directory_is_a_plain_path_below_the_root(void **state)
{
	(void)state;
	assert_string_equal(TAKEN("--", "x").state, STATEDIR);
	assert_string_equal(TAKEN("--state", "/srv/exm", "--", "x").state, "/srv/exm");
	REFUSED("--state", "srv", "--", "x");
	REFUSED("--state", "", "--", "x");
	REFUSED("--state", "/", "--", "x");
	REFUSED("--state", "/srv/../etc", "--", "x");
	REFUSED("--state", "/srv/", "--", "x");
	REFUSED("--state", "//srv", "--", "x");
	REFUSED("--state", "/a\nb", "--", "x");
}

static void test_a_program_and_its_words_are_left_alone(void **state)
{
	struct options options = TAKEN("--policy", "/p", "--root=/r", "--user", "u", "--setenv",
				       "A=1", "--setenv=B", "--", "prog", "--listen", "-t", "--");

	(void)state;
	assert_int_equal(options.action, ACTION_SERVE);
	assert_int_equal(options.form, FORM_PROGRAM);
	assert_string_equal(options.policy_dir, "/p");
	assert_string_equal(options.root, "/r");
	assert_string_equal(options.user, "u");
	assert_int_equal(options.set_env_count, 2);
	assert_string_equal(options.set_env[1], "B");
	assert_string_equal(options.program[0], "prog");
	assert_string_equal(options.program[1], "--listen");
	assert_string_equal(options.program[2], "-t");
	assert_string_equal(options.program[3], "--");
	assert_null(options.program[4]);
}

static void test_each_other_form_is_understood(void **state)
{
	struct options fd = TAKEN("--fd", "3", "--secret-fd", "4");
	struct options listen =
		TAKEN("--listen", "/s", "--secret-file", "/f", "--daemonize", "--pidfile", "/pid");
	struct options activated;

	(void)state;
	assert_int_equal(fd.form, FORM_FD);
	assert_int_equal(fd.fd, 3);
	assert_int_equal(fd.secret_fd, 4);
	assert_int_equal(listen.form, FORM_LISTEN);
	assert_string_equal(listen.listen_path, "/s");
	assert_string_equal(listen.secret_file, "/f");
	assert_true(listen.daemonize);
	assert_string_equal(listen.pidfile, "/pid");
	setenv("LISTEN_FDS", "1", 1);
	activated = TAKEN("--policy", "/p");
	assert_int_equal(activated.form, FORM_ACTIVATED);
}

static void test_the_defaults_stand_where_nothing_is_said(void **state)
{
	struct options options = TAKEN("--", "x");

	(void)state;
	assert_string_equal(options.root, "/");
	assert_null(options.user);
	assert_null(options.pidfile);
	assert_false(options.daemonize);
	assert_int_equal(options.fd, -1);
	assert_int_equal(options.secret_fd, -1);
	assert_non_null(strstr(options.policy_dir, "/exmachina/policy.d"));
	assert_non_null(strstr(options.secret_file, "/secret"));
}

static void test_actions_need_no_client(void **state)
{
	(void)state;
	assert_int_equal(TAKEN("-t").action, ACTION_TEST_POLICY);
	assert_int_equal(TAKEN("--test", "--policy", "/p").action, ACTION_TEST_POLICY);
	assert_int_equal(TAKEN("-T").action, ACTION_PRINT_POLICY);
	assert_int_equal(TAKEN("--print-policy").action, ACTION_PRINT_POLICY);
	assert_int_equal(TAKEN("--make-secret").action, ACTION_MAKE_SECRET);
	assert_int_equal(TAKEN("--recover").action, ACTION_RECOVER);
	assert_string_equal(TAKEN("--recover", "--state", "/srv/exm").state, "/srv/exm");
	assert_string_equal(TAKEN("--root", "/image", "--recover").root, "/image");
	assert_int_equal(TAKEN("--help").action, ACTION_DONE);
	assert_int_equal(TAKEN("--version").action, ACTION_DONE);
}

static void test_no_client_at_all_is_refused(void **state)
{
	static const char *const nothing[] = { NULL };

	(void)state;
	refused(nothing);
	REFUSED("--policy", "/p");
	REFUSED("--");
}

static void test_two_forms_at_once_are_refused(void **state)
{
	(void)state;
	REFUSED("--listen", "/s", "--", "x");
	REFUSED("--fd", "3", "--secret-fd", "4", "--", "x");
	REFUSED("--fd", "3", "--secret-fd", "4", "--listen", "/s");
	REFUSED("--fd", "3", "--listen", "/s");
}

static void test_half_a_pair_of_descriptors_is_refused(void **state)
{
	(void)state;
	REFUSED("--fd", "3");
	REFUSED("--secret-fd", "3");
	REFUSED("--fd", "3", "--secret-fd", "3");
}

static void test_descriptors_that_are_no_numbers_are_refused(void **state)
{
	static const char *const numbers[] = { "",    "x",          "-1",
					       "3x",  "3 ",         "1.5",
					       "0x3", "2147483648", "99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		REFUSED("--fd", numbers[i], "--secret-fd", "4");
		REFUSED("--fd", "3", "--secret-fd", numbers[i]);
	}
}

static void test_a_program_without_dashes_before_it_is_refused(void **state)
{
	(void)state;
	REFUSED("prog");
	REFUSED("prog", "--", "x");
	REFUSED("--policy", "/p", "prog");
	REFUSED("-t", "prog");
	REFUSED("-T", "--", "prog");
	REFUSED("--make-secret", "x");
	REFUSED("--recover", "x");
	REFUSED("--recover", "--", "x");
	REFUSED("--recover=now");
}

static void test_unknown_options_and_missing_values_are_refused(void **state)
{
	(void)state;
	REFUSED("--nonsense", "--", "x");
	REFUSED("-x", "--", "x");
	REFUSED("--policy");
	REFUSED("--daemonize=yes", "--", "x");
	REFUSED("--se", "x", "--", "x"); /* ambiguous */
}

static void test_an_environment_for_no_program_is_refused(void **state)
{
	(void)state;
	REFUSED("--setenv", "A", "--listen", "/s");
}

static void test_a_program_that_uses_augeas_finds_our_library(void **state)
{
	struct options options = TAKEN("--setenv", "A=1", "--augeas", "--", "augtool");

	(void)state;
	assert_true(options.augeas);
	assert_int_equal(options.set_env_count, 2);
	assert_string_equal(options.set_env[0], "A=1");
	assert_string_equal(options.set_env[1], "LD_LIBRARY_PATH=" PKGLIBDIR);
	options = TAKEN("--", "augtool", "--augeas");
	assert_false(options.augeas);
	assert_int_equal(options.set_env_count, 0);
}

static void test_another_library_beside_ours_is_refused(void **state)
{
	(void)state;
	REFUSED("--augeas", "--setenv", "LD_LIBRARY_PATH=/tmp", "--", "x");
	REFUSED("--setenv", "LD_LIBRARY_PATH", "--augeas", "--", "x");
	REFUSED("--augeas", "--setenv", "LD_PRELOAD=/tmp/x.so", "--", "x");
	REFUSED("--augeas", "--listen", "/s");
	REFUSED("--augeas=yes", "--", "x");
}

static void test_more_variables_than_the_bound_are_refused(void **state)
{
	const char *words[WORDS_MAX + 1] = { NULL };
	struct options options;
	size_t used = 0;

	(void)state;
	for (size_t i = 0; i < OPTIONS_ENV_MAX; i++) {
		words[used++] = "--setenv";
		words[used++] = "A";
	}
	words[used] = "--";
	words[used + 1] = "x";
	options = taken(words);
	assert_int_equal(options.set_env_count, OPTIONS_ENV_MAX);
	words[used] = "--setenv";
	words[used + 1] = "A";
	words[used + 2] = "--";
	words[used + 3] = "x";
	refused(words);
	words[used] = "--augeas";
	words[used + 1] = "--";
	words[used + 2] = "x";
	words[used + 3] = NULL;
	refused(words);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_state_directory_is_a_plain_path_below_the_root),
		TEST(test_a_program_and_its_words_are_left_alone),
		TEST(test_a_program_that_uses_augeas_finds_our_library),
		TEST(test_another_library_beside_ours_is_refused),
		TEST(test_each_other_form_is_understood),
		TEST(test_the_defaults_stand_where_nothing_is_said),
		TEST(test_actions_need_no_client),
		TEST(test_no_client_at_all_is_refused),
		TEST(test_two_forms_at_once_are_refused),
		TEST(test_half_a_pair_of_descriptors_is_refused),
		TEST(test_descriptors_that_are_no_numbers_are_refused),
		TEST(test_a_program_without_dashes_before_it_is_refused),
		TEST(test_unknown_options_and_missing_values_are_refused),
		TEST(test_an_environment_for_no_program_is_refused),
		TEST(test_more_variables_than_the_bound_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
