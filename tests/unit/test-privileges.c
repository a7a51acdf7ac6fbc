/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/privileges.c: what was given up is gone, and half of it is not enough. */
#include "unit.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "monitor/privileges.h"

/* Runs in a child; 0 is what all of these should give. */
static void assert_in_child(int (*body)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != 0)
		fail_msg("the child says %d", WEXITSTATUS(status));
}

static const struct identity nobody = { .uid = 65534, .gid = 65534 };

/* Does /proc/self/status have this line? */
static bool has_status(const char *line)
{
	scoped_ptr char *status = unit_file_read("/proc/self/status");

	return strstr(status, line) != NULL;
}

static int drop_and_look(void)
{
	const gid_t groups[] = { 0, 4, 27 };

	if (setgroups(ARRAY_SIZE(groups), groups) < 0)
		return 1;
	if (privileges_drop(&nobody) != 0)
		return 2;
	if (!has_status("\nUid:\t65534\t65534\t65534\t65534\n") ||
	    !has_status("\nGid:\t65534\t65534\t65534\t65534\n") || !has_status("\nGroups:\t \n"))
		return 3;
	if (!has_status("\nCapInh:\t0000000000000000\n") ||
	    !has_status("\nCapPrm:\t0000000000000000\n") ||
	    !has_status("\nCapEff:\t0000000000000000\n") ||
	    !has_status("\nCapBnd:\t0000000000000000\n") ||
	    !has_status("\nCapAmb:\t0000000000000000\n"))
		return 4;
	return has_status("\nNoNewPrivs:\t1\n") ? 0 : 5;
}

static void test_all_is_gone_after_the_drop(void **state)
{
	(void)state;
	assert_in_child(drop_and_look);
}

static int drop_and_try(void)
{
	const gid_t group = 0;

	if (privileges_drop(&nobody) != 0)
		return 1;
	if (setuid(0) == 0 || seteuid(0) == 0 || setresuid(0, 0, 0) == 0)
		return 2;
	if (setgid(0) == 0 || setgroups(1, &group) == 0)
		return 3;
	if (prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		return 4;
	return access("/etc/shadow", R_OK) < 0 ? 0 : 5;
}

static void test_nothing_of_it_can_be_had_back(void **state)
{
	(void)state;
	assert_in_child(drop_and_try);
}

static int drop_twice(void)
{
	static const struct identity daemon = { .uid = 1, .gid = 1 };

	if (privileges_drop(&nobody) != 0)
		return 1;
	return privileges_drop(&daemon) < 0 ? 0 : 2;
}

static int drop_without_setpcap(void)
{
	/* the bounding set cannot be emptied then */
	capng_get_caps_process();
	capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SETPCAP);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return 1;
	return privileges_drop(&nobody) < 0 ? 0 : 2;
}

static int drop_without_setgid(void)
{
	capng_get_caps_process();
	capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SETGID);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return 1;
	return privileges_drop(&nobody) < 0 ? 0 : 2;
}

static int drop_to_root(void)
{
	static const struct identity root = { .uid = 0, .gid = 0 };

	return privileges_drop(&root) < 0 ? 0 : 1;
}

static void test_a_drop_that_is_not_whole_fails(void **state)
{
	(void)state;
	assert_in_child(drop_twice);
	assert_in_child(drop_without_setpcap);
	assert_in_child(drop_without_setgid);
	assert_in_child(drop_to_root);
}

static void test_a_user_is_looked_up(void **state)
{
	struct identity identity = { 0 };

	(void)state;
	assert_int_equal(identity_of("nobody", &identity), 0);
	assert_int_equal(identity.uid, 65534);
	assert_string_equal(identity.name, "nobody");
	assert_non_null(identity.home);
	assert_non_null(identity.shell);
	identity_clear(&identity);
	assert_null(identity.name);
}

static void test_root_and_unknown_users_are_refused(void **state)
{
	struct identity identity = { .uid = 77 };

	(void)state;
	assert_int_equal(identity_of("root", &identity), -EPERM);
	assert_int_equal(identity_of("no-such-user", &identity), -ENOENT);
	assert_int_equal(identity_of("", &identity), -ENOENT);
	assert_int_equal(identity.uid, 77);
}

static int setup_resets_signals(void)
{
	struct sigaction action;
	sigset_t all, now;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (privileges_child_setup(getppid(), SIGKILL) != 0)
		return 1;
	sigprocmask(SIG_BLOCK, NULL, &now);
	if (sigismember(&now, SIGTERM) || sigismember(&now, SIGCHLD))
		return 2;
	if (sigaction(SIGPIPE, NULL, &action) < 0 || action.sa_handler != SIG_DFL)
		return 3;
	return sigaction(SIGTERM, NULL, &action) == 0 && action.sa_handler == SIG_DFL ? 0 : 4;
}

static int setup_without_its_parent(void)
{
	return privileges_child_setup(getpid(), 0) == -ESRCH ? 0 : 1;
}

static void test_a_child_begins_with_default_signals(void **state)
{
	(void)state;
	assert_in_child(setup_resets_signals);
}

static void test_a_child_whose_parent_is_gone_does_not_begin(void **state)
{
	(void)state;
	assert_in_child(setup_without_its_parent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_gone_after_the_drop),
		cmocka_unit_test(test_nothing_of_it_can_be_had_back),
		cmocka_unit_test(test_a_drop_that_is_not_whole_fails),
		cmocka_unit_test(test_a_user_is_looked_up),
		cmocka_unit_test(test_root_and_unknown_users_are_refused),
		cmocka_unit_test(test_a_child_begins_with_default_signals),
		cmocka_unit_test(test_a_child_whose_parent_is_gone_does_not_begin),
	};

	if (geteuid() != 0)
		return unit_skip("there are no rights to give up; not run as root");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
