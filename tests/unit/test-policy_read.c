/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/policy/policy_read.c: how lines are cut, which files are believed,
 * and the very words with which the others are refused.
 */
#include "policy_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static void set_mode(const char *directory, const char *name, mode_t mode)
{
	scoped_ptr char *path = unit_path(directory, name);

	assert_int_equal(chmod(path, mode), 0);
}

static void test_comments_blanks_and_escapes_are_cut_as_described(void **state)
{
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(*state, "# comment\n"
					  "; comment\n"
					  "  \t # comment\n"
					  "\n"
					  "  [File   /etc/my file ]   ; the file\n"
					  "\t Set =  Port \t#comment\t a\\ b ; and more\n"
					  "Insert=\\;x y;z a\\  ;\n"
					  "Value=Port  [0-9 ]+ \\;x#y  \t; a comment\n"
					  "Deny=last");
	const struct policy_file *file = &policy->files[0];

	assert_string_equal(file->path, "/etc/my file");
	assert_int_equal(file->rights[RIGHT_SET].count, 3);
	assert_string_equal(file->rights[RIGHT_SET].item[0], "Port");
	assert_string_equal(file->rights[RIGHT_SET].item[1], "#comment");
	assert_string_equal(file->rights[RIGHT_SET].item[2], "a\\ b");
	assert_int_equal(file->rights[RIGHT_INSERT].count, 3);
	assert_string_equal(file->rights[RIGHT_INSERT].item[0], "\\;x");
	assert_string_equal(file->rights[RIGHT_INSERT].item[1], "y;z");
	assert_string_equal(file->rights[RIGHT_INSERT].item[2], "a\\ ");
	assert_string_equal(file->values[0].ere, "[0-9 ]+ \\;x#y");
	assert_string_equal(file->rights[RIGHT_DENY].item[0], "last");
}

static void test_sections_merge_across_files_in_byte_order(void **state)
{
	scoped(policy_freep) struct policy *policy = NULL;

	policy_write(*state, "b.conf",
		     "[File /etc/hosts]\nSet=b\n[Service a.service]\nAllow=stop\n");
	policy_write(*state, "a.conf", "[File /etc/hosts]\nSet=a\nLens=Hosts.lns\nDelete=no\n");
	policy_write(*state, "Z.conf", "[File /etc/*]\n[File /etc/hosts]\nSet=Z\n");
	policy_write(*state, "\xc3\xa9.conf",
		     "[File /etc/hosts]\nLens=Hosts.lns\nDelete=no\n"
		     "[Service a.service]\nAllow=start\n");
	policy = assert_policy_taken(*state);
	assert_int_equal(policy->file_count, 2);
	assert_string_equal(policy->files[0].path, "/etc/*");
	assert_int_equal(policy->files[1].rights[RIGHT_SET].count, 3);
	assert_string_equal(policy->files[1].rights[RIGHT_SET].item[0], "Z");
	assert_string_equal(policy->files[1].rights[RIGHT_SET].item[1], "a");
	assert_string_equal(policy->files[1].rights[RIGHT_SET].item[2], "b");
	assert_int_equal(policy->service_count, 1);
	assert_int_equal(policy->services[0].verbs, 1u << SERVICE_STOP | 1u << SERVICE_START);
}

static void test_files_that_are_not_named_conf_are_not_read(void **state)
{
	scoped(policy_freep) struct policy *policy = NULL;

	policy_write(*state, "README", "nonsense\n");
	policy_write(*state, "a.conf~", "nonsense\n");
	policy_write(*state, "a.conf.dpkg-old", "nonsense\n");
	policy_write(*state, ".a.conf", "nonsense\n");
	policy_write(*state, ".conf", "nonsense\n");
	policy_write(*state, "a.CONF", "nonsense\n");
	policy_write(*state, "ok.conf", "[File /a]\n");
	policy = assert_policy_taken(*state);
	assert_int_equal(policy->file_count, 1);
}

static void test_an_empty_directory_allows_nothing_and_says_so(void **state)
{
	scoped(policy_freep) struct policy *policy = NULL;
	scoped_ptr char *logged = policy_read_logged(*state, 0, &policy);

	assert_non_null(strstr(logged, "holds no file NAME.conf, so that nothing is allowed\n"));
	assert_int_equal(policy->file_count, 0);
	assert_int_equal(policy->service_count, 0);
}

static void test_all_mistakes_of_all_files_are_shown_in_one_run(void **state)
{
	policy_write(*state, "b.conf", "[File /etc/hosts]\nSett=x\nSet=/x\n\n[Foo]\nIgnored=yes\n");
	policy_write(*state, "a.conf", "User=nobody\n[Session]\nTimeout=never\n");
	assert_policy_refused(
		*state,
		"a.conf:1: User= stands before any section; begin one, as with [Session] "
		"or [File PATH]\n"
		"a.conf:3: Timeout='never' is no time between 1s and 1h; write it as 30s or "
		"5min\n"
		"b.conf:2: unknown key Sett=; this section has " FILE_KEYS
		"b.conf:3: Set='/x' has an empty label; labels are separated by one '/', with "
		"none at the beginning or the end\n"
		"b.conf:5: unknown section [Foo]; there are [Session], [File PATH], "
		"[Service UNIT], [Log UNIT], [Package NAME], [System] and [History]\n");
}

static void test_a_header_that_is_not_whole_is_refused(void **state)
{
	assert_text_refused(*state, "[File /etc/hosts\nSet=x\n",
			    "a.conf:1: a section's header must end with ']'\n");
	assert_text_refused(*state, "[File /etc/hosts] Set=x\n",
			    "a.conf:1: a section's header must end with ']'\n");
	assert_text_refused(*state, "[\n", "a.conf:1: a section's header must end with ']'\n");
	assert_text_refused(*state, "[File]\nSet=x\n",
			    "a.conf:1: [File ] names no file; write [File /PATH]\n");
	assert_text_refused(*state, "[Service  ]\n",
			    "a.conf:1: [Service ] names no unit; write it as in [Service "
			    "ssh.service]\n");
	assert_text_refused(*state, "[Session plinth]\n",
			    "a.conf:1: [Session 'plinth'] takes no name; write [Session]\n");
}

static void test_a_section_does_not_reach_into_the_next_file(void **state)
{
	policy_write(*state, "a.conf", "[File /etc/hosts]\n");
	policy_write(*state, "b.conf", "Set=x\n");
	assert_policy_refused(*state,
			      "b.conf:1: Set= stands before any section; begin one, as with "
			      "[Session] or [File PATH]\n");
}

static void test_lines_that_are_no_key_and_value_are_refused(void **state)
{
	assert_text_refused(*state, "[File /a]\nSet\n",
			    "a.conf:2: 'Set' is neither [SECTION] nor KEY=VALUE\n");
	assert_text_refused(*state, "[File /a]\n=x\n",
			    "a.conf:2: '=x' is neither [SECTION] nor KEY=VALUE\n");
	assert_text_refused(*state, "[File /a]\n  Port \\\n",
			    "a.conf:2: 'Port \\x5c' is neither [SECTION] nor KEY=VALUE\n");
	assert_text_refused(*state, "[File /a]\nSet=\n",
			    "a.conf:2: Set= has no value; leave the line out or complete it\n");
	assert_text_refused(*state, "[File /a]\nSet= ; all of it\n",
			    "a.conf:2: Set= has no value; leave the line out or complete it\n");
	assert_text_refused(*state, "[File /a]\nset=x\n",
			    "a.conf:2: unknown key set=; this section has " FILE_KEYS);
}

static void test_bytes_of_no_plain_text_are_refused_once_a_file(void **state)
{
	scoped_ptr char *path = unit_path(*state, "a.conf");
	static const char nul[] = "[File /a]\nSet=a\0b\nSet=\0\n";
	FILE *file;

	assert_text_refused(
		*state, "[File /a]\r\nSet=x\r\n",
		"a.conf:1: the line holds byte 0x0d; a policy is plain text with LF line "
		"ends\n");
	assert_text_refused(
		*state, "[File /a]\nSet=\x1b[31m\n",
		"a.conf:2: the line holds byte 0x1b; a policy is plain text with LF line "
		"ends\n");
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(nul, 1, sizeof(nul) - 1, file), sizeof(nul) - 1);
	assert_int_equal(fclose(file), 0);
	assert_policy_refused(*state,
			      "a.conf:2: the line holds byte 0x00; a policy is plain text with LF "
			      "line ends\n");
}

static void test_lines_and_files_over_their_bound_are_refused(void **state)
{
	scoped_ptr char *line = unit_repeat('x', 8193), *large = unit_repeat('\n', (1 << 20) + 1);
	scoped_ptr char *text = NULL;

	assert_true(asprintf(&text, "[File /a]\n%s\nSett=x\n", line) > 0);
	assert_text_refused(*state, text,
			    "a.conf:2: the line is longer than 8192 bytes; repeat the key on "
			    "another\n"
			    "a.conf:3: unknown key Sett=; this section has " FILE_KEYS);
	assert_text_refused(*state, large, "a.conf: is larger than 1 MiB; split it\n");
}

static void test_a_file_that_others_can_write_is_refused(void **state)
{
	static const mode_t modes[] = { 0664, 0646, 0622, 0666, 0602 };

	policy_write(*state, "a.conf", "[File /a]\n");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		set_mode(*state, "a.conf", modes[i]);
		assert_policy_refused(*state,
				      "a.conf: can be written by others than root; chmod go-w\n");
	}
}

static void test_a_file_of_another_owner_is_refused(void **state)
{
	scoped_ptr char *path = unit_path(*state, "a.conf");

	policy_write(*state, "a.conf", "[File /a]\n");
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_policy_refused(*state, "a.conf: is not owned by root; chown it\n");
}

static void test_a_symbolic_link_is_refused(void **state)
{
	scoped_ptr char *path = unit_path(*state, "a.conf");

	policy_write(*state, "target", "[File /a]\n");
	assert_int_equal(symlink("target", path), 0);
	assert_policy_refused(*state, "a.conf: is a symbolic link; put the file itself here\n");
}

static void test_what_is_no_regular_file_is_refused_without_waiting(void **state)
{
	scoped_ptr char *fifo = unit_path(*state, "fifo.conf"),
			*dir = unit_path(*state, "dir.conf");
	scoped_ptr char *device = unit_path(*state, "null.conf");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(mkdir(dir, 0755), 0);
	if (mknod(device, S_IFCHR | 0600, 0x103) == 0) {
		assert_policy_refused(*state, "dir.conf: is not a regular file\n"
					      "fifo.conf: is not a regular file\n"
					      "null.conf: is not a regular file\n");
		return;
	}
	assert_policy_refused(*state, "dir.conf: is not a regular file\n"
				      "fifo.conf: is not a regular file\n");
}

static void test_one_bad_file_does_not_hide_the_mistakes_of_the_next(void **state)
{
	policy_write(*state, "a.conf", "");
	set_mode(*state, "a.conf", 0666);
	policy_write(*state, "b.conf", "Set=x\n");
	assert_policy_refused(*state,
			      "a.conf: can be written by others than root; chmod go-w\n"
			      "b.conf:1: Set= stands before any section; begin one, as with "
			      "[Session] or [File PATH]\n");
}

static void assert_directory_refused(const char *directory, const char *expected)
{
	scoped_ptr char *line = NULL, *logged = NULL;
	struct policy *policy = NULL;

	assert_true(asprintf(&line, "%s: %s\n", directory, expected) > 0);
	logged = policy_read_logged(directory, -EINVAL, &policy);
	assert_string_equal(logged, line);
	assert_null(policy);
}

static void test_a_directory_that_others_can_write_is_refused(void **state)
{
	policy_write(*state, "a.conf", "[File /a]\n");
	assert_int_equal(chmod(*state, 0775), 0);
	assert_directory_refused(*state, "can be written by others than root; chmod go-w");
	assert_int_equal(chmod(*state, 01777), 0);
	assert_directory_refused(*state, "can be written by others than root; chmod go-w");
}

static void test_a_directory_of_another_owner_is_refused(void **state)
{
	assert_int_equal(chown(*state, 65534, 0), 0);
	assert_directory_refused(*state, "is not owned by root; chown it");
}

static void test_a_directory_that_is_none_is_named(void **state)
{
	scoped_ptr char *absent = unit_path(*state, "absent"), *file = unit_path(*state, "a.conf");
	scoped_ptr char *link = unit_path(*state, "link");

	assert_directory_refused(absent, "there is no such directory; make it, owned by root, with "
					 "mode 0755");
	policy_write(*state, "a.conf", "");
	assert_directory_refused(file, "is not a directory; a link to one will not do");
	assert_int_equal(symlink(".", link), 0);
	assert_directory_refused(link, "is not a directory; a link to one will not do");
}

static void test_no_descriptor_stays_open(void **state)
{
	size_t before = unit_open_descriptors();

	policy_write(*state, "a.conf", "[File /a]\n");
	policy_free(assert_policy_taken(*state));
	assert_text_refused(*state, "x\n", "a.conf:1: 'x' is neither [SECTION] nor KEY=VALUE\n");
	assert_int_equal(unit_open_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, policy_setup, policy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_comments_blanks_and_escapes_are_cut_as_described),
		TEST(test_sections_merge_across_files_in_byte_order),
		TEST(test_files_that_are_not_named_conf_are_not_read),
		TEST(test_an_empty_directory_allows_nothing_and_says_so),
		TEST(test_all_mistakes_of_all_files_are_shown_in_one_run),
		TEST(test_a_header_that_is_not_whole_is_refused),
		TEST(test_a_section_does_not_reach_into_the_next_file),
		TEST(test_lines_that_are_no_key_and_value_are_refused),
		TEST(test_bytes_of_no_plain_text_are_refused_once_a_file),
		TEST(test_lines_and_files_over_their_bound_are_refused),
		TEST(test_a_file_that_others_can_write_is_refused),
		TEST(test_a_file_of_another_owner_is_refused),
		TEST(test_a_symbolic_link_is_refused),
		TEST(test_what_is_no_regular_file_is_refused_without_waiting),
		TEST(test_one_bad_file_does_not_hide_the_mistakes_of_the_next),
		TEST(test_a_directory_that_others_can_write_is_refused),
		TEST(test_a_directory_of_another_owner_is_refused),
		TEST(test_a_directory_that_is_none_is_named),
		TEST(test_no_descriptor_stays_open),
	};

	if (geteuid() != 0)
		return unit_skip("a policy is read only from files of root's; not run as root");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
