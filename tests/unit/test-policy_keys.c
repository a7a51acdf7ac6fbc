/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/policy_keys.c and policy_file_keys.c: what each section and
 * key means, and the very words with which everything else is refused.
 */
#include "policy_fixture.h"

#include <errno.h>
#include <string.h>

static void test_every_key_arrives_in_its_place(void **state)
{
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(*state, "[Session]\n"
					  "User=nobody\n"
					  "Timeout=5min\n"
					  "[File /etc/ssh/sshd_config]\n"
					  "Lens=Sshd.lns\n"
					  "Set=Port PermitRootLogin\n"
					  "Insert=AcceptEnv\n"
					  "Remove=AcceptEnv\n"
					  "Deny=Match\n"
					  "Value=Port [0-9]{1,5}\n"
					  "Create=0640 nobody:root\n"
					  "Delete=yes\n"
					  "[Service ssh.service]\n"
					  "Allow=status restart\n");
	const struct policy_file *file = &policy->files[0];

	assert_string_equal(policy->user, "nobody");
	assert_int_equal(policy->timeout_ms, 300000);
	assert_int_equal(policy->file_count, 1);
	assert_string_equal(file->path, "/etc/ssh/sshd_config");
	assert_string_equal(file->lens, "Sshd.lns");
	assert_int_equal(file->rights[RIGHT_SET].count, 2);
	assert_string_equal(file->rights[RIGHT_SET].item[1], "PermitRootLogin");
	assert_string_equal(file->rights[RIGHT_INSERT].item[0], "AcceptEnv");
	assert_string_equal(file->rights[RIGHT_REMOVE].item[0], "AcceptEnv");
	assert_string_equal(file->rights[RIGHT_DENY].item[0], "Match");
	assert_string_equal(file->values[0].pattern, "Port");
	assert_string_equal(file->values[0].ere, "[0-9]{1,5}");
	assert_true(file->may_create && file->may_delete);
	assert_int_equal(file->create_mode, 0640);
	assert_int_equal(file->create_uid, 65534);
	assert_int_equal(file->create_gid, 0);
	assert_int_equal(policy->services[0].verbs, 1u << SERVICE_STATUS | 1u << SERVICE_RESTART);
}

static void test_times_are_understood_with_and_without_units(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} times[] = {
		{ "[Session]\nTimeout=1\n", 1000 },
		{ "[Session]\nTimeout=1s\n", 1000 },
		{ "[Session]\nTimeout=030s\n", 30000 },
		{ "[Session]\nTimeout=60min\n", 3600000 },
		{ "[Session]\nTimeout=1h\n", 3600000 },
		{ "[Session]\nTimeout=3600\n", 3600000 },
		{ "[Session]\nTimeout=30s\nTimeout=30\n", 30000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		scoped(policy_freep) struct policy *policy =
			assert_text_taken(*state, times[i].text);

		assert_int_equal(policy->timeout_ms, times[i].ms);
	}
}

static void test_unknown_sections_are_refused(void **state)
{
	static const char *const headers[] = { "Foo", "file", "Files", "Package", "System", "" };

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		char text[64], expected[128];

		snprintf(text, sizeof(text), "[%s]\nX=1\n", headers[i]);
		snprintf(expected, sizeof(expected),
			 "a.conf:1: unknown section [%s]; there are [Session], [File PATH] and "
			 "[Service UNIT]\n",
			 headers[i]);
		assert_text_refused(*state, text, expected);
	}
}

static void test_a_key_of_another_section_is_refused(void **state)
{
	assert_text_refused(*state, "[Session]\nLens=Hosts.lns\n",
			    "a.conf:2: unknown key Lens=; this section has User= Timeout=\n");
	assert_text_refused(*state, "[Service a.service]\nUser=nobody\n",
			    "a.conf:2: unknown key User=; this section has Allow=\n");
}

static void test_what_a_message_quotes_is_bounded_and_on_one_line(void **state)
{
	scoped_ptr char *word = unit_repeat('x', 4000), *text = NULL;
	struct policy *policy = NULL;
	scoped_ptr char *logged = NULL;

	assert_true(asprintf(&text, "[Service a.service]\nAllow=%s\n", word) > 0);
	policy_write(*state, "a.conf", text);
	logged = policy_read_logged(*state, -EINVAL, &policy);
	assert_true(strlen(logged) < 300);
	assert_ptr_equal(strchr(logged, '\n'), logged + strlen(logged) - 1);
}

static void test_times_that_are_none_are_refused(void **state)
{
	static const char *const times[] = {
		"0",
		"0s",
		"-1",
		"+1",
		"3601",
		"61min",
		"2h",
		"1.5s",
		"1 s",
		"30S",
		"30sec",
		"1ms",
		"0x10",
		"s",
		"18446744073709551617",
		"4294967297s",
		"99999999999999999999h",
		"71582789min",
		"1e3",
		"infinity",
		"30s x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		char text[128], expected[256];

		snprintf(text, sizeof(text), "[Session]\nTimeout=%s\n", times[i]);
		snprintf(expected, sizeof(expected),
			 "a.conf:2: Timeout='%s' is no time between 1s and 1h; write it as 30s or "
			 "5min\n",
			 times[i]);
		assert_text_refused(*state, text, expected);
	}
	assert_text_refused(*state, "[Session]\nTimeout=30s\nTimeout=31s\n",
			    "a.conf:3: Timeout='31s' differs from an earlier Timeout=; give one\n");
}

static void test_users_that_may_not_be_paired_are_refused(void **state)
{
	assert_text_refused(*state, "[Session]\nUser=root\n",
			    "a.conf:2: User='root' has uid 0; name an unprivileged user\n");
	assert_text_refused(*state, "[Session]\nUser=no-such-user\n",
			    "a.conf:2: User='no-such-user' is not known here; create the user "
			    "first\n");
	assert_text_refused(*state, "[Session]\nUser=two users\n",
			    "a.conf:2: User='two users' is no user's name; write one as in "
			    "/etc/passwd\n");
	assert_text_refused(
		*state, "[Session]\nUser=nobody\nUser=daemon\n",
		"a.conf:3: User='daemon' after User=nobody; one policy pairs one user\n");
}

static void test_paths_in_another_form_are_refused(void **state)
{
	assert_text_refused(*state, "[File etc/hosts]\n",
			    "a.conf:1: [File etc/hosts] is not absolute; it must begin with '/'\n");
	assert_text_refused(
		*state, "[File /etc/../passwd]\nSett=x\n",
		"a.conf:1: [File /etc/../passwd] is not in its simplest form; no empty "
		"component, '.', '..' or '/' at the end\n"
		"a.conf:2: unknown key Sett=; this section has Lens= Set= Insert= Remove= "
		"Deny= Value= Create= Delete=\n");
	assert_text_refused(
		*state, "[File /etc//hosts]\n[File /etc/]\n[File /etc/a\\*]\n",
		"a.conf:1: [File /etc//hosts] is not in its simplest form; no empty "
		"component, '.', '..' or '/' at the end\n"
		"a.conf:2: [File /etc/] is not in its simplest form; no empty "
		"component, '.', '..' or '/' at the end\n"
		"a.conf:3: [File /etc/a\\x5c*] holds a backslash; nothing is escaped in "
		"a path\n");
}

static void test_lenses_that_are_none_or_differ_are_refused(void **state)
{
	assert_text_refused(*state, "[File /a]\nLens=hosts\n",
			    "a.conf:2: Lens='hosts' is no lens; it is written Module.name, as in "
			    "Sshd.lns\n");
	policy_write(*state, "b.conf", "[File /a]\nLens=Sshd.lns\n");
	assert_text_refused(
		*state, "[File /a]\nLens=Hosts.lns\n",
		"b.conf:2: Lens='Sshd.lns' after Lens=Hosts.lns; a file has one lens\n");
}

static void test_node_patterns_that_name_nothing_are_refused(void **state)
{
	assert_text_refused(
		*state, "[File /a]\nSet=good Match[1] a** ../b\n",
		"a.conf:2: Set='Match[1]' has a position; a pattern means all nodes of a "
		"label (a '[' of the label itself takes a backslash before it)\n"
		"a.conf:2: Set='a**' has '**' beside other characters; it stands alone "
		"between two '/'\n"
		"a.conf:2: Set='../b' has '.' or '..' for a label; a pattern goes down "
		"only\n");
	assert_text_refused(*state, "[File /a]\nDeny=x\\\n",
			    "a.conf:2: Deny='x\\x5c' ends with a backslash; it must be followed by "
			    "the character that it protects\n");
}

static void test_value_rules_without_a_usable_regex_are_refused(void **state)
{
	assert_text_refused(*state, "[File /a]\nValue=Port\n",
			    "a.conf:2: Value='Port' has no regular expression; write Value=PATTERN "
			    "ERE\n");
	assert_text_refused(
		*state, "[File /a]\nValue=/Port x\n",
		"a.conf:2: Value='/Port' has an empty label; labels are separated by one "
		"'/', with none at the beginning or the end\n");
	assert_text_refused(
		*state, "[File /a]\nValue=Port [0-9\n",
		"a.conf:2: Value=Port: '[0-9' is no regular expression that can be used: "
		"Unmatched [, [^, [:, [., or [=\n");
	assert_text_refused(
		*state, "[File /a]\nValue=Port a)|(b\n",
		"a.conf:2: Value=Port: 'a)|(b' is no regular expression that can be used: "
		"Unmatched ( or \\x5c(\n");
	assert_text_refused(
		*state, "[File /a]\nValue=Port (a)\\1\n",
		"a.conf:2: Value=Port: '(a)\\x5c1' is no regular expression that can be "
		"used: Invalid back reference\n");
}

static void test_create_that_cannot_be_done_is_refused(void **state)
{
	static const struct {
		const char *value;
		const char *expected;
	} creates[] = {
		{ "0644", "Create= is MODE OWNER:GROUP, as in 0644 root:root" },
		{ "0644 root", "Create= is MODE OWNER:GROUP, as in 0644 root:root" },
		{ "0644 root:root x", "Create= is MODE OWNER:GROUP, as in 0644 root:root" },
		{ "root:root 0644", "Create= is MODE OWNER:GROUP, as in 0644 root:root" },
		{ "4755 root:root",
		  "Create='4755' is no mode; write it as in 0644, without set-id bits" },
		{ "00644 root:root",
		  "Create='00644' is no mode; write it as in 0644, without set-id bits" },
		{ "0648 root:root",
		  "Create='0648' is no mode; write it as in 0644, without set-id bits" },
		{ "u=rw root:root",
		  "Create='u=rw' is no mode; write it as in 0644, without set-id bits" },
		{ "64 root:root",
		  "Create='64' is no mode; write it as in 0644, without set-id bits" },
		{ "-644 root:root",
		  "Create='-644' is no mode; write it as in 0644, without set-id bits" },
		{ "0644 no-such:root", "Create= names the user 'no-such', who is not known here" },
		{ "0644 :root", "Create= names the user '', who is not known here" },
		{ "0644 4294967295:root",
		  "Create= names the user '4294967295', who is not known here" },
		{ "0644 -1:root", "Create= names the user '-1', who is not known here" },
		{ "0644 root:no-such",
		  "Create= names the group 'no-such', which is not known here" },
		{ "0644 root:", "Create= names the group '', which is not known here" },
		{ "0644 root:root:root",
		  "Create= names the group 'root:root', which is not known here" },
		{ "0644 root:root\nCreate=0600 root:root", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(creates); i++) {
		char text[128], expected[256];

		snprintf(text, sizeof(text), "[File /a]\nCreate=%s\n", creates[i].value);
		snprintf(expected, sizeof(expected), "a.conf:2: %s\n", creates[i].expected);
		assert_text_refused(*state, text,
				    creates[i].expected
					    ? expected
					    : "a.conf:3: Create= differs from an earlier "
					      "one of this file; give one\n");
	}
}

static void test_delete_that_is_unclear_is_refused(void **state)
{
	assert_text_refused(*state, "[File /a]\nDelete=true\n",
			    "a.conf:2: Delete='true' is neither yes nor no\n");
	assert_text_refused(*state, "[File /a]\nDelete=no\nDelete=yes\n",
			    "a.conf:3: Delete=yes after Delete=no; give one\n");
	assert_text_refused(*state, "[File /a]\nDelete=yes\nDelete=no\n",
			    "a.conf:3: Delete=no after Delete=yes; give one\n");
}

static void test_units_and_verbs_that_do_not_exist_are_refused(void **state)
{
	assert_text_refused(*state, "[Service ssh]\n",
			    "a.conf:1: [Service ssh] lacks the suffix of its type; write it as in "
			    "ssh.service\n");
	assert_text_refused(*state, "[Service -H.service]\n",
			    "a.conf:1: [Service -H.service] begins with '-'; no unit that may be "
			    "named here does\n");
	assert_text_refused(*state, "[Service a b.service]\n",
			    "a.conf:1: [Service a b.service] has a character that no unit has; "
			    "allowed are letters, digits, :-_.@ and the backslash\n");
	assert_text_refused(
		*state, "[Service a.service]\nAllow=start kill Stop *\n",
		"a.conf:2: Allow='kill' is no verb; there are status start stop restart "
		"reload\n"
		"a.conf:2: Allow='Stop' is no verb; there are status start stop restart "
		"reload\n"
		"a.conf:2: Allow='*' is no verb; there are status start stop restart "
		"reload\n");
}

static void test_more_sections_or_patterns_than_the_bounds_are_refused(void **state)
{
	scoped_ptr char *path = unit_path(*state, "a.conf");
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	for (int i = 0; i <= POLICY_FILES_MAX; i++)
		fprintf(file, "[File /%d]\n", i);
	fprintf(file, "Set=passed-over\n[File /1]\n");
	for (int i = 0; i <= POLICY_ITEMS_MAX; i++)
		fprintf(file, "Set=x\nValue=x y\n");
	for (int i = 0; i <= POLICY_SERVICES_MAX; i++)
		fprintf(file, "[Service %d.service]\n", i);
	assert_int_equal(fclose(file), 0);
	assert_policy_refused(*state,
			      "a.conf:4097: more than 4096 [File] sections; use wildcards\n"
			      "a.conf:6148: more than 1024 patterns of Set= in one section; use "
			      "wildcards\n"
			      "a.conf:6149: more than 1024 Value= in one section; use wildcards\n"
			      "a.conf:10246: more than 4096 [Service] sections; use wildcards\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, policy_setup, policy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_key_arrives_in_its_place),
		TEST(test_times_are_understood_with_and_without_units),
		TEST(test_unknown_sections_are_refused),
		TEST(test_a_key_of_another_section_is_refused),
		TEST(test_what_a_message_quotes_is_bounded_and_on_one_line),
		TEST(test_times_that_are_none_are_refused),
		TEST(test_users_that_may_not_be_paired_are_refused),
		TEST(test_paths_in_another_form_are_refused),
		TEST(test_lenses_that_are_none_or_differ_are_refused),
		TEST(test_node_patterns_that_name_nothing_are_refused),
		TEST(test_value_rules_without_a_usable_regex_are_refused),
		TEST(test_create_that_cannot_be_done_is_refused),
		TEST(test_delete_that_is_unclear_is_refused),
		TEST(test_units_and_verbs_that_do_not_exist_are_refused),
		TEST(test_more_sections_or_patterns_than_the_bounds_are_refused),
	};

	if (geteuid() != 0)
		return unit_skip("a policy is read only from files of root's; not run as root");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
