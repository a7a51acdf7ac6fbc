/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/policy_text.c: which texts a policy may hold, and what is said of the others.
 */
#include "unit.h"

#include <string.h>

#include "common/policy.h"

static void assert_all_good(const char *(*fault)(const char *text), const char *const *texts,
			    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fault(texts[i]))
			fail_msg("'%s' %s", texts[i], fault(texts[i]));
}

/* Each text is followed by a part of what is wrong with it. */
static void assert_all_refused(const char *(*fault)(const char *text), const char *const *texts,
			       size_t count)
{
	for (size_t i = 0; i < count; i += 2) {
		const char *reason = fault(texts[i]);

		if (!reason)
			fail_msg("'%s' is taken", texts[i]);
		if (!strstr(reason, texts[i + 1]))
			fail_msg("of '%s' is said that it %s", texts[i], reason);
	}
}

#define GOOD(fault, ...) \
	do { \
		static const char *const texts_[] = { __VA_ARGS__ }; \
		assert_all_good(fault, texts_, ARRAY_SIZE(texts_)); \
	} while (0)

#define REFUSED(fault, ...) \
	do { \
		static const char *const texts_[] = { __VA_ARGS__ }; \
		assert_all_refused(fault, texts_, ARRAY_SIZE(texts_)); \
	} while (0)

static void test_plain_absolute_paths_are_taken(void **state)
{
	(void)state;
	GOOD(policy_path_fault, "/etc/hosts", "/a", "/etc/*.conf", "/etc/?/x*", "/etc/.hidden",
	     "/etc/..a", "/etc/a..", "/etc/...", "/etc/My File", "/etc/\xc3\xa9", "/etc/\xff",
	     "/etc/a[1]", "/etc/-x");
}

static void test_other_paths_are_refused(void **state)
{
	(void)state;
	REFUSED(policy_path_fault, "", "not absolute", "etc/hosts", "not absolute", "./etc",
		"not absolute", "~/x", "not absolute", "/", "simplest form", "//etc",
		"simplest form", "/etc//hosts", "simplest form", "/etc/", "simplest form",
		"/etc/../passwd", "simplest form", "/..", "simplest form", "/etc/..",
		"simplest form", "/./etc", "simplest form", "/etc/.", "simplest form", "/etc/a\nb",
		"control character", "/etc/a\tb", "control character", "/etc/a\x7f",
		"control character", "/etc/a\\b", "backslash", "/etc/\\*", "backslash", "/etc/**",
		"'**'", "/etc/**/x", "'**'", "/etc/a**", "'**'");
}

static void test_a_path_too_long_is_refused(void **state)
{
	scoped_ptr char *path = unit_repeat('a', POLICY_TEXT_MAX);

	(void)state;
	path[0] = '/';
	assert_non_null(strstr(policy_path_fault(path), "too long"));
	assert_false(policy_path_is_plain(path));
	path[POLICY_TEXT_MAX - 1] = '\0';
	assert_null(policy_path_fault(path));
	assert_true(policy_path_is_plain(path));
}

static void test_plain_paths_are_told_from_others(void **state)
{
	(void)state;
	assert_true(policy_path_is_plain("/etc/hosts"));
	assert_true(policy_path_is_plain("/etc/a\\b"));
	assert_true(policy_path_is_plain("/etc/**"));
	assert_false(policy_path_is_plain(""));
	assert_false(policy_path_is_plain("/"));
	assert_false(policy_path_is_plain("etc/hosts"));
	assert_false(policy_path_is_plain("/etc/hosts/"));
	assert_false(policy_path_is_plain("/etc//hosts"));
	assert_false(policy_path_is_plain("/etc/../hosts"));
	assert_false(policy_path_is_plain("/etc/./hosts"));
	assert_false(policy_path_is_plain("/etc/hosts\n"));
}

static void test_lens_names_are_taken(void **state)
{
	(void)state;
	GOOD(policy_lens_fault, "Sshd.lns", "Hosts.lns", "A.b", "Systemd.lns_x", "PHP2.lns",
	     "Shellvars_list.lns", "X.1");
}

static void test_other_lens_names_are_refused(void **state)
{
	(void)state;
	REFUSED(policy_lens_fault, "", "Module.name", "Sshd", "Module.name", "Sshd.", "Module.name",
		".lns", "Module.name", "sshd.lns", "Module.name", "1sshd.lns", "Module.name",
		"_Sshd.lns", "Module.name", "Sshd.lns.x", "Module.name", "Sshd.lns x",
		"Module.name", "Sshd .lns", "Module.name", "Sshd.lns\n", "Module.name", "@Sshd.lns",
		"Module.name", "Sshd/../X.lns", "Module.name", "\xc3\x89t.lns", "Module.name",
		"Ss-hd.lns", "Module.name", "Sshd.ln's", "Module.name");
}

static void test_a_lens_name_too_long_is_refused(void **state)
{
	scoped_ptr char *lens = unit_repeat('A', 400);

	(void)state;
	lens[200] = '.';
	assert_non_null(policy_lens_fault(lens));
	lens[250] = '\0';
	assert_null(policy_lens_fault(lens));
}

static void test_node_patterns_are_taken(void **state)
{
	(void)state;
	GOOD(policy_pattern_fault, "Port", "*", "**", "Match/**", "**/Port", "a/**/b",
	     "*/canonical", "a?", "#comment", "a\\ b", "a\\/b", "\\[1\\]", "\\\\", "\\*", "...",
	     "a..b", "a=b", "\xc3\xa9", "\xff", "a]", "*\\*");
}

static void test_other_node_patterns_are_refused(void **state)
{
	(void)state;
	REFUSED(policy_pattern_fault, "", "empty label", "/", "empty label", "/Port", "empty label",
		"/files/etc/hosts", "empty label", "Port/", "empty label", "a//b", "empty label",
		"**/", "empty label", "..", "'..'", "../x", "'..'", "a/..", "'..'", ".", "'.'",
		"a/./b", "'.'", "a**", "'**'", "**a", "'**'", "a/b**/c", "'**'", "***", "'**'",
		"Port[1]", "position", "Match[1]/Port", "position", "*[.='x']", "position", "a\\",
		"backslash", "a/b\\", "backslash", "\\\\\\", "backslash");
}

static void test_a_node_pattern_too_long_is_refused(void **state)
{
	scoped_ptr char *pattern = unit_repeat('a', POLICY_TEXT_MAX + 1);

	(void)state;
	assert_non_null(strstr(policy_pattern_fault(pattern), "too long"));
	pattern[POLICY_TEXT_MAX] = '\0';
	assert_null(policy_pattern_fault(pattern));
}

static void test_unit_names_are_taken(void **state)
{
	(void)state;
	GOOD(policy_unit_fault, "ssh.service", "getty@tty1.service", "getty@.service", "a.socket",
	     "a.target", "a.timer", "a.path", "a.mount", "a.swap", "a.device", "a.slice", "a.scope",
	     "a.automount", "*.service", "apache2@*.service", "?.service",
	     "systemd-fsck@dev-disk-by\\x2duuid-1.service", "a:b_c.service", "a.b.service");
	assert_true(policy_unit_name_valid("ssh.service"));
	assert_true(policy_unit_name_valid("dev-disk-by\\x2duuid.device"));
}

static void test_other_unit_names_are_refused(void **state)
{
	(void)state;
	REFUSED(policy_unit_fault, "", "suffix", "ssh", "suffix", ".service", "suffix", "ssh.",
		"suffix", "ssh.conf", "suffix", "ssh.Service", "suffix", "ssh.service.bak",
		"suffix", "ssh.*", "suffix", "*", "suffix", "ssh.serv*", "suffix", "-x.service",
		"begins with '-'", "--now.service", "begins with '-'", "ssh service.service",
		"character", "ssh/x.service", "character", "../x.service", "character",
		"ssh.service\n", "character", "ssh;reboot.service", "character", "$x.service",
		"character", "\xc3\xa9.service", "character", "[a].service", "character",
		"dev-disk-by\\x2d*.device", "backslash");
	assert_false(policy_unit_name_valid("*.service"));
	assert_false(policy_unit_name_valid("?.service"));
	assert_false(policy_unit_name_valid("ssh"));
	assert_false(policy_unit_name_valid("-x.service"));
	assert_false(policy_unit_name_valid(""));
}

static void test_a_unit_name_too_long_is_refused(void **state)
{
	scoped_ptr char *unit = unit_repeat('a', 256);

	(void)state;
	memcpy(unit + 256 - strlen(".service"), ".service", strlen(".service"));
	assert_non_null(strstr(policy_unit_fault(unit), "too long"));
	assert_false(policy_unit_name_valid(unit));
	assert_true(policy_unit_name_valid(unit + 1));
}

static void test_package_names_are_taken(void **state)
{
	(void)state;
	GOOD(policy_package_fault, "openssh-server", "g++", "libstdc++6", "0ad", "2to3", "a1",
	     "linux-image-6.1.0-18-amd64", "libc6", "*", "openssh-*", "?ash", "lib*-dev", "*+",
	     "python3.11", "??");
	assert_true(policy_package_name_valid("openssh-server"));
	assert_true(policy_package_name_valid("g++"));
	assert_true(policy_package_name_valid("x+"));
	assert_true(policy_package_name_valid("0ad"));
}

/* Each of them means more than a name to apt-get, to a shell, or to a list of words. */
static void test_other_package_names_are_refused(void **state)
{
	static const char *const names[] = {
		"-o",    "--purge", "a;b",       "x=1",   "x/stable", "x:amd64",  "x-",   "+x",
		".x",    "./x",     "../x",      "x^",    "~nx",      "?name(x)", "x y",  "x\n",
		"\nx",   "x\t",     "Xterm",     "x_y",   "$x",       "`x`",      "x|y",  "x,y",
		"[xy]z", "x\\y",    "x\xc3\xa9", "*",     "openss?",  "x*",       "x(y)", "!x",
		"x@y",   "",        "x",         "x\x7f", "x--",      "g++-",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (policy_package_name_valid(names[i]))
			fail_msg("%s is taken", names[i]);
	REFUSED(policy_package_fault, "", "begins with a letter", "-o", "begins with a letter",
		"+x", "begins with a letter", ".*", "begins with a letter", "a;b", "character",
		"x=1", "character", "x/stable", "character", "x:amd64", "character", "a b",
		"character", "Xterm", "character", "x\n", "character", "[a-z]*", "character", "x-",
		"removal", "x*-", "removal", "*-", "removal", "x", "two bytes", "?", "two bytes");
}

static void test_a_package_name_too_long_is_refused(void **state)
{
	scoped_ptr char *name = unit_repeat('a', 129);

	(void)state;
	assert_non_null(strstr(policy_package_fault(name), "too long"));
	assert_false(policy_package_name_valid(name));
	assert_null(policy_package_fault(name + 1));
	assert_true(policy_package_name_valid(name + 1));
}

static void test_user_names_are_taken_and_refused(void **state)
{
	scoped_ptr char *name = unit_repeat('a', POLICY_USER_MAX + 1);

	(void)state;
	GOOD(policy_user_fault, "plinth", "_exmachina", "www-data", "user.name", "u1", "a$");
	REFUSED(policy_user_fault, "", "user's name", "-x", "user's name", "a b", "user's name",
		"a:b", "user's name", "a/b", "user's name", "a\n", "user's name", "a,b",
		"user's name");
	assert_non_null(policy_user_fault(name));
	assert_null(policy_user_fault(name + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_absolute_paths_are_taken),
		cmocka_unit_test(test_other_paths_are_refused),
		cmocka_unit_test(test_a_path_too_long_is_refused),
		cmocka_unit_test(test_plain_paths_are_told_from_others),
		cmocka_unit_test(test_lens_names_are_taken),
		cmocka_unit_test(test_other_lens_names_are_refused),
		cmocka_unit_test(test_a_lens_name_too_long_is_refused),
		cmocka_unit_test(test_node_patterns_are_taken),
		cmocka_unit_test(test_other_node_patterns_are_refused),
		cmocka_unit_test(test_a_node_pattern_too_long_is_refused),
		cmocka_unit_test(test_unit_names_are_taken),
		cmocka_unit_test(test_other_unit_names_are_refused),
		cmocka_unit_test(test_a_unit_name_too_long_is_refused),
		cmocka_unit_test(test_package_names_are_taken),
		cmocka_unit_test(test_other_package_names_are_refused),
		cmocka_unit_test(test_a_package_name_too_long_is_refused),
		cmocka_unit_test(test_user_names_are_taken_and_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
