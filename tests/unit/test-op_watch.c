/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/op_watch.c, op_units.c and op_log.c, as a hostile engine would
 * provoke them, in a root where nothing runs. What they tell of real units is
 * proved by tests/system/test_watch.py and test_log.py.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "monitor/op_call.h"
#include "monitor/session.h"

struct world {
	char *root;
	struct policy *policy;
	struct session_host host;
	struct calls_under_way calls;
	struct session session;
	int engine;
	struct packet packet;
};

static void add_service(struct policy *policy, const char *unit, uint32_t verbs)
{
	struct policy_service *service;

	assert_int_equal(policy_service_add(policy, unit, &service), 0);
	service->verbs = verbs;
	service->timeout_ms = 1; /* nobody is there to answer */
}

static void add_log(struct policy *policy, const char *unit, uint32_t lines)
{
	struct policy_log *log;

	assert_int_equal(policy_log_add(policy, unit, &log), 0);
	log->lines = lines;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->root = unit_directory_make();
	w->policy = policy_new();
	w->policy->manager = MANAGER_SYSTEMD;
	add_service(w->policy, "ssh.service", 1u << SERVICE_STATUS);
	add_service(w->policy, "*.timer", 1u << SERVICE_STATUS);
	add_service(w->policy, "main.timer", 1u << SERVICE_START);
	add_log(w->policy, "*.service", 5);
	add_log(w->policy, "ssh.service", 0);
	w->host = (struct session_host){
		.policy = w->policy,
		.calls = &w->calls,
		.user = "panel",
		.root_fd = open(w->root, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	assert_int_equal(sd_event_new(&w->host.event), 0);
	w->session.host = &w->host;
	w->session.policy = w->policy;
	assert_int_equal(channel_pair(&w->session.channel, &w->engine), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	op_call_orphan(&w->session);
	service_watch_free(w->session.watch);
	sd_event_unref(w->host.event);
	close_fd(w->host.root_fd);
	close_fd(w->session.channel);
	close_fd(w->engine);
	policy_free(w->policy);
	unit_directory_remove(w->root);
	free(w);
	return 0;
}

static struct message answer(struct world *w, enum message_type type)
{
	struct message reply = { 0 };
	int fd = -1, r;

	/* the loop does what was put off */
	while ((r = channel_recv(w->engine, false, &w->packet, &reply, &fd)) == -EAGAIN)
		assert_true(sd_event_run(w->host.event, UINT64_MAX) >= 0);
	assert_int_equal(r, 1);
	assert_int_equal(reply.type, type);
	assert_int_equal(fd, -1);
	return reply;
}

static void assert_no_answer(struct world *w)
{
	struct message reply;
	int fd;

	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, &fd), -EAGAIN);
}

static int try_watch(struct world *w, uint32_t ticket, uint32_t entry, const char *unit)
{
	const struct msg_watch request = { .ticket = ticket, .entry = entry, .unit = unit };
	scoped_ptr char *logged = NULL;
	int none = -1, r;

	unit_capture_begin();
	r = op_watch(&w->session, &request, &none);
	logged = unit_capture_end();
	return r;
}

static int try_unwatch(struct world *w, uint32_t ticket)
{
	const struct msg_unwatch request = { .ticket = ticket };
	int none = -1;

	return op_unwatch(&w->session, &request, &none);
}

static int try_units(struct world *w, uint32_t ticket, const char *glob)
{
	const struct msg_units request = { .ticket = ticket, .glob = glob };
	int none = -1;

	return op_units(&w->session, &request, &none);
}

static int try_log(struct world *w, uint32_t entry, uint32_t lines, const char *cursor,
		   const char *unit)
{
	const struct msg_log request = {
		.ticket = 7,
		.entry = entry,
		.lines = lines,
		.cursor = cursor,
		.unit = unit,
	};
	int none = -1;

	return op_log(&w->session, &request, &none);
}

/* ---- watching ------------------------------------------------------------------------------ */

static void test_watching_what_an_honest_engine_would_not_say_ends_the_session(void **state)
{
	static const struct {
		uint32_t entry;
		const char *unit;
	} requests[] = {
		{ 3, "ssh.service" },
		{ UINT32_MAX, "ssh.service" },
		{ 0, "cron.service" },
		{ 0, "ssh" },
		{ 0, "" },
		{ 0, "ssh.service\n" },
		{ 0, "../ssh.service" },
		{ 0, "--help" },
		{ 1, "ssh.service" },
		{ 1, "*.timer" },
		{ 1, "a/b.timer" },
		{ 1, "-x.timer" },
		/* which the stricter section governs */
		{ 1, "main.timer" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		if (try_watch(w, 1, requests[i].entry, requests[i].unit) != -EPROTO)
			fail_msg("%u '%s' is taken", requests[i].entry, requests[i].unit);
	assert_no_answer(w);
	assert_null(w->session.watch);
}

static void test_watching_needs_the_right_to_ask_for_the_status(void **state)
{
	struct world *w = *state;
	struct message event;

	assert_int_equal(try_watch(w, 7, 2, "main.timer"), 0);
	event = answer(w, MON_UNIT);
	assert_int_equal(event.unit.ticket, 7);
	assert_int_equal(event.unit.outcome, JOB_DENIED);
	assert_null(w->session.watch);
}

static void test_init_scripts_are_not_watched(void **state)
{
	struct world *w = *state;

	w->policy->manager = MANAGER_INITD;
	assert_int_equal(try_watch(w, 7, 0, "ssh.service"), 0);
	assert_int_equal(answer(w, MON_UNIT).unit.outcome, JOB_UNAVAILABLE);
	w->policy->manager = MANAGER_AUTO;
	assert_int_equal(try_watch(w, 8, 0, "ssh.service"), 0);
	assert_int_equal(answer(w, MON_UNIT).unit.ticket, 8);
	assert_null(w->session.watch);
}

static void test_a_watch_that_nobody_answers_ends_with_a_word(void **state)
{
	struct world *w = *state;
	struct message event;

	assert_int_equal(try_watch(w, 7, 0, "ssh.service"), 0);
	event = answer(w, MON_UNIT);
	assert_int_equal(event.unit.ticket, 7);
	assert_int_equal(event.unit.outcome, JOB_UNAVAILABLE);
	/* and the ticket is free again */
	assert_int_equal(try_watch(w, 7, 0, "ssh.service"), 0);
	assert_int_equal(answer(w, MON_UNIT).unit.ticket, 7);
}

static void test_a_ticket_that_is_in_use_ends_the_session(void **state)
{
	struct world *w = *state;

	assert_int_equal(try_watch(w, 7, 0, "ssh.service"), 0);
	assert_int_equal(try_watch(w, 7, 1, "a.timer"), -EPROTO);
	assert_int_equal(try_watch(w, 7, 0, "ssh.service"), -EPROTO);
}

static void test_more_watches_than_the_bound_are_told_so(void **state)
{
	struct world *w = *state;
	struct message event;

	for (uint32_t i = 0; i < WATCHES_MAX; i++)
		assert_int_equal(try_watch(w, i, 0, "ssh.service"), 0);
	assert_no_answer(w);
	assert_int_equal(try_watch(w, WATCHES_MAX, 0, "ssh.service"), 0);
	event = answer(w, MON_UNIT);
	assert_int_equal(event.unit.ticket, WATCHES_MAX);
	assert_int_equal(event.unit.outcome, JOB_BUSY);
	/* one less, and there is room again */
	assert_int_equal(try_unwatch(w, 3), 0);
	assert_int_equal(try_watch(w, WATCHES_MAX, 0, "ssh.service"), 0);
	assert_no_answer(w);
}

static void test_unwatching_what_is_not_watched_does_nothing(void **state)
{
	struct world *w = *state;

	assert_int_equal(try_unwatch(w, 1), 0);
	assert_int_equal(try_watch(w, 7, 0, "ssh.service"), 0);
	assert_int_equal(try_unwatch(w, 8), 0);
	assert_int_equal(try_unwatch(w, UINT32_MAX), 0);
	/* the other watch is still there */
	assert_int_equal(answer(w, MON_UNIT).unit.ticket, 7);
}

static void test_nothing_is_told_of_what_is_watched_no_more(void **state)
{
	struct world *w = *state;

	assert_int_equal(try_watch(w, 7, 0, "ssh.service"), 0);
	assert_int_equal(try_watch(w, 8, 0, "ssh.service"), 0);
	assert_int_equal(try_unwatch(w, 7), 0);
	assert_int_equal(answer(w, MON_UNIT).unit.ticket, 8);
	assert_no_answer(w);
}

/* Messages that wait to be read; returns how many. */
static unsigned int fill_channel(struct world *w)
{
	scoped_ptr char *text = unit_repeat('x', MESSAGE_LOG_MAX);
	const struct message event = { .type = MON_DATA, .data.log = text };
	unsigned int count = 0;

	for (size_t size = 0; size < 100000; size += MESSAGE_LOG_MAX, count++)
		assert_int_equal(session_reply(&w->session, &event, -1), 0);
	return count;
}

static void test_an_engine_that_does_not_read_is_told_later(void **state)
{
	struct world *w = *state;
	unsigned int waiting = fill_channel(w);

	assert_int_equal(try_watch(w, 7, 0, "ssh.service"), 0);
	/* the connection that can't be made, and the end of the patience */
	for (int i = 0; i < 2; i++)
		assert_true(sd_event_run(w->host.event, UINT64_MAX) >= 0);
	while (waiting-- > 0)
		answer(w, MON_DATA);
	assert_no_answer(w);
	assert_int_equal(answer(w, MON_UNIT).unit.outcome, JOB_UNAVAILABLE);
	assert_false(w->session.over);
}

/* ---- listing --------------------------------------------------------------------------------- */

static void test_without_systemd_no_list_is_made(void **state)
{
	struct world *w = *state;
	struct message event;

	assert_int_equal(try_units(w, 9, "*"), 0);
	event = answer(w, MON_DATA);
	assert_int_equal(event.data.ticket, 9);
	assert_int_equal(event.data.outcome, JOB_UNAVAILABLE);
	w->policy->manager = MANAGER_INITD;
	assert_int_equal(try_units(w, 10, "*"), 0);
	event = answer(w, MON_DATA);
	assert_int_equal(event.data.outcome, JOB_UNAVAILABLE);
	assert_string_equal(event.data.detail, "only systemd can list its units");
	assert_int_equal(w->session.jobs, 0);
}

static void test_more_lists_than_the_bound_are_told_to_wait(void **state)
{
	struct world *w = *state;

	w->session.jobs = JOBS_MAX;
	assert_int_equal(try_units(w, 9, "*"), 0);
	assert_int_equal(answer(w, MON_DATA).data.outcome, JOB_BUSY);
}

/* ---- logs --------------------------------------------------------------------------------------
 */

static void test_logs_that_an_honest_engine_would_not_ask_for_end_the_session(void **state)
{
	static const struct {
		uint32_t entry;
		const char *unit;
	} requests[] = {
		{ 2, "ssh.service" },
		{ UINT32_MAX, "ssh.service" },
		{ 1, "cron.service" },
		{ 1, "" },
		{ 1, "ssh.service\n" },
		{ 0, "cron.socket" },
		{ 0, "*.service" },
		{ 0, "-x.service" },
		{ 0, "a b.service" },
		{ 0, "a/b.service" },
		/* which another section governs */
		{ 0, "ssh.service" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		if (try_log(w, requests[i].entry, 1, "", requests[i].unit) != -EPROTO)
			fail_msg("%u '%s' is taken", requests[i].entry, requests[i].unit);
	assert_no_answer(w);
}

static void test_a_system_without_a_journal_says_so(void **state)
{
	struct world *w = *state;
	struct message event;

	assert_int_equal(try_log(w, 1, UINT32_MAX, "", "ssh.service"), 0);
	event = answer(w, MON_DATA);
	assert_int_equal(event.data.ticket, 7);
	assert_int_equal(event.data.outcome, JOB_UNAVAILABLE);
	assert_string_equal(event.data.detail, "there is no journal");
}

static void test_what_is_no_cursor_and_no_number_of_lines_is_refused(void **state)
{
	scoped_ptr char *newlines = unit_repeat('\n', MESSAGE_TEXT_MAX);
	struct world *w = *state;

	assert_int_equal(try_log(w, 1, 10, newlines, "ssh.service"), 0);
	assert_int_equal(answer(w, MON_DATA).data.outcome, JOB_BAD_VALUE);
	assert_int_equal(try_log(w, 1, 10, "t=0", "ssh.service"), 0);
	assert_int_equal(answer(w, MON_DATA).data.outcome, JOB_BAD_VALUE);
	assert_int_equal(try_log(w, 1, 0, "", "ssh.service"), 0);
	assert_int_equal(answer(w, MON_DATA).data.outcome, JOB_BAD_VALUE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_watching_what_an_honest_engine_would_not_say_ends_the_session),
		TEST(test_watching_needs_the_right_to_ask_for_the_status),
		TEST(test_init_scripts_are_not_watched),
		TEST(test_a_watch_that_nobody_answers_ends_with_a_word),
		TEST(test_a_ticket_that_is_in_use_ends_the_session),
		TEST(test_more_watches_than_the_bound_are_told_so),
		TEST(test_unwatching_what_is_not_watched_does_nothing),
		TEST(test_nothing_is_told_of_what_is_watched_no_more),
		TEST(test_an_engine_that_does_not_read_is_told_later),
		TEST(test_without_systemd_no_list_is_made),
		TEST(test_more_lists_than_the_bound_are_told_to_wait),
		TEST(test_logs_that_an_honest_engine_would_not_ask_for_end_the_session),
		TEST(test_a_system_without_a_journal_says_so),
		TEST(test_what_is_no_cursor_and_no_number_of_lines_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
