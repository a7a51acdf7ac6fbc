/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/op_system.c, and identity.c where no bus is: the policy is
 * asked whatever the engine thinks of it, and the answer is what the files say.
 */
#include "root_fixture.h"

#include <errno.h>
#include <string.h>

#include "common/channel.h"
#include "monitor/identity/identity.h"
#include "monitor/session.h"

struct world {
	struct root *root;
	struct policy *policy;
	sd_event *event;
	struct calls_under_way calls;
	struct session_host host;
	struct session session;
	int engine;
	struct packet packet;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *root;

	assert_non_null(w);
	assert_int_equal(root_setup(&root), 0);
	w->root = root;
	root_mkdir(root, "/etc");
	root_mkdir(root, "/usr");
	root_mkdir(root, "/usr/share");
	root_mkdir(root, "/usr/share/zoneinfo");
	root_write(root, "/usr/share/zoneinfo/Rome", "TZif");
	root_write(root, "/etc/hostname", "image\n");
	w->policy = policy_new();
	assert_non_null(w->policy);
	assert_true(sd_event_new(&w->event) >= 0);
	w->host = (struct session_host){
		.event = w->event,
		.root_fd = w->root->fd,
		.user = "panel",
		.policy = w->policy,
		.calls = &w->calls,
	};
	assert_int_equal(identity_service_new(w->event, w->root->fd, &w->host.identity), 0);
	w->session.host = &w->host;
	w->session.policy = w->policy;
	assert_int_equal(channel_pair(&w->session.channel, &w->engine), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root;

	identity_service_free(w->host.identity);
	sd_event_unref(w->event);
	close_fd(w->session.channel);
	close_fd(w->engine);
	policy_free(w->policy);
	free(w);
	return root_teardown(&root);
}

static void allow(struct world *w, unsigned int items)
{
	w->policy->has_system = true;
	w->policy->system_items = items;
}

static int send(struct world *w, unsigned int item, const char *value)
{
	const struct msg_system request = { .ticket = 7, .item = (uint8_t)item, .value = value };
	scoped_ptr char *logged = NULL;
	int none = -1, r;

	unit_capture_begin();
	r = op_system(&w->session, &request, &none);
	logged = unit_capture_end();
	return r;
}

/* The one answer to it; its texts point into the packet. */
static struct msg_identity ask(struct world *w, unsigned int item, const char *value)
{
	struct message reply = { 0 };
	int fd = -1;

	assert_int_equal(send(w, item, value), 0);
	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, &fd), 1);
	assert_int_equal(reply.type, MON_IDENTITY);
	assert_int_equal(reply.identity.ticket, 7);
	assert_int_equal(fd, -1);
	assert_true(LIST_EMPTY(&w->session.calls));
	return reply.identity;
}

static void test_a_section_lets_the_identity_be_seen(void **state)
{
	struct world *w = *state;
	struct msg_identity answer;

	allow(w, 0);
	answer = ask(w, SYSTEM_ITEM_MAX, "");
	assert_int_equal(answer.outcome, JOB_DONE);
	assert_string_equal(answer.hostname, "image");
	assert_string_equal(answer.timezone, "UTC");
	assert_string_equal(answer.locale, "");
	assert_string_equal(answer.via, "files");
}

static void test_without_a_section_nothing_is_seen_or_set(void **state)
{
	static const char *const values[] = { "Rome", "new", "LANG=C", "" };
	struct msg_identity answer;

	for (unsigned int item = 0; item <= SYSTEM_ITEM_MAX; item++) {
		answer = ask(*state, item, values[item]);
		assert_int_equal(answer.outcome, JOB_DENIED);
		assert_string_equal(answer.hostname, "");
		assert_string_equal(answer.timezone, "");
	}
}

static void test_each_item_takes_its_own_right(void **state)
{
	static const char *const values[SYSTEM_ITEM_MAX] = { "Rome", "new", "LANG=C" };
	struct world *w = *state;

	for (unsigned int right = 0; right < SYSTEM_ITEM_MAX; right++) {
		allow(w, 1u << right);
		for (unsigned int item = 0; item < SYSTEM_ITEM_MAX; item++)
			assert_int_equal(ask(w, item, values[item]).outcome,
					 item == right ? JOB_DONE : JOB_DENIED);
	}
}

static void test_what_was_set_is_told_as_the_files_have_it(void **state)
{
	struct world *w = *state;
	struct msg_identity answer;

	allow(w, UINT32_MAX);
	assert_int_equal(ask(w, SYSTEM_TIMEZONE, "Rome").outcome, JOB_DONE);
	assert_int_equal(ask(w, SYSTEM_LOCALE, "LANG=C LC_TIME=POSIX").outcome, JOB_DONE);
	answer = ask(w, SYSTEM_HOSTNAME, "new");
	assert_int_equal(answer.outcome, JOB_DONE);
	assert_string_equal(answer.timezone, "Rome");
	assert_string_equal(answer.hostname, "new");
	assert_string_equal(answer.locale, "LANG=C LC_TIME=POSIX");
	assert_string_equal(answer.via, "files");
	assert_root_content(w->root, "/etc/hostname", "new\n");
}

static void test_values_are_checked_whatever_the_policy_says(void **state)
{
	struct world *w = *state;

	allow(w, UINT32_MAX);
	assert_int_equal(ask(w, SYSTEM_TIMEZONE, "../../../etc/hostname").outcome, JOB_BAD_VALUE);
	assert_int_equal(ask(w, SYSTEM_TIMEZONE, "Paris").outcome, JOB_BAD_VALUE);
	assert_int_equal(ask(w, SYSTEM_HOSTNAME, "a\nb").outcome, JOB_BAD_VALUE);
	assert_int_equal(ask(w, SYSTEM_LOCALE, "PATH=C").outcome, JOB_BAD_VALUE);
	assert_int_equal(ask(w, SYSTEM_LOCALE, "").outcome, JOB_BAD_VALUE);
	assert_root_content(w->root, "/etc/hostname", "image\n");
	assert_root_count(w->root, "/etc", 1);
}

static void test_a_failure_is_told_with_its_reason(void **state)
{
	struct world *w = *state;
	struct msg_identity answer;

	allow(w, UINT32_MAX);
	root_symlink(w->root, "hostname", "/etc/locale.conf");
	root_mkdir(w->root, "/etc/localtime");
	answer = ask(w, SYSTEM_TIMEZONE, "Rome");
	assert_int_equal(answer.outcome, JOB_FAILED);
	assert_int_equal(answer.error, EISDIR);
	assert_non_null(strstr(answer.detail, "/etc/localtime"));
	answer = ask(w, SYSTEM_LOCALE, "LANG=C");
	assert_int_equal(answer.outcome, JOB_FAILED);
	assert_non_null(strstr(answer.detail, "symbolic link"));
	assert_root_content(w->root, "/etc/hostname", "image\n");
}

static void test_an_item_that_there_is_not_breaks_the_protocol(void **state)
{
	struct world *w = *state;

	allow(w, UINT32_MAX);
	for (unsigned int item = SYSTEM_ITEM_MAX + 1; item < 256; item++)
		assert_int_equal(send(w, item, "x"), -EPROTO);
}

static void test_more_calls_than_there_may_be_are_refused(void **state)
{
	struct world *w = *state;
	struct msg_identity answer;

	allow(w, UINT32_MAX);
	w->session.jobs = JOBS_MAX;
	answer = ask(w, SYSTEM_HOSTNAME, "new");
	assert_int_equal(answer.outcome, JOB_BUSY);
	assert_root_content(w->root, "/etc/hostname", "image\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_section_lets_the_identity_be_seen),
		TEST(test_without_a_section_nothing_is_seen_or_set),
		TEST(test_each_item_takes_its_own_right),
		TEST(test_what_was_set_is_told_as_the_files_have_it),
		TEST(test_values_are_checked_whatever_the_policy_says),
		TEST(test_a_failure_is_told_with_its_reason),
		TEST(test_an_item_that_there_is_not_breaks_the_protocol),
		TEST(test_more_calls_than_there_may_be_are_refused),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
