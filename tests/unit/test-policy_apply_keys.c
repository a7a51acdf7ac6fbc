/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/policy/policy_apply_keys.c and src/common/policy_apply.c: Apply= of a section.
 */
#include "fault_fixture.h"
#include "policy_fixture.h"

#include <errno.h>
#include <string.h>

#include "common/memfd.h"
#include "common/wire.h"
#include "monitor/policy/policy_lint.h"
#include "monitor/policy/policy_memfd.h"
#include "monitor/policy/policy_read.h"

#define SECTION "[File /etc/hosts]\nLens=Hosts.lns\nSet=**\n"

static void test_actions_are_read_in_their_order(void **state)
{
	static const struct {
		enum service_verb verb;
		const char *unit;
	} wanted[] = {
		{ SERVICE_RELOAD, "ssh.service" },         { SERVICE_RESTART, "a@b.service" },
		{ SERVICE_TRY_RESTART, "x.socket" },       { SERVICE_RELOAD, "mnt.mount" },
		{ SERVICE_RELOAD_OR_RESTART, "x.target" }, { SERVICE_STOP, "x.timer" },
		{ SERVICE_START, "x\\x2dy.path" }
	};
	struct policy *policy =
		assert_text_taken(*state, SECTION
				  "Apply=reload ssh.service\nApply=\trestart \ta@b.service \n"
				  "Apply=try_restart x.socket\nApply=reload mnt.mount\n"
				  "Apply=reload_or_restart x.target\nApply=stop x.timer\n"
				  "Apply=start x\\x2dy.path\n");

	assert_int_equal(policy->files[0].apply_count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(policy->files[0].apply[i].verb, wanted[i].verb);
		assert_string_equal(policy->files[0].apply[i].unit, wanted[i].unit);
	}
	policy_free(policy);
}

static void refused(void *directory, const char *value, const char *why)
{
	scoped_ptr char *text = NULL, *expected = NULL;

	assert_true(asprintf(&text, SECTION "Apply=%s\n", value) > 0);
	assert_true(asprintf(&expected, "a.conf:4: %s\n", why) > 0);
	assert_text_refused(directory, text, expected);
}

static void test_what_is_no_verb_and_unit_is_refused(void **state)
{
	static const char form[] = "Apply= is VERB UNIT, as in reload ssh.service";

	refused(*state, "reload", form);
	refused(*state, "ssh.service", form);
	refused(*state, "reload ssh.service cron.service", form);
	refused(*state, "reload ssh", "Apply=reload 'ssh' is not the name of a unit");
	refused(*state, "reload ../x.service",
		"Apply=reload '../x.service' is not the name of a unit");
	refused(*state, "reload --force.service",
		"Apply=reload '--force.service' is not the name of a unit");
	refused(*state, "reload ssh*.service",
		"Apply=reload 'ssh*.service' is not the name of a unit");
}

static void test_a_verb_that_tells_nothing_of_the_service_is_refused(void **state)
{
	static const char *const words[] = { "status", "enable",       "disable", "mask",
					     "unmask", "reset_failed", "RELOAD",  "kill" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		scoped_ptr char *value = NULL, *why = NULL;

		assert_true(asprintf(&value, "%s ssh.service", words[i]) > 0);
		assert_true(asprintf(&why,
				     "Apply='%s' is no verb for this; there are start stop "
				     "restart try_restart reload reload_or_restart",
				     words[i]) > 0);
		refused(*state, value, why);
	}
}

static void test_a_unit_that_cannot_be_right_is_refused(void **state)
{
	refused(*state, "restart getty@.service",
		"Apply=restart 'getty@.service' is a template; name an instance of it, as in "
		"getty@tty1.service");
	refused(*state, "restart @x.service",
		"Apply=restart '@x.service' has no name before its '@'");
	refused(*state, "restart sda.device",
		"Apply=restart 'sda.device' is none that can be started or stopped here");
	refused(*state, "stop x.scope",
		"Apply=stop 'x.scope' is none that can be started or stopped here");
	refused(*state, "reload x.socket",
		"Apply=reload 'x.socket' cannot be reloaded; only services and mounts can");
}

static void test_so_many_and_no_more(void **state)
{
	scoped_ptr char *text = calloc(1, 4096);
	struct policy *policy;

	strcpy(text, SECTION);
	for (int i = 0; i < POLICY_APPLY_MAX; i++)
		strcat(text, "Apply=reload ssh.service\n");
	policy = assert_text_taken(*state, text);
	assert_int_equal(policy->files[0].apply_count, POLICY_APPLY_MAX);
	policy_free(policy);
	strcat(text, "Apply=reload ssh.service\n");
	assert_text_refused(*state, text, "a.conf:36: more than 32 Apply= in one section\n");
}

static void test_they_are_printed_as_they_are_read(void **state)
{
	struct policy *policy = assert_text_taken(
		*state, SECTION "Apply=reload ssh.service\nApply=restart a@b.service\n");
	scoped_ptr char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	policy_print(out, policy);
	fclose(out);
	assert_non_null(strstr(text, "\nApply=reload ssh.service\nApply=restart a@b.service\n"));
	policy_free(policy);
	policy = assert_text_taken(*state, text);
	assert_int_equal(policy->files[0].apply_count, 2);
	policy_free(policy);
}

static void test_they_amount_to_nothing_more(void **state)
{
	struct policy *policy = assert_text_taken(*state, SECTION "Apply=restart ssh.service\n");
	size_t count;

	assert_int_equal(policy_lint(policy, NULL, &count), 0);
	assert_int_equal(count, 0);
	policy_free(policy);
}

/* As the helper has it, which gets it in a memfd. */
static void test_they_reach_the_helper(void **state)
{
	struct policy *policy = assert_text_taken(*state, SECTION "Apply=restart ssh.service\n"),
		      *other;
	scoped_mapping mapping = { 0 };
	scoped_fd fd = policy_to_memfd(policy);
	struct wire w;

	assert_int_equal(memfd_map(fd, SIZE_MAX, &mapping), 0);
	w = wire_over(mapping.data, mapping.size);
	assert_int_equal(policy_get(&w, &other), 0);
	assert_true(policy_applies(other, 1u << SERVICE_RESTART, "ssh.service"));
	assert_true(
		policy_applies(other, 1u << SERVICE_STOP | 1u << SERVICE_RESTART, "ssh.service"));
	assert_false(policy_applies(other, 1u << SERVICE_RELOAD, "ssh.service"));
	assert_false(policy_applies(other, 1u << SERVICE_RESTART, "cron.service"));
	policy_free(other);
	policy_free(policy);
}

static void test_without_memory_none_is_added(void **state)
{
	struct policy_file file = { 0 };

	(void)state;
	for (unsigned int nth = 1; nth <= 2; nth++) {
		fault_arm(nth);
		assert_int_equal(policy_apply_add(&file, SERVICE_RELOAD, "x.service"), -ENOMEM);
		assert_true(fault_disarm());
		assert_int_equal(file.apply_count, 0);
	}
	assert_int_equal(policy_apply_add(&file, SERVICE_RELOAD, "x.service"), 0);
	policy_apply_clear(&file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, policy_setup, policy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_actions_are_read_in_their_order),
		TEST(test_what_is_no_verb_and_unit_is_refused),
		TEST(test_a_verb_that_tells_nothing_of_the_service_is_refused),
		TEST(test_a_unit_that_cannot_be_right_is_refused),
		TEST(test_so_many_and_no_more),
		TEST(test_they_are_printed_as_they_are_read),
		TEST(test_they_amount_to_nothing_more),
		TEST(test_they_reach_the_helper),
		TEST(test_without_memory_none_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
