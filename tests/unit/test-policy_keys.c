/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/policy/policy_keys.c, policy_file_keys.c and policy_allow_keys.c: what each
 * section and key means, and the very words with which everything else is refused.
 */
#include "policy_fixture.h"

#include <errno.h>
#include <string.h>

#include "common/layer.h"

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
					  "Allow=status restart\n"
					  "Timeout=2min\n"
					  "[Session]\n"
					  "ServiceManager=initd\n"
					  "[Log ssh.service]\n"
					  "Lines=50\n"
					  "[Package openssh-*]\n"
					  "Allow=status upgrade\n"
					  "Timeout=1h\n"
					  "[System]\n"
					  "Allow=hostname\n");
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
	assert_int_equal(policy->services[0].timeout_ms, 120000);
	assert_int_equal(policy->manager, MANAGER_INITD);
	assert_string_equal(policy->logs[0].unit, "ssh.service");
	assert_int_equal(policy->logs[0].lines, 50);
	assert_string_equal(policy->packages[0].name, "openssh-*");
	assert_int_equal(policy->packages[0].verbs, 1u << PACKAGE_STATUS | 1u << PACKAGE_UPGRADE);
	assert_int_equal(policy->packages[0].timeout_ms, 3600000);
	assert_true(policy->has_system);
	assert_int_equal(policy->system_items, 1u << SYSTEM_HOSTNAME);
}

/* Each word of each table, alone, gives its bit and no other. */
static void test_every_word_gives_its_own_right(void **state)
{
	char text[128];

	for (unsigned int verb = 0; service_verb_word(verb); verb++) {
		scoped(policy_freep) struct policy *policy = NULL;

		snprintf(text, sizeof(text), "[Service a.service]\nAllow=%s\n",
			 service_verb_word(verb));
		policy = assert_text_taken(*state, text);
		assert_int_equal(policy->services[0].verbs, 1u << verb);
	}
	for (unsigned int verb = 0; package_verb_word(verb); verb++) {
		scoped(policy_freep) struct policy *policy = NULL;

		snprintf(text, sizeof(text), "[Package aa]\nAllow=%s\n", package_verb_word(verb));
		policy = assert_text_taken(*state, text);
		assert_int_equal(policy->packages[0].verbs, 1u << verb);
	}
	for (unsigned int item = 0; system_item_word(item); item++) {
		scoped(policy_freep) struct policy *policy = NULL;

		snprintf(text, sizeof(text), "[System]\nAllow=%s\n", system_item_word(item));
		policy = assert_text_taken(*state, text);
		assert_int_equal(policy->system_items, 1u << item);
	}
	assert_int_equal(SERVICE_VERB_MAX, 12);
	assert_int_equal(PACKAGE_VERB_MAX, 5);
	assert_int_equal(SYSTEM_ITEM_MAX, 3);
}

static void test_sections_of_one_name_add_up_and_others_stay_apart(void **state)
{
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(*state, "[Package aa]\nAllow=status\nTimeout=60\n"
					  "[Package a?]\nAllow=remove\n"
					  "[Log a.service]\n"
					  "[Log b.service]\nLines=1\n"
					  "[Package aa]\nAllow=install\nTimeout=1min\n"
					  "[Log b.service]\nLines=1\n"
					  "[System]\nAllow=locale\n[System]\nAllow=timezone\n");

	assert_int_equal(policy->package_count, 2);
	assert_int_equal(policy->packages[0].verbs, 1u << PACKAGE_STATUS | 1u << PACKAGE_INSTALL);
	assert_int_equal(policy->packages[0].timeout_ms, 60000);
	assert_int_equal(policy->packages[1].verbs, 1u << PACKAGE_REMOVE);
	assert_int_equal(policy->packages[1].timeout_ms, 0);
	assert_int_equal(policy->log_count, 2);
	assert_int_equal(policy->logs[0].lines, 0);
	assert_int_equal(policy->logs[1].lines, 1);
	assert_int_equal(policy->system_items, 1u << SYSTEM_LOCALE | 1u << SYSTEM_TIMEZONE);
}

static void test_a_section_alone_gives_nothing_but_what_it_says(void **state)
{
	scoped(policy_freep) struct policy *none = assert_text_taken(*state, "[Session]\n");
	scoped(policy_freep) struct policy *bare =
		assert_text_taken(*state, "[System]\n[Service a.service]\n[Package aa]\n");

	assert_false(none->has_system);
	assert_int_equal(none->manager, MANAGER_AUTO);
	assert_true(bare->has_system);
	assert_int_equal(bare->system_items, 0);
	assert_int_equal(bare->services[0].verbs, 0);
	assert_int_equal(bare->packages[0].verbs, 0);
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
	static const char *const headers[] = { "Foo", "file", "Files", "Packages", "system", "" };

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		char text[64], expected[256];

		snprintf(text, sizeof(text), "[%s]\nX=1\n", headers[i]);
		snprintf(expected, sizeof(expected),
			 "a.conf:1: unknown section [%s]; there are [Session], [File PATH], "
			 "[Service UNIT], [Log UNIT], [Package NAME], [System] and [History]\n",
			 headers[i]);
		assert_text_refused(*state, text, expected);
	}
}

static void test_a_key_of_another_section_is_refused(void **state)
{
	assert_text_refused(*state, "[Session]\nLens=Hosts.lns\n",
			    "a.conf:2: unknown key Lens=; this section has User= Timeout= "
			    "ServiceManager= OptionalLayers= Audit= Lenses=\n");
	assert_text_refused(*state, "[Service a.service]\nUser=nobody\n",
			    "a.conf:2: unknown key User=; this section has Allow= Timeout=\n");
	assert_text_refused(*state, "[Service a.service]\nLines=9\n",
			    "a.conf:2: unknown key Lines=; this section has Allow= Timeout=\n");
	assert_text_refused(*state, "[Log a.service]\nAllow=status\n",
			    "a.conf:2: unknown key Allow=; this section has Lines=\n");
	assert_text_refused(*state, "[Package aa]\nUser=nobody\n",
			    "a.conf:2: unknown key User=; this section has Allow= Timeout=\n");
	assert_text_refused(*state, "[System]\nTimeout=9\n",
			    "a.conf:2: unknown key Timeout=; this section has Allow=\n");
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

	static const char *const sections[] = { "Session", "Service a.service", "Package aa" };
	char text[128], expected[256];

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(times); j++) {
			snprintf(text, sizeof(text), "[%s]\nTimeout=%s\n", sections[i], times[j]);
			snprintf(expected, sizeof(expected),
				 "a.conf:2: Timeout='%s' is no time between 1s and 1h; write it as "
				 "30s or 5min\n",
				 times[j]);
			assert_text_refused(*state, text, expected);
		}
		snprintf(text, sizeof(text), "[%s]\nTimeout=30s\nTimeout=31s\n", sections[i]);
		assert_text_refused(
			*state, text,
			"a.conf:3: Timeout='31s' differs from an earlier Timeout=; give one\n");
	}
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
	assert_text_refused(*state, "[File /etc/../passwd]\nSett=x\n",
			    "a.conf:1: [File /etc/../passwd] is not in its simplest form; no empty "
			    "component, '.', '..' or '/' at the end\n"
			    "a.conf:2: unknown key Sett=; this section has " FILE_KEYS);
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

static void test_make_dirs_is_taken_with_create_and_refused_like_it(void **state)
{
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(*state,
				  "[File /a/b]\nMakeDirs=0750 nobody:root\nCreate=0644 root:root\n"
				  "[File /a/b]\nMakeDirs=750 nobody:0\n");

	assert_true(policy->files[0].may_make_dirs);
	assert_int_equal(policy->files[0].dirs.mode, 0750);
	assert_int_equal(policy->files[0].dirs.uid, 65534);
	assert_int_equal(policy->files[0].dirs.gid, 0);
	assert_text_refused(*state, "[File /a]\nCreate=0644 root:root\nMakeDirs=1777 root:root\n",
			    "a.conf:3: MakeDirs='1777' is no mode; write it as in 0755, without "
			    "set-id bits\n");
	assert_text_refused(*state, "[File /a]\nCreate=0644 root:root\nMakeDirs=yes\n",
			    "a.conf:3: MakeDirs= is MODE OWNER:GROUP, as in 0755 root:root\n");
	assert_text_refused(*state,
			    "[File /a]\nCreate=0644 root:root\nMakeDirs=0755 root:root\n"
			    "MakeDirs=0700 root:root\n",
			    "a.conf:4: MakeDirs= differs from an earlier one of this file; give "
			    "one\n");
}

static void test_make_dirs_without_create_is_refused(void **state)
{
	scoped_ptr char *logged = NULL;
	struct policy *policy = NULL;

	policy_write(*state, "a.conf", "[File /a]\nMakeDirs=0755 root:root\n");
	logged = policy_read_logged(*state, -EINVAL, &policy);
	assert_non_null(strstr(logged, "[File /a] has MakeDirs= for a file that nobody makes; "
				       "add Create="));
}

static void test_another_lens_where_nothing_judges_is_refused(void **state)
{
	scoped(policy_freep) struct policy *taken =
		assert_text_taken(*state, "[File /a]\nOtherLens=yes\n[File /b]\nOtherLens=no\n");
	scoped_ptr char *logged = NULL;
	struct policy *policy = NULL;

	assert_true(taken->files[0].other_lens);
	assert_false(taken->files[1].other_lens);
	policy_write(*state, "a.conf", "[File /a]\nOtherLens=yes\n[File /a]\nVerify=no\n");
	logged = policy_read_logged(*state, -EINVAL, &policy);
	assert_non_null(strstr(logged, "[File /a] has OtherLens=yes, and with Verify=no nothing "
				       "would judge what that comes to; leave one of them out"));
}

static void test_delete_that_is_unclear_is_refused(void **state)
{
	assert_text_refused(*state, "[File /a]\nDelete=true\n",
			    "a.conf:2: Delete='true' is neither yes nor no\n");
	assert_text_refused(*state, "[File /a]\nVerify=false\n",
			    "a.conf:2: Verify='false' is neither yes nor no\n");
	assert_text_refused(*state, "[File /a]\nVerify=yes\nVerify=no\n",
			    "a.conf:3: Verify=no after Verify=yes; give one\n");
	assert_text_refused(*state, "[File /a]\nDelete=no\nDelete=yes\n",
			    "a.conf:3: Delete=yes after Delete=no; give one\n");
	assert_text_refused(*state, "[File /a]\nDelete=yes\nDelete=no\n",
			    "a.conf:3: Delete=no after Delete=yes; give one\n");
}

static void test_secret_patterns_are_taken_as_those_of_rights_are(void **state)
{
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(*state, "[File /a]\nSecret=password */psk\nSecret=a\\ b\n");

	assert_int_equal(policy->files[0].secrets.count, 3);
	assert_string_equal(policy->files[0].secrets.item[1], "*/psk");
	assert_string_equal(policy->files[0].secrets.item[2], "a\\ b");
	for (unsigned int right = 0; right < RIGHT_MAX; right++)
		assert_int_equal(policy->files[0].rights[right].count, 0);
}

static void test_secret_patterns_that_are_none_are_refused(void **state)
{
	assert_text_refused(
		*state, "[File /a]\nSecret=/password a[1]\n",
		"a.conf:2: Secret='/password' has an empty label; labels are separated "
		"by one '/', with none at the beginning or the end\n"
		"a.conf:2: Secret='a[1]' has a position; a pattern means all nodes of a "
		"label (a '[' of the label itself takes a backslash before it)\n");
	assert_text_refused(*state, "[Session]\nSecret=password\n",
			    "a.conf:2: unknown key Secret=; this section has User= Timeout= "
			    "ServiceManager= OptionalLayers= Audit= Lenses=\n");
}

static void test_where_records_go_is_one_of_two_places(void **state)
{
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(*state, "[Session]\nAudit=file\nAudit=file\n");

	assert_int_equal(policy->audit, AUDIT_TO_FILE);
	assert_text_refused(*state, "[Session]\nAudit=none\n",
			    "a.conf:2: Audit='none' is unknown; there are file journal\n");
	assert_text_refused(*state, "[Session]\nAudit=file journal\n",
			    "a.conf:2: Audit='file journal' is unknown; there are file journal\n");
	assert_text_refused(*state, "[Session]\nAudit=file\nAudit=journal\n",
			    "a.conf:3: Audit='journal' differs from an earlier Audit=; give one\n");
}

static void test_records_in_the_journal_alone_are_warned_of(void **state)
{
	struct policy *policy = NULL;
	scoped_ptr char *logged = NULL;

	policy_write(*state, "a.conf", "[Session]\nAudit=journal\n");
	logged = policy_read_logged(*state, 0, &policy);
	assert_string_equal(logged,
			    "a.conf:2: Audit=journal: there is no audit trail in a file, and "
			    "nothing shows whether records were taken out of the journal\n");
	assert_int_equal(policy->audit, AUDIT_TO_JOURNAL);
	policy_free(policy);
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
#define VERBS \
	"there are status start stop restart try_restart reload reload_or_restart enable disable " \
	"mask unmask reset_failed\n"
	assert_text_refused(*state, "[Service a.service]\nAllow=start kill Stop *\n",
			    "a.conf:2: Allow='kill' is unknown here; " VERBS
			    "a.conf:2: Allow='Stop' is unknown here; " VERBS
			    "a.conf:2: Allow='*' is unknown here; " VERBS);
}

static void test_words_that_people_write_in_the_place_of_others_get_a_hint(void **state)
{
	assert_text_refused(*state, "[Service a.service]\nAllow=log\n",
			    "a.conf:2: Allow='log' is unknown here; write [Log UNIT] instead\n");
	assert_text_refused(*state, "[Service a.service]\nAllow=list watch\n",
			    "a.conf:2: Allow='list' is unknown here; who may ask the status may do "
			    "that\n"
			    "a.conf:2: Allow='watch' is unknown here; who may ask the status may "
			    "do that\n");
	assert_text_refused(
		*state, "[Service a.service]\nAllow=status try-restart reload-or-restart\n",
		"a.conf:2: Allow='try-restart' is unknown here; write try_restart\n"
		"a.conf:2: Allow='reload-or-restart' is unknown here; write reload_or_restart\n");
	assert_text_refused(*state, "[Service a.service]\nAllow=daemon-reload\n",
			    "a.conf:2: Allow='daemon-reload' is unknown here; " VERBS);
}

static void test_managers_that_there_are_not_are_refused(void **state)
{
	assert_text_refused(*state, "[Session]\nServiceManager=openrc\n",
			    "a.conf:2: ServiceManager='openrc' is unknown; there are auto systemd "
			    "initd\n");
	assert_text_refused(*state, "[Session]\nServiceManager=Systemd\n",
			    "a.conf:2: ServiceManager='Systemd' is unknown; there are auto systemd "
			    "initd\n");
	assert_text_refused(*state, "[Session]\nServiceManager=systemd initd\n",
			    "a.conf:2: ServiceManager='systemd initd' is unknown; there are auto "
			    "systemd initd\n");
	assert_text_refused(*state, "[Session]\nServiceManager=auto\nServiceManager=initd\n",
			    "a.conf:3: ServiceManager='initd' differs from an earlier "
			    "ServiceManager=; give one\n");
}

static void test_layers_that_may_be_missing_are_understood(void **state)
{
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(*state, "[Session]\nOptionalLayers=landlock\n"
					  "OptionalLayers=net_namespace monitor_landlock\n");

	assert_int_equal(policy->optional_layers,
			 LAYER(LANDLOCK) | LAYER(NET_NAMESPACE) | LAYER(MONITOR_LANDLOCK));
}

static void test_layers_that_may_not_be_missing_are_refused(void **state)
{
	assert_text_refused(
		*state, "[Session]\nOptionalLayers=seccomp\n",
		"a.conf:2: OptionalLayers='seccomp' can be had everywhere, and is never "
		"optional\n");
	assert_text_refused(*state, "[Session]\nOptionalLayers=landlock walls\n",
			    "a.conf:2: OptionalLayers='walls' is no layer of the sandbox; "
			    "exmachina-policy(5) lists them\n");
	assert_text_refused(
		*state, "[Session]\nOptionalLayers=\n",
		"a.conf:2: OptionalLayers= has no value; leave the line out or complete "
		"it\n");
}

static void test_logs_of_no_unit_or_length_are_refused(void **state)
{
	static const char *const lines[] = { "0",   "-1", "1001", "99999999999", "4294967297",
					     "all", "+1", "1.0",  "1 2",         "0x10" };
	char text[64], expected[128];

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		snprintf(text, sizeof(text), "[Log a.service]\nLines=%s\n", lines[i]);
		snprintf(expected, sizeof(expected),
			 "a.conf:2: Lines='%s' is no number from 1 to 1000\n", lines[i]);
		assert_text_refused(*state, text, expected);
	}
	assert_text_refused(*state, "[Log a.service]\nLines=9\nLines=10\n",
			    "a.conf:3: Lines='10' differs from an earlier Lines=; give one\n");
	assert_text_refused(*state, "[Log]\n",
			    "a.conf:1: [Log ] names no unit; write it as in [Log ssh.service]\n");
	assert_text_refused(*state, "[Log ssh]\n",
			    "a.conf:1: [Log ssh] lacks the suffix of its type; write it as in "
			    "ssh.service\n");
}

static void test_packages_and_verbs_that_do_not_exist_are_refused(void **state)
{
	assert_text_refused(*state, "[Package]\n",
			    "a.conf:1: [Package ] names no package; write it as in [Package "
			    "openssh-server]\n");
	assert_text_refused(*state, "[Package bash:amd64]\n",
			    "a.conf:1: [Package bash:amd64] has a character that no package has; "
			    "allowed are a-z, 0-9, '+', '-' and '.'\n");
	assert_text_refused(*state, "[Package -o]\n",
			    "a.conf:1: [Package -o] is no package's name; it begins with a letter "
			    "or digit\n");
	assert_text_refused(*state, "[Package bash-]\n",
			    "a.conf:1: [Package bash-] ends with '-', by which apt means a "
			    "removal; no package is called so\n");
	assert_text_refused(*state, "[Package aa]\nAllow=purge dist-upgrade log try-restart\n",
			    "a.conf:2: Allow='purge' is unknown here; there are status install "
			    "remove update upgrade\n"
			    "a.conf:2: Allow='dist-upgrade' is unknown here; there are status "
			    "install remove update upgrade\n"
			    "a.conf:2: Allow='log' is unknown here; there are status install "
			    "remove update upgrade\n"
			    "a.conf:2: Allow='try-restart' is unknown here; there are status "
			    "install remove update upgrade\n");
}

static void test_what_is_no_part_of_the_identity_is_refused(void **state)
{
	assert_text_refused(*state, "[System]\nAllow=timezone time Locale\n",
			    "a.conf:2: Allow='time' is unknown here; there are timezone hostname "
			    "locale\n"
			    "a.conf:2: Allow='Locale' is unknown here; there are timezone hostname "
			    "locale\n");
	assert_text_refused(*state, "[System x]\nAllow=hostname\n",
			    "a.conf:1: [System 'x'] takes no name; write [System]\n");
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
	for (int i = 0; i <= POLICY_LOGS_MAX; i++)
		fprintf(file, "[Log %d.service]\n", i);
	for (int i = 0; i <= POLICY_PACKAGES_MAX; i++)
		fprintf(file, "[Package p%d]\n", i);
	assert_int_equal(fclose(file), 0);
	assert_policy_refused(*state,
			      "a.conf:4097: more than 4096 [File] sections; use wildcards\n"
			      "a.conf:6148: more than 1024 patterns of Set= in one section; use "
			      "wildcards\n"
			      "a.conf:6149: more than 1024 Value= in one section; use wildcards\n"
			      "a.conf:10246: more than 4096 [Service] sections; use wildcards\n"
			      "a.conf:14343: more than 4096 [Log] sections; use wildcards\n"
			      "a.conf:18440: more than 4096 [Package] sections; use wildcards\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, policy_setup, policy_teardown)

static void test_checks_are_read_in_their_order_and_each_once(void **state)
{
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(*state, "[File /a]\nCheck=/usr/sbin/sshd -t\nCheck=/b 'c d'\n"
					  "[File /a]\nCheck=/usr/sbin/sshd -t\n");

	assert_int_equal(policy->files[0].checks.count, 2);
	assert_string_equal(policy->files[0].checks.item[0], "/usr/sbin/sshd -t");
	assert_string_equal(policy->files[0].checks.item[1], "/b 'c d'");
}

static void test_checks_that_are_none_are_refused(void **state)
{
	char text[1024] = "[File /a]\n";

	assert_text_refused(
		*state, "[File /a]\nCheck=sshd -t\nCheck=/b {}\nCheck=\n[Session]\nCheck=/b\n",
		"a.conf:2: Check='sshd -t' does not begin with the absolute path of a program\n"
		"a.conf:3: Check='/b {}' has '{}', which stands for nothing; the program finds "
		"each file of the commit at its own path\n"
		"a.conf:4: Check= has no value; leave the line out or complete it\n"
		"a.conf:6: unknown key Check=; this section has User= Timeout= ServiceManager= "
		"OptionalLayers= Audit= Lenses=\n");
	for (int i = 0; i <= POLICY_CHECKS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "Check=/b %d\n", i);
	assert_text_refused(*state, text, "a.conf:18: more than 16 Check= in one section\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_key_arrives_in_its_place),
		TEST(test_every_word_gives_its_own_right),
		TEST(test_sections_of_one_name_add_up_and_others_stay_apart),
		TEST(test_a_section_alone_gives_nothing_but_what_it_says),
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
		TEST(test_make_dirs_is_taken_with_create_and_refused_like_it),
		TEST(test_make_dirs_without_create_is_refused),
		TEST(test_another_lens_where_nothing_judges_is_refused),
		TEST(test_delete_that_is_unclear_is_refused),
		TEST(test_secret_patterns_are_taken_as_those_of_rights_are),
		TEST(test_secret_patterns_that_are_none_are_refused),
		TEST(test_checks_are_read_in_their_order_and_each_once),
		TEST(test_checks_that_are_none_are_refused),
		TEST(test_where_records_go_is_one_of_two_places),
		TEST(test_records_in_the_journal_alone_are_warned_of),
		TEST(test_units_and_verbs_that_do_not_exist_are_refused),
		TEST(test_words_that_people_write_in_the_place_of_others_get_a_hint),
		TEST(test_managers_that_there_are_not_are_refused),
		TEST(test_layers_that_may_be_missing_are_understood),
		TEST(test_layers_that_may_not_be_missing_are_refused),
		TEST(test_logs_of_no_unit_or_length_are_refused),
		TEST(test_packages_and_verbs_that_do_not_exist_are_refused),
		TEST(test_what_is_no_part_of_the_identity_is_refused),
		TEST(test_more_sections_or_patterns_than_the_bounds_are_refused),
	};

	if (geteuid() != 0)
		return unit_skip("a policy is read only from files of root's; not run as root");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
