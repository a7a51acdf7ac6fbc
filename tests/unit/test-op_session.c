/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/op_session.c and the refusals of op_service.c, as a
 * hostile engine would provoke them.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "monitor/session.h"

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct world {
	struct policy *policy;
	struct session_host host;
	struct session session;
	int engine;
	struct packet packet;
	unsigned int ready;
};

static void on_ready(void *data)
{
	((struct world *)data)->ready++;
}

static void add_service(struct policy *policy, const char *unit, uint32_t verbs)
{
	struct policy_service *service;

	assert_int_equal(policy_service_add(policy, unit, &service), 0);
	service->verbs = verbs;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->policy = policy_new();
	add_service(w->policy, "ssh.service", 1u << SERVICE_STATUS);
	add_service(w->policy, "*.timer", (1u << SERVICE_VERB_MAX) - 1);
	add_service(w->policy, "main.timer", 0);
	w->host = (struct session_host){
		.policy = w->policy,
		.ready = on_ready,
		.ready_data = w,
	};
	w->session.host = &w->host;
	w->session.policy = w->policy;
	w->session.tries_left = 3;
	snprintf(w->session.secret.text, sizeof(w->session.secret.text), "%s", DIGITS);
	assert_int_equal(channel_pair(&w->session.channel, &w->engine), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	close_fd(w->session.channel);
	close_fd(w->engine);
	policy_free(w->policy);
	free(w);
	return 0;
}

static struct message answer(struct world *w, enum message_type type)
{
	struct message reply = { 0 };
	int fd = -1;

	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, &fd), 1);
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

static int try_ready(struct world *w, uint32_t protocol, uint32_t entries)
{
	const struct msg_ready request = { .protocol = protocol, .entry_count = entries };
	int none = -1;

	return op_ready(&w->session, &request, &none);
}

/* What is logged on the way must never hold the secret, nor the attempt. */
static int try_secret(struct world *w, const char *secret)
{
	const struct msg_auth request = { .secret = secret };
	scoped_ptr char *logged = NULL;
	int none = -1, r;

	unit_capture_begin();
	r = op_auth(&w->session, &request, &none);
	logged = unit_capture_end();
	assert_null(strstr(logged, DIGITS));
	if (strlen(secret) > 3)
		assert_null(strstr(logged, secret));
	return r;
}

static int try_service(struct world *w, uint32_t entry, uint8_t verb, const char *unit)
{
	const struct msg_service request = {
		.ticket = 7,
		.entry = entry,
		.verb = verb,
		.unit = unit,
	};
	scoped_ptr char *logged = NULL;
	int none = -1, r;

	unit_capture_begin();
	r = op_service(&w->session, &request, &none);
	logged = unit_capture_end();
	return r;
}

static void test_an_engine_that_knows_the_policy_is_ready(void **state)
{
	struct world *w = *state;

	assert_int_equal(try_ready(w, MESSAGE_PROTOCOL, 0), 0);
	assert_int_equal(w->session.phase, PHASE_LOCKED);
	assert_int_equal(w->ready, 1);
	/* one that takes over need not be shown the secret again */
	w->session.authenticated = true;
	assert_int_equal(try_ready(w, MESSAGE_PROTOCOL, 0), 0);
	assert_int_equal(w->session.phase, PHASE_OPEN);
}

static void test_an_engine_of_another_protocol_or_policy_ends_the_session(void **state)
{
	struct world *w = *state;

	assert_true(try_ready(w, MESSAGE_PROTOCOL + 1, 0) < 0);
	assert_true(try_ready(w, 0, 0) < 0);
	assert_true(try_ready(w, MESSAGE_PROTOCOL, 1) < 0);
	assert_true(try_ready(w, MESSAGE_PROTOCOL, UINT32_MAX) < 0);
	assert_int_equal(w->session.phase, PHASE_START);
	assert_int_equal(w->ready, 0);
}

static void test_the_secret_opens_the_session(void **state)
{
	struct world *w = *state;
	struct message reply;

	w->session.phase = PHASE_LOCKED;
	assert_int_equal(try_secret(w, DIGITS), 0);
	reply = answer(w, MON_AUTH_REPLY);
	assert_int_equal(reply.auth_reply.granted, 1);
	assert_int_equal(reply.auth_reply.tries_left, 3);
	assert_int_equal(w->session.phase, PHASE_OPEN);
	assert_true(w->session.authenticated);
	/* and shown once more it is right again */
	assert_int_equal(try_secret(w, DIGITS), 0);
	assert_int_equal(answer(w, MON_AUTH_REPLY).auth_reply.granted, 1);
}

static void test_wrong_secrets_are_counted_and_open_nothing(void **state)
{
	static const char *const attempts[] = { "", DIGITS "0", "0123456789abcdee" };
	struct world *w = *state;

	w->session.phase = PHASE_LOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		struct message reply;

		assert_int_equal(try_secret(w, attempts[i]), 0);
		reply = answer(w, MON_AUTH_REPLY);
		assert_int_equal(reply.auth_reply.granted, 0);
		assert_int_equal(reply.auth_reply.tries_left, 2 - i);
		assert_int_equal(w->session.phase, PHASE_LOCKED);
		assert_false(w->session.authenticated);
	}
}

static void test_a_fourth_try_ends_the_session_even_if_it_is_right(void **state)
{
	struct world *w = *state;

	w->session.phase = PHASE_LOCKED;
	w->session.tries_left = 0;
	assert_true(try_secret(w, DIGITS) < 0);
	assert_int_equal(w->session.phase, PHASE_LOCKED);
	assert_false(w->session.authenticated);
	assert_no_answer(w);
}

static void test_a_wrong_secret_later_costs_a_try_too(void **state)
{
	struct world *w = *state;

	assert_int_equal(try_secret(w, DIGITS), 0);
	assert_int_equal(try_secret(w, "mistaken"), 0);
	assert_int_equal(answer(w, MON_AUTH_REPLY).auth_reply.granted, 1);
	assert_int_equal(answer(w, MON_AUTH_REPLY).auth_reply.tries_left, 2);
}

static void test_a_farewell_of_no_known_kind_ends_the_session_otherwise(void **state)
{
	static const struct msg_bye request = { .reason = BYE_MAX };
	struct world *w = *state;
	int none = -1;

	assert_true(op_bye(&w->session, &request, &none) < 0);
	assert_false(w->session.over);
}

/* ---- channels -------------------------------------------------------------------------------- */

struct opener {
	int result;
	int end; /* of the stream, when it works */
	const struct session *asked;
};

static int on_open(void *data, const struct session *session, int *ret_fd)
{
	struct opener *opener = data;

	opener->asked = session;
	if (opener->result == 0)
		*ret_fd = opener->end;
	return opener->result;
}

/* The reply, and whether a descriptor was with it. */
static struct msg_channel_reply open_channel(struct world *w, int result, bool *ret_with_fd)
{
	static const struct msg_channel request;
	struct opener opener = { .result = result, .end = dup(w->engine) };
	scoped_ptr char *logged = NULL;
	struct message reply = { 0 };
	int none = -1, fd = -1;

	w->host.open_channel = on_open;
	w->host.open_channel_data = &opener;
	unit_capture_begin();
	assert_int_equal(op_channel(&w->session, &request, &none), 0);
	logged = unit_capture_end();
	assert_ptr_equal(opener.asked, &w->session);
	if (result < 0)
		close_fd(opener.end);
	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, &fd), 1);
	assert_int_equal(reply.type, MON_CHANNEL_REPLY);
	*ret_with_fd = fd >= 0;
	close_fd(fd);
	return reply.channel_reply;
}

static void test_a_channels_end_goes_to_the_engine_that_asked(void **state)
{
	struct world *w = *state;
	size_t before = unit_open_descriptors();
	bool with_fd;

	assert_int_equal(open_channel(w, 0, &with_fd).outcome, OUTCOME_DONE);
	assert_true(with_fd);
	assert_int_equal(unit_open_descriptors(), before);
}

static void test_a_channel_that_is_not_opened_is_answered_for(void **state)
{
	struct world *w = *state;
	struct msg_channel_reply reply;
	bool with_fd;

	reply = open_channel(w, -EBUSY, &with_fd);
	assert_int_equal(reply.outcome, OUTCOME_BUSY);
	assert_false(with_fd);
	reply = open_channel(w, -EMFILE, &with_fd);
	assert_int_equal(reply.outcome, OUTCOME_IO);
	assert_int_equal(reply.error, EMFILE);
	assert_false(with_fd);
}

/* ---- services -------------------------------------------------------------------------------- */

static void test_a_verb_that_the_policy_does_not_name_is_denied(void **state)
{
	struct world *w = *state;

	for (uint8_t verb = SERVICE_START; verb < SERVICE_VERB_MAX; verb++) {
		struct message event;

		assert_int_equal(try_service(w, 0, verb, "ssh.service"), 0);
		event = answer(w, MON_JOB);
		assert_int_equal(event.job.ticket, 7);
		assert_int_equal(event.job.outcome, JOB_DENIED);
	}
	assert_int_equal(try_service(w, 2, SERVICE_STATUS, "main.timer"), 0);
	assert_int_equal(answer(w, MON_JOB).job.outcome, JOB_DENIED);
	assert_int_equal(w->session.jobs, 0);
}

static void test_more_calls_than_the_bound_are_told_to_wait(void **state)
{
	struct world *w = *state;

	w->session.jobs = JOBS_MAX;
	assert_int_equal(try_service(w, 0, SERVICE_STATUS, "ssh.service"), 0);
	assert_int_equal(answer(w, MON_JOB).job.outcome, JOB_BUSY);
}

static void test_units_and_verbs_that_an_honest_engine_would_not_say_end_the_session(void **state)
{
	static const struct {
		uint32_t entry;
		uint8_t verb;
		const char *unit;
	} requests[] = {
		{ 3, SERVICE_STATUS, "ssh.service" },
		{ UINT32_MAX, SERVICE_STATUS, "ssh.service" },
		{ 0, SERVICE_VERB_MAX, "ssh.service" },
		{ 0, UINT8_MAX, "ssh.service" },
		{ 0, SERVICE_STATUS, "cron.service" },
		{ 0, SERVICE_STATUS, "ssh" },
		{ 0, SERVICE_STATUS, "" },
		{ 0, SERVICE_STATUS, "ssh.service\n" },
		{ 0, SERVICE_STATUS, "../ssh.service" },
		{ 0, SERVICE_STATUS, "--help" },
		{ 1, SERVICE_STATUS, "ssh.service" },
		{ 1, SERVICE_STATUS, "*.timer" },
		{ 1, SERVICE_STATUS, "-x.timer" },
		{ 1, SERVICE_STATUS, "a/b.timer" },
		/* which the stricter section governs */
		{ 1, SERVICE_START, "main.timer" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		if (try_service(w, requests[i].entry, requests[i].verb, requests[i].unit) >= 0)
			fail_msg("%u %u '%s' is taken", requests[i].entry, requests[i].verb,
				 requests[i].unit);
	assert_no_answer(w);
	assert_int_equal(w->session.jobs, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_engine_that_knows_the_policy_is_ready),
		TEST(test_an_engine_of_another_protocol_or_policy_ends_the_session),
		TEST(test_the_secret_opens_the_session),
		TEST(test_wrong_secrets_are_counted_and_open_nothing),
		TEST(test_a_fourth_try_ends_the_session_even_if_it_is_right),
		TEST(test_a_wrong_secret_later_costs_a_try_too),
		TEST(test_a_farewell_of_no_known_kind_ends_the_session_otherwise),
		TEST(test_a_channels_end_goes_to_the_engine_that_asked),
		TEST(test_a_channel_that_is_not_opened_is_answered_for),
		TEST(test_a_verb_that_the_policy_does_not_name_is_denied),
		TEST(test_more_calls_than_the_bound_are_told_to_wait),
		TEST(test_units_and_verbs_that_an_honest_engine_would_not_say_end_the_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
