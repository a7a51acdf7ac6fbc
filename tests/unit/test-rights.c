/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/rights.c: what is kept is what the policy takes, and the rest is gone. */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "monitor/privileges.h"
#include "monitor/rights.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)
#define CHANGING \
	(CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) | CAP(CHOWN) | CAP(FOWNER) | CAP(FSETID) | \
	 CAP(SETFCAP))

static struct policy_file *add_file(struct policy *policy, const char *path)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, path, &file), 0);
	return file;
}

static void may_set(struct policy *policy, const char *path)
{
	assert_int_equal(policy_list_add(&add_file(policy, path)->rights[RIGHT_SET], "**"), 0);
}

/* With the directories above it. */
static void make_file(const struct root *root, const char *path)
{
	scoped_ptr char *above = strdup(path);

	for (char *slash = strchr(above + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		scoped_ptr char *full = NULL;

		*slash = '\0';
		full = root_path(root, above);
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	root_write(root, path, "");
}

static struct rights rights_of(const struct root *root, const struct policy *policy)
{
	const struct rights_wanted wanted = { .policy = policy, .root_fd = root->fd };
	struct rights rights;

	assert_int_equal(rights_compute(&wanted, &rights), 0);
	return rights;
}

/* The directories, one blank apart. */
static void assert_directories(const struct rights *rights, const char *wanted)
{
	scoped_ptr char *text = strdup("");

	for (size_t i = 0; i < rights->count; i++) {
		char *longer;

		assert_true(asprintf(&longer, "%s%s%s", text, i ? " " : "",
				     rights->directory[i].path) >= 0);
		free(text);
		text = longer;
	}
	assert_string_equal(text, wanted);
}

static void a_policy_without_files_takes_hardly_any_right(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped(rights_clear) struct rights rights = rights_of(*state, policy);

	assert_true(rights.capabilities == CAP(KILL));
	assert_directories(&rights, "");
}

static void files_that_are_only_read_are_not_written(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped(rights_clear) struct rights rights = { 0 };

	make_file(*state, "/etc/hosts");
	add_file(policy, "/etc/hosts");
	rights = rights_of(*state, policy);
	assert_true(rights.capabilities == (CAP(KILL) | CAP(DAC_READ_SEARCH)));
	assert_directories(&rights, "");
}

static void directories_are_those_of_files_that_may_change(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped(rights_clear) struct rights rights = { 0 };

	make_file(*state, "/etc/ssh/sshd_config");
	make_file(*state, "/etc/apt/sources.list.d/a.list");
	make_file(*state, "/srv/x");
	may_set(policy, "/etc/ssh/sshd_config");
	add_file(policy, "/etc/apt/sources.list.d/*.list")->may_create = true;
	add_file(policy, "/srv/x")->may_delete = true;
	rights = rights_of(*state, policy);
	assert_true(rights.capabilities == (CAP(KILL) | CHANGING));
	assert_directories(&rights, "/etc/ssh /etc/apt/sources.list.d /srv");
}

static void one_directory_in_another_is_named_once(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped(rights_clear) struct rights rights = { 0 };

	make_file(*state, "/etc/ssh/sshd_config");
	make_file(*state, "/etc/hosts");
	make_file(*state, "/etcetera/x");
	may_set(policy, "/etc/hosts");
	may_set(policy, "/etc/ssh/sshd_config");
	may_set(policy, "/etcetera/x");
	rights = rights_of(*state, policy);
	assert_directories(&rights, "/etc /etcetera");
}

static void a_directory_that_is_missing_stands_for_the_one_above(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped(rights_clear) struct rights rights = { 0 };

	make_file(*state, "/etc/hosts");
	may_set(policy, "/etc/not/yet/there.conf");
	rights = rights_of(*state, policy);
	assert_directories(&rights, "/etc");
}

static void a_link_is_not_followed(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped(rights_clear) struct rights rights = { 0 };
	scoped_ptr char *link = root_path(*state, "/etc/app");

	make_file(*state, "/etc/hosts");
	assert_int_equal(symlink("/usr", link), 0);
	may_set(policy, "/etc/app/x.conf");
	rights = rights_of(*state, policy);
	assert_directories(&rights, "/etc");
}

static void packages_bring_directories_and_take_them_away(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped(rights_clear) struct rights rights = { 0 };
	struct policy_package *package;

	make_file(*state, "/etc/app/x.conf");
	make_file(*state, "/srv/y");
	may_set(policy, "/etc/app/x.conf");
	may_set(policy, "/srv/y");
	assert_int_equal(policy_package_add(policy, "app", &package), 0);
	rights = rights_of(*state, policy);
	/* never the root itself */
	assert_directories(&rights, "/etc /srv");
}

static void the_identity_is_written_by_us_if_nobody_else_does(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped(rights_clear) struct rights zone = { 0 }, host = { 0 }, none = { 0 };

	make_file(*state, "/etc/hosts");
	policy->has_system = true;
	none = rights_of(*state, policy);
	assert_true(none.capabilities == CAP(KILL));
	policy->system_items = 1u << SYSTEM_TIMEZONE;
	zone = rights_of(*state, policy);
	assert_true(zone.capabilities == (CAP(KILL) | CHANGING));
	assert_directories(&zone, "/etc");
	policy->system_items = 1u << SYSTEM_HOSTNAME;
	host = rights_of(*state, policy);
	assert_true(host.capabilities == (CAP(KILL) | CHANGING | CAP(SYS_ADMIN)));
}

static void more_than_was_kept_is_noticed(void **state)
{
	scoped(policy_freep) struct policy *little = policy_new(), *same = policy_new(),
					   *elsewhere = policy_new(), *none = policy_new();
	scoped(rights_clear) struct rights held = { 0 }, wanted = { 0 };

	make_file(*state, "/etc/ssh/sshd_config");
	make_file(*state, "/etc/hosts");
	may_set(little, "/etc/ssh/sshd_config");
	held = rights_of(*state, little);
	may_set(same, "/etc/ssh/sshd_config.d/x.conf");
	wanted = rights_of(*state, same);
	assert_null(rights_missing(&held, &wanted));
	rights_clear(&wanted);
	may_set(elsewhere, "/etc/hosts");
	wanted = rights_of(*state, elsewhere);
	assert_string_equal(rights_missing(&held, &wanted), "/etc");
	rights_clear(&held);
	held = rights_of(*state, none);
	assert_string_equal(rights_missing(&held, &wanted), "capabilities");
}

/* ---- once they are entered ----------------------------------------------------- */

struct attempt {
	const char *path;
	int flags;
	int wanted; /* errno, or 0 */
};

/* In a child that has the rights to change /etc/app of the root: 0, or the number of what is wrong.
 */
static int look(const struct root *root)
{
	const struct attempt attempts[] = {
		{ "/etc/app/new", O_WRONLY | O_CREAT, 0 },
		{ "/etc/app/x.conf", O_WRONLY | O_TRUNC, 0 },
		{ "/etc/hosts", O_RDONLY, 0 },
		{ "/etc/hosts", O_WRONLY, EACCES },
		{ "/etc/new", O_WRONLY | O_CREAT, EACCES },
		{ "/new", O_WRONLY | O_CREAT, EACCES },
	};
	char *const argv[] = { NULL };
	uint64_t held;
	int number = 10;

	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++, number++) {
		scoped_ptr char *path = root_path(root, attempts[i].path);
		scoped_fd fd = open(path, attempts[i].flags | O_CLOEXEC, 0644);

		if ((fd < 0 ? errno : 0) != attempts[i].wanted)
			return number;
	}
	if (execve("/bin/true", argv, argv) == 0 || errno != EACCES)
		return 2;
	if (mkdir("/tmp/exm-unit-new", 0700) == 0 || errno != EACCES)
		return 3;
	if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0 || setuid(65534) == 0)
		return 4;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || privileges_held(&held) < 0 ||
	    held != (CAP(KILL) | CHANGING))
		return 5;
	for (unsigned int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if ((prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1) !=
		    ((CHANGING | CAP(KILL)) >> cap & 1))
			return 6;
	return 0;
}

static void everything_else_is_gone(void **state)
{
	const struct root *root = *state;
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped(rights_clear) struct rights rights = { 0 };
	const char *step = "";
	uint32_t layers = 0;
	int status;
	pid_t pid;

	make_file(root, "/etc/app/x.conf");
	make_file(root, "/etc/hosts");
	may_set(policy, "/etc/app/x.conf");
	rights = rights_of(root, policy);
	pid = fork();
	if (pid == 0)
		_exit(rights_enter(&rights, root->fd, 0, &layers, &step) < 0 ||
				      layers != MONITOR_LAYERS_ALL
			      ? 1
			      : look(root));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, root_setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_policy_without_files_takes_hardly_any_right),
		TEST(files_that_are_only_read_are_not_written),
		TEST(directories_are_those_of_files_that_may_change),
		TEST(one_directory_in_another_is_named_once),
		TEST(a_directory_that_is_missing_stands_for_the_one_above),
		TEST(a_link_is_not_followed),
		TEST(packages_bring_directories_and_take_them_away),
		TEST(the_identity_is_written_by_us_if_nobody_else_does),
		TEST(more_than_was_kept_is_noticed),
		TEST(everything_else_is_gone),
	};
	int r = root_enter();

	return r != 0 ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
