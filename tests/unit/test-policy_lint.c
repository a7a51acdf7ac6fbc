/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/policy/policy_lint.c: what is warned of, and as much that is not. */
#include "policy_fixture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "monitor/policy/policy_lint.h"

/* What is told of the text as a policy, which must be as many lines as are counted. */
static char *lint(const char *directory, const char *text)
{
	scoped(policy_freep) struct policy *policy = assert_text_taken(directory, text);
	size_t size, count = 99, silent = 99, lines = 0;
	char *told = NULL;
	FILE *out = open_memstream(&told, &size);

	assert_non_null(out);
	assert_int_equal(policy_lint(policy, out, &count), 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(policy_lint(policy, NULL, &silent), 0);
	for (const char *at = strchr(told, '\n'); at; at = strchr(at + 1, '\n'))
		lines++;
	assert_int_equal(count, lines);
	assert_int_equal(silent, count);
	return told;
}

/* One warning, of this section ("File /etc/x"), with these words. */
static void assert_warned(const char *directory, const char *text, const char *section,
			  const char *words)
{
	scoped_ptr char *told = lint(directory, text);
	scoped_ptr char *start = NULL;

	assert_true(asprintf(&start, "warning: [%s]: ", section) > 0);
	if (strncmp(told, start, strlen(start)) != 0 || !strstr(told, words) ||
	    strchr(told, '\n') != told + strlen(told) - 1)
		fail_msg("not a warning of [%s] with '%s': '%s'", section, words, told);
}

static void assert_harmless(const char *directory, const char *text)
{
	scoped_ptr char *told = lint(directory, text);

	if (*told)
		fail_msg("not harmless: %s of\n%s", told, text);
}

/* A file of each row of the table, and how exmachina-policy(5) names the row. */
static const struct {
	const char *path;
	const char *manual;
	const char *words;
} files[] = {
	{ "/etc/sudoers", "/etc/sudoers", "what as root" },
	{ "/etc/sudoers.d/panel", "/etc/sudoers.d", "what as root" },
	{ "/etc/doas.conf", "/etc/doas.conf", "what as root" },
	{ "/etc/polkit-1/rules.d/x.rules", "/etc/polkit-1", "what as root" },
	{ "/etc/exmachina/policy.d/x.conf", "/etc/exmachina", "the policy itself" },
	{ "/etc/pam.d/su", "/etc/pam.d", "is let in" },
	{ "/etc/pam.conf", "/etc/pam.conf", "is let in" },
	{ "/etc/passwd", "/etc/passwd", "who is root" },
	{ "/etc/shadow", "/etc/shadow", "who is root" },
	{ "/etc/group", "/etc/group", "who is root" },
	{ "/etc/gshadow", "/etc/gshadow", "who is root" },
	{ "/etc/ld.so.preload", "/etc/ld.so.preload", "libraries" },
	{ "/etc/ld.so.conf", "/etc/ld.so.conf", "libraries" },
	{ "/etc/ld.so.conf.d/x.conf", "/etc/ld.so.conf.d", "libraries" },
	{ "/etc/crontab", "/etc/crontab", "commands" },
	{ "/etc/anacrontab", "/etc/anacrontab", "commands" },
	{ "/etc/cron.d/x", "/etc/cron.*", "commands" },
	{ "/etc/cron.daily/x", "/etc/cron.*", "commands" },
	{ "/var/spool/cron/crontabs/root", "/var/spool/cron", "commands" },
	{ "/etc/systemd/system/x.service", "/etc/systemd/system", "commands" },
	{ "/etc/systemd/system/ssh.service.d/x.conf", "/etc/systemd/system", "commands" },
	{ "/run/systemd/system/x.service", "/run/systemd/system", "commands" },
	{ "/usr/lib/systemd/system/x.service", "/usr/lib/systemd/system", "commands" },
	{ "/lib/systemd/system/x.service", "/lib/systemd/system", "commands" },
	{ "/etc/init.d/x", "/etc/init.d", "commands" },
	{ "/etc/rc2.d/S01x", "/etc/rc?.d", "commands" },
	{ "/etc/rc.local", "/etc/rc.local", "commands" },
	{ "/etc/inittab", "/etc/inittab", "commands" },
	{ "/etc/udev/rules.d/x.rules", "/etc/udev/rules.d", "commands" },
	{ "/etc/modprobe.d/x.conf", "/etc/modprobe.d", "commands" },
	{ "/etc/sysctl.conf", "/etc/sysctl.conf", "commands" },
	{ "/etc/sysctl.d/x.conf", "/etc/sysctl.d", "commands" },
	{ "/etc/network/interfaces", "/etc/network/interfaces", "commands" },
	{ "/etc/ssh/sshd_config", "/etc/ssh/sshd_config", "every login" },
	{ "/etc/ssh/sshd_config.d/x.conf", "/etc/ssh/sshd_config.d", "every login" },
	{ "/root/.ssh/authorized_keys", "/root/.ssh/authorized_keys", "holds a key" },
	{ "/home/al/.ssh/authorized_keys2", "/home/*/.ssh/authorized_keys", "holds a key" },
	{ "/etc/apt/sources.list", "/etc/apt/sources.list", "where packages come from" },
	{ "/etc/apt/sources.list.d/x.list", "/etc/apt/sources.list.d", "where packages" },
	{ "/etc/apt/trusted.gpg.d/x.asc", "/etc/apt/trusted.gpg.d", "where packages" },
	{ "/etc/apt/apt.conf", "/etc/apt/apt.conf", "commands" },
	{ "/etc/apt/apt.conf.d/99x", "/etc/apt/apt.conf.d", "commands" },
	{ "/etc/environment", "/etc/environment", "$(...)" },
	{ "/etc/profile", "/etc/profile", "$(...)" },
	{ "/etc/profile.d/x.sh", "/etc/profile.d", "$(...)" },
	{ "/etc/bash.bashrc", "/etc/bash.bashrc", "$(...)" },
	{ "/root/.bashrc", "/root/.*", "$(...)" },
	{ "/etc/default/ssh", "/etc/default", "$(...)" },
	{ "/etc/sysconfig/sshd", "/etc/sysconfig", "$(...)" },
};

enum { FILES = sizeof(files) / sizeof(*files) };

static void lint_one(const char *directory, const char *keys, size_t i, bool warned)
{
	scoped_ptr char *text = NULL, *section = NULL;

	assert_true(asprintf(&text, "[File %s]\n%s", files[i].path, keys) > 0);
	assert_true(asprintf(&section, "File %s", files[i].path) > 0);
	if (warned)
		assert_warned(directory, text, section, files[i].words);
	else
		assert_harmless(directory, text);
}

static void test_each_file_of_the_table_is_warned_of_when_anything_may_be_set(void **state)
{
	for (size_t i = 0; i < FILES; i++) {
		lint_one(*state, "Set=**\n", i, true);
		lint_one(*state, "Insert=**\n", i, true);
	}
}

static void test_none_is_warned_of_when_it_may_only_be_read(void **state)
{
	for (size_t i = 0; i < FILES; i++) {
		lint_one(*state, "", i, false);
		lint_one(*state, "Set=**\nInsert=*\nDeny=**\n", i, false);
		lint_one(*state, "Set=#comment */#comment\n", i, false);
	}
}

/* A file of the source, or NULL after saying that it is not there. */
static char *read_source(const char *name)
{
	const char *source = getenv("srcdir");
	scoped_ptr char *path = unit_path(source ? source : ".", name);
	char *text = unit_file_read(path);

	if (!text)
		unit_skip_test("the source is not where make check says");
	return text;
}

static void test_the_examples_are_harmless(void **state)
{
	static const char *const examples[] = { "chrony", "hosts",  "session",
						"sshd",   "system", "webserver" };

	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		scoped_ptr char *name = NULL, *text = NULL;

		assert_true(asprintf(&name, "examples/policy.d/%s.conf", examples[i]) > 0);
		text = read_source(name);
		if (!text)
			return;
		assert_harmless(*state, text);
	}
}

static void test_each_file_of_the_table_is_in_the_manual_and_no_other(void **state)
{
	scoped_ptr char *manual = read_source("man/exmachina-policy.5");
	char *at, *end;
	size_t listed = 0, known = 0;

	(void)state;
	if (!manual)
		return;
	at = strstr(manual, "\n.\\\" begin of policy_lint\n");
	assert_non_null(at);
	end = strstr(at, "\n.\\\" end of policy_lint\n");
	assert_non_null(end);
	end[1] = '\0';
	for (const char *row = strstr(at, "\n.Pa "); row; row = strstr(row + 1, "\n.Pa "))
		listed++;
	for (size_t i = 0; i < FILES; i++) {
		scoped_ptr char *line = NULL;

		if (i > 0 && strcmp(files[i].manual, files[i - 1].manual) == 0)
			continue;
		known++;
		assert_true(asprintf(&line, "\n.Pa %s ,\n", files[i].manual) > 0);
		if (!strstr(at, line))
			fail_msg("%s is not in the manual", files[i].manual);
	}
	assert_int_equal(listed, known);
}

static void test_wildcards_that_reach_such_a_file_are_warned_of(void **state)
{
	assert_warned(*state, "[File /etc/*]\nSet=*\n", "File /etc/*", "change /etc/sudoers is");
	assert_warned(*state, "[File /etc/sudo?rs]\nSet=*\n", "File /etc/sudo?rs", "/etc/sudoers");
	assert_warned(*state, "[File /*/*/*]\nSet=*\n", "File /*/*/*", "/etc/sudoers.d/");
	assert_warned(*state, "[File /etc/*/x]\nSet=*\n", "File /etc/*/x", "/etc/sudoers.d/");
	assert_warned(*state, "[File /etc/systemd/*/*.d/*.conf]\nSet=*\n",
		      "File /etc/systemd/*/*.d/*.conf", "/etc/systemd/system/");
	assert_warned(*state, "[File /home/*/.ssh/*]\nSet=*\n", "File /home/*/.ssh/*",
		      "authorized_keys");
	assert_warned(*state, "[File /etc/c*n.d*ly/*x?]\nSet=*\n", "File /etc/c*n.d*ly/*x?",
		      "cron");
	/* a section that spells the path takes it away from the wildcard, and only that one */
	assert_warned(*state, "[File /etc/sudo*]\nSet=*\n[File /etc/sudoers.d/x]\n",
		      "File /etc/sudo*", "/etc/sudoers");
	assert_harmless(*state, "[File /etc/sudo*]\nSet=*\n[File /etc/sudoers]\n");
}

static void test_wildcards_that_reach_none_are_harmless(void **state)
{
	assert_harmless(*state, "[File /etc/host*]\nSet=**\n");
	assert_harmless(*state, "[File /etc/sudoers?]\nSet=**\n");
	assert_harmless(*state, "[File /etc/chrony/*/*]\nSet=**\n");
	assert_harmless(*state, "[File /srv/*/*/*]\nSet=**\nCreate=0644 root:root\n");
	assert_harmless(*state, "[File /etc/systemd/*.conf]\nSet=**\n");
	assert_harmless(*state, "[File /home/*/*/*]\nSet=**\n"); /* no wildcard is a leading dot */
	assert_harmless(*state, "[File /root/*]\nSet=**\n");
	assert_harmless(*state, "[File /root/?bashrc]\nSet=**\n");
}

static void test_values_that_are_bounded_are_harmless(void **state)
{
	assert_harmless(*state, "[File /etc/default/ssh]\nSet=MAX\nValue=MAX [0-9]+\n");
	assert_harmless(*state, "[File /etc/default/ssh]\nSet=*\nInsert=A\nValue=* \"?[a-z]*\"?\n");
	assert_harmless(*state, "[File /etc/crontab]\nSet=entry/time/*\n"
				"Value=entry/time/* [0-9*,/-]+\n");
	assert_harmless(*state, "[File /etc/passwd]\nSet=al/shell\n"
				"Value=al/shell /bin/(ba)?sh|/usr/sbin/nologin\n");
	assert_harmless(*state, "[File /etc/apt/sources.list]\nSet=*/uri\n"
				"Value=*/uri https://deb\\.debian\\.org/.*\n");
	assert_harmless(*state, "[File /etc/systemd/system/x.service]\nSet=Service/Nice/value\n"
				"Value=** -?[0-9]+\n");
	assert_harmless(*state, "[File /srv/x]\nLens=Simplelines.lns\nSet=*\nValue=* [a-z]+\n");
}

static void test_values_that_leave_a_way_are_warned_of(void **state)
{
	const char *ssh = "File /etc/default/ssh", *words = "$(...)";

	assert_warned(*state, "[File /etc/default/ssh]\nSet=A B\nValue=A [0-9]+\n", ssh, words);
	assert_warned(*state, "[File /etc/default/ssh]\nSet=*\nValue=A [0-9]+\n", ssh, words);
	assert_warned(*state, "[File /etc/default/ssh]\nSet=**\nValue=* [0-9]+\n", ssh, words);
	assert_warned(*state, "[File /etc/default/ssh]\nSet=A\nValue=A .*\n", ssh, words);
	assert_warned(*state, "[File /etc/default/ssh]\nSet=A\nValue=A \"[^\"]*\"\n", ssh, words);
	assert_warned(*state, "[File /etc/default/ssh]\nSet=A\nValue=A [^$]*\n", ssh, words);
	assert_warned(*state, "[File /etc/default/ssh]\nSet=A*\nValue=A? [0-9]+\nDeny=AA\n", ssh,
		      words);
	assert_warned(*state, "[File /etc/crontab]\nInsert=entry\nValue=entry/time/* [0-9]+\n",
		      "File /etc/crontab", "commands");
}

static void test_sources_may_not_be_of_any_host(void **state)
{
	assert_warned(*state,
		      "[File /etc/apt/sources.list]\nSet=*/uri\nValue=*/uri https?://[a-z0-9./]+\n",
		      "File /etc/apt/sources.list", "where packages come from");
}

static void test_lenses_of_shell_and_of_free_lines_are_warned_of_anywhere(void **state)
{
	const char *file = "File /srv/x";

	assert_warned(*state, "[File /srv/x]\nLens=Shellvars.lns\nSet=A\n", file, "$(...)");
	assert_warned(*state, "[File /srv/x]\nLens=Shellvars_list.lns\nInsert=A\n", file, "$(...)");
	assert_warned(*state, "[File /srv/x]\nLens=Simplelines.lns\nInsert=*\n", file, "a line");
	assert_harmless(*state, "[File /srv/x]\nLens=Shellvars.lns\nRemove=*\nDelete=yes\n");
	assert_harmless(*state, "[File /srv/x]\nLens=Hosts.lns\nSet=**\n");
	assert_harmless(*state, "[File /srv/x]\nSet=**\n");
}

static void test_to_take_away_from_who_may_do_what_is_warned_of(void **state)
{
	assert_warned(*state, "[File /etc/pam.d/su]\nRemove=*\n", "File /etc/pam.d/su", "let in");
	assert_warned(*state, "[File /etc/sudoers.d/*]\nCreate=0440 root:root\n",
		      "File /etc/sudoers.d/*", "as root");
	assert_warned(*state, "[File /etc/pam.d/x]\nDelete=yes\n", "File /etc/pam.d/x", "let in");
	assert_harmless(*state, "[File /etc/crontab]\nRemove=entry\n");
	assert_harmless(*state, "[File /etc/cron.d/*]\nDelete=yes\n");
}

static void test_nodes_that_name_commands_are_warned_of_and_others_are_not(void **state)
{
	static const char *const commands[] = {
		"AuthorizedKeysCommand", "Author*",      "AuthorizedKeysFile", "Include",
		"Subsystem/sftp",        "ForceCommand", "Match/**",           "**"
	};
	static const char *const others[] = { "Port",       "PermitRootLogin", "Subsystem",
					      "AllowUsers", "*/*/User",        "Match" };

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		scoped_ptr char *text = NULL;

		assert_true(asprintf(&text, "[File /etc/ssh/sshd_config]\nSet=%s\n", commands[i]) >
			    0);
		assert_warned(*state, text, "File /etc/ssh/sshd_config", "every login");
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		scoped_ptr char *text = NULL;

		assert_true(asprintf(&text, "[File /etc/ssh/sshd_config]\nSet=%s\n", others[i]) >
			    0);
		assert_harmless(*state, text);
	}
	assert_harmless(*state, "[File /etc/ssh/sshd_config]\nSet=Subsystem/sftp\n"
				"Value=Subsystem/sftp internal-sftp\n");
	assert_harmless(*state, "[File /etc/sysctl.d/x.conf]\nSet=net.* vm.swappiness\n");
	assert_harmless(*state, "[File /etc/network/interfaces]\nSet=iface/address\n");
}

static void test_services_that_are_all_are_warned_of(void **state)
{
	assert_warned(*state, "[Service *.service]\nAllow=status restart\n", "Service *.service",
		      "debug-shell.service");
	assert_warned(*state, "[Service d*.service]\nAllow=enable\n", "Service d*.service",
		      "debug-shell.service");
	assert_warned(*state, "[Service *.service]\nAllow=start\n[Service debug-shell.service]\n",
		      "Service *.service", "every service");
	assert_harmless(*state, "[Service *.service]\nAllow=status stop try_restart reload\n");
	assert_harmless(*state, "[Service php-fpm@*.service]\nAllow=start restart enable\n");
	assert_harmless(*state, "[Service ssh.service]\nAllow=start\n[Log *.service]\n");
	assert_harmless(*state, "[Service *.timer]\nAllow=start\n");
}

static void test_packages_that_are_all_are_warned_of(void **state)
{
	assert_warned(*state, "[Package *]\nAllow=install\n", "Package *", "install every");
	assert_warned(*state, "[Package *]\nAllow=upgrade\n", "Package *", "upgrade all");
	assert_harmless(*state, "[Package *]\nAllow=status update remove\n");
	assert_harmless(*state, "[Package libapache2-mod-*]\nAllow=install upgrade\n");
	assert_harmless(*state, "[Package apache2]\nAllow=install upgrade update\n");
}

static void test_the_rest_of_a_policy_is_harmless(void **state)
{
	assert_harmless(*state,
			"[Session]\nTimeout=9s\n[System]\nAllow=timezone hostname locale\n");
	assert_harmless(*state, "[File /etc/hosts]\nSet=**\nInsert=**\nRemove=**\n");
	assert_harmless(*state, "[File /etc/hostname]\nSet=**\nCreate=0644 root:root\n");
}

static void test_a_pattern_deeper_than_any_node_is_read_to_its_bound(void **state)
{
	scoped_ptr char *deep = unit_repeat('/', 1500), *text = NULL;

	for (size_t i = 0; i < strlen(deep); i += 2)
		deep[i] = 'a';
	deep[strlen(deep) - 1] = 'b';
	assert_true(asprintf(&text, "[File /etc/default/x]\nSet=%s\n", deep) > 0);
	assert_warned(*state, text, "File /etc/default/x", "$(...)");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, policy_setup, policy_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_each_file_of_the_table_is_warned_of_when_anything_may_be_set),
		TEST(test_none_is_warned_of_when_it_may_only_be_read),
		TEST(test_the_examples_are_harmless),
		TEST(test_each_file_of_the_table_is_in_the_manual_and_no_other),
		TEST(test_wildcards_that_reach_such_a_file_are_warned_of),
		TEST(test_wildcards_that_reach_none_are_harmless),
		TEST(test_values_that_are_bounded_are_harmless),
		TEST(test_values_that_leave_a_way_are_warned_of),
		TEST(test_sources_may_not_be_of_any_host),
		TEST(test_lenses_of_shell_and_of_free_lines_are_warned_of_anywhere),
		TEST(test_to_take_away_from_who_may_do_what_is_warned_of),
		TEST(test_nodes_that_name_commands_are_warned_of_and_others_are_not),
		TEST(test_services_that_are_all_are_warned_of),
		TEST(test_packages_that_are_all_are_warned_of),
		TEST(test_the_rest_of_a_policy_is_harmless),
		TEST(test_a_pattern_deeper_than_any_node_is_read_to_its_bound),
	};

	if (geteuid() != 0)
		return unit_skip("a policy directory must be owned by root");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
