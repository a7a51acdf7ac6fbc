/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/policy/policy_print.c: what is printed says the same when it is read again. */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "monitor/policy/policy_read.h"

static char *print(const struct policy *policy)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	policy_print(out, policy);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Reads the text as the only file of a policy, and prints that. */
static char *read_and_print(const char *text)
{
	scoped(policy_freep) struct policy *policy = NULL;
	char *directory = unit_directory_make();
	scoped_ptr char *path = unit_path(directory, "a.conf");

	unit_file_write(path, text);
	assert_int_equal(policy_read(directory, &policy), 0);
	unit_directory_remove(directory);
	return print(policy);
}

static void test_the_defaults_are_printed(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped_ptr char *text = print(policy);

	(void)state;
	assert_string_equal(text, "[Session]\nTimeout=30s\nServiceManager=auto\n"
				  "\n[History]\nKeep=500\nMaxSize=102400K\n");
}

static void test_the_effective_policy_is_printed_key_by_key(void **state)
{
	scoped_ptr char *text = read_and_print("# comment\n"
					       "[Service ssh.service]\n"
					       "Allow=restart status status\n"
					       "[File /etc/hosts]\n"
					       "Set=*/canonical   */alias ; the names\n"
					       "[Session]\n"
					       "User=nobody\n"
					       "Timeout=5min\n"
					       "ServiceManager=initd\n"
					       "Audit=journal\n"
					       "[File /etc/apt/*.list]\n"
					       "MakeDirs=755 root:root\n"
					       "Create=644 root:0\n"
					       "Delete=yes\n"
					       "[File /etc/hosts]\n"
					       "Lens=Hosts.lns\n"
					       "Deny=#comment\n"
					       "Secret=*/password  key\n"
					       "Check=/bin/a  -t 'b c'\n"
					       "OtherLens=yes\n"
					       "Value=*/canonical [a-z.]+ +x\n"
					       "[Service *.timer]\n"
					       "[System]\n"
					       "Allow=locale timezone\n"
					       "[Package openssh-*]\n"
					       "Allow=upgrade install\n"
					       "Timeout=30min\n"
					       "[Log ssh.service]\n"
					       "[Service ssh.service]\n"
					       "Allow=try_restart\n"
					       "Timeout=2min\n"
					       "[Log *.timer]\n"
					       "Lines=10\n"
					       "[History]\n"
					       "MaxSize=2M\n"
					       "Record=no\n"
					       "MaxAge=1d\n"
					       "Keep=7\n");

	(void)state;
	assert_string_equal(text, "[Session]\n"
				  "User=nobody\n"
				  "Timeout=300s\n"
				  "ServiceManager=initd\n"
				  "Audit=journal\n"
				  "\n"
				  "[File /etc/hosts]\n"
				  "Lens=Hosts.lns\n"
				  "Set=*/canonical\n"
				  "Set=*/alias\n"
				  "Deny=#comment\n"
				  "Secret=*/password\n"
				  "Secret=key\n"
				  "Value=*/canonical [a-z.]+ +x\n"
				  "OtherLens=yes\n"
				  "Check=/bin/a  -t 'b c'\n"
				  "\n"
				  "[File /etc/apt/*.list]\n"
				  "Create=0644 root:0\n"
				  "MakeDirs=0755 root:root\n"
				  "Delete=yes\n"
				  "\n"
				  "[Service ssh.service]\n"
				  "Allow=status restart try_restart\n"
				  "Timeout=120s\n"
				  "\n"
				  "[Service *.timer]\n"
				  "\n"
				  "[Log ssh.service]\n"
				  "Lines=200\n"
				  "\n"
				  "[Log *.timer]\n"
				  "Lines=10\n"
				  "\n"
				  "[Package openssh-*]\n"
				  "Allow=install upgrade\n"
				  "Timeout=1800s\n"
				  "\n"
				  "[System]\n"
				  "Allow=timezone locale\n"
				  "\n"
				  "[History]\n"
				  "Record=no\n"
				  "Keep=7\n"
				  "MaxAge=1440min\n"
				  "MaxSize=2048K\n");
}

/* What a policy file could name must be there; so it is made up here. */
static void test_directories_of_lenses_are_printed_in_their_order(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped_ptr char *text = NULL;

	(void)state;
	assert_int_equal(policy_list_add(&policy->lens_dirs, "/srv/b"), 0);
	assert_int_equal(policy_list_add(&policy->lens_dirs, "/srv/a"), 0);
	text = print(policy);
	assert_non_null(strstr(text, "auto\nLenses=/srv/b\nLenses=/srv/a\n\n[History]"));
}

static void test_what_was_printed_reads_and_prints_the_same(void **state)
{
	scoped_ptr char *first = read_and_print("[Session]\n"
						"User=nobody\n"
						"Timeout=1h\n"
						"[File /etc/my file]\n"
						"Set=a\\ b \\;x a\\/b #c ** x\\\\\n"
						"Insert=a=b \\[\\ \n"
						"[File /etc/x]\n"
						"Insert=\\[1\\]\n"
						"Value=a\\ b  [^;]+ \\;[[:alpha:]]*\\ \n"
						"Value=p =x\n"
						"Create=0600 nobody:root\n"
						"MakeDirs=0700 nobody:root\n"
						"[Service systemd-fsck@dev\\x2d1.service]\n"
						"Allow=start stop\n"
						"[Service a@*.service]\n"
						"Allow=status start stop restart try_restart "
						"reload reload_or_restart enable disable mask "
						"unmask reset_failed\n"
						"Timeout=1s\n"
						"[Log ?.service]\n"
						"[History]\nMaxAge=3h\nMaxSize=1G\nKeep=1\n"
						"[Package g++]\n"
						"Allow=status install remove update upgrade\n"
						"[Package *]\n"
						"[System]\n");
	scoped_ptr char *second = read_and_print(first);

	(void)state;
	assert_string_equal(first, second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_defaults_are_printed),
		cmocka_unit_test(test_the_effective_policy_is_printed_key_by_key),
		cmocka_unit_test(test_directories_of_lenses_are_printed_in_their_order),
		cmocka_unit_test(test_what_was_printed_reads_and_prints_the_same),
	};

	if (geteuid() != 0)
		return unit_skip("a policy is read only from files of root's; not run as root");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
