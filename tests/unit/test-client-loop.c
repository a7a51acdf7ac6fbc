/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves client-lib/loop.c and what it is made of: many calls on one stream,
 * each told of its end once, whatever the server and the functions called do.
 */
#include "client_fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

/* What the functions that are called write down. */
struct record {
	char text[1024];
	int calls; /* whose end is not told */
	struct exm *session;
	uint64_t other;
	int result;
};

static void note(struct record *record, const char *text)
{
	size_t used = strlen(record->text);

	snprintf(record->text + used, sizeof(record->text) - used, "%s ", text);
}

static void told(struct exm *session, int result, const char *json, void *data)
{
	const struct exm_error *error = exm_last_error(session);
	struct record *record = data;

	record->calls--;
	note(record, result == 0            ? json
		     : result == -EREMOTEIO ? error->name
					    : strerrorname_np(-result));
}

static void ask(struct world *world, struct record *record, const char *method)
{
	assert_int_equal(exm_call_async(world->session, method, NULL, -1, told, record, NULL), 0);
	record->calls++;
}

/* Once round an event loop. */
static int step(struct world *world)
{
	struct pollfd poller = { .fd = exm_get_fd(world->session),
				 .events = (short)exm_get_events(world->session) };

	assert_true(poll(&poller, 1, exm_get_timeout(world->session)) >= 0);
	return exm_process(world->session);
}

/* An event loop: until all is told, or the first error. */
static int run(struct world *world, struct record *record)
{
	while (record->calls > 0) {
		int r = step(world);

		if (r < 0)
			return record->calls > 0 ? r : 0;
	}
	return 0;
}

/* Both processes see it: a server that waits goes on once it is set. */
static atomic_bool *may_go_on;

static void make_wait(void)
{
	may_go_on = mmap(NULL, sizeof(*may_go_on), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(may_go_on != MAP_FAILED);
}

static void wait_to_go_on(void)
{
	while (!*may_go_on)
		(void)poll(NULL, 0, 5);
}

static void remember(void *data, const char *method, const char *params)
{
	(void)params;
	note(data, method);
}

static void say_note(struct server *server, const char *method)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":{}}\n",
		 method);
	say(server, text);
}

/* ---- order ------------------------------------------------------------------- */

static void answer_backwards(struct server *server)
{
	char ids[3][160];

	greet(server);
	for (int i = 0; i < 3; i++) {
		hear(server, "test.");
		strcpy(ids[i], server->id);
	}
	answer(server, ids[2], "\"result\":3");
	say_note(server, "between");
	answer(server, ids[0], "\"result\":1");
	answer(server, ids[1],
	       "\"error\":{\"code\":2,\"message\":\"no\",\"data\":{\"name\":\"DENIED\"}}");
}

static void test_answers_come_in_any_order_each_to_its_call(void **state)
{
	struct record record = { 0 };

	connect_to(*state, answer_backwards);
	exm_set_notify(((struct world *)*state)->session, remember, &record);
	ask(*state, &record, "test.one");
	ask(*state, &record, "test.two");
	ask(*state, &record, "test.three");
	assert_int_equal(run(*state, &record), 0);
	assert_string_equal(record.text, "3 between 1 DENIED ");
}

static void answer_others_first(struct server *server)
{
	char ids[2][160];

	greet(server);
	hear(server, "test.one");
	strcpy(ids[0], server->id);
	hear(server, "test.two");
	strcpy(ids[1], server->id);
	hear(server, "session.ping");
	answer(server, ids[1], "\"result\":2");
	answer(server, server->id, "\"result\":\"pong\"");
	answer(server, ids[0], "\"result\":1");
}

static void test_a_synchronous_call_keeps_the_answers_of_others(void **state)
{
	struct world *world = *state;
	struct record record = { 0 };

	connect_to(world, answer_others_first);
	ask(world, &record, "test.one");
	ask(world, &record, "test.two");
	assert_int_equal(exm_ping(world->session), 0);
	assert_string_equal(record.text, "");
	/* nothing more need come for it to be told */
	assert_int_equal(exm_get_timeout(world->session), 0);
	assert_int_equal(run(world, &record), 0);
	assert_string_equal(record.text, "2 1 ");
}

static void answer_in_one_packet(struct server *server)
{
	char both[512], one[160];

	greet(server);
	hear(server, "test.one");
	strcpy(one, server->id);
	hear(server, "session.ping");
	snprintf(both, sizeof(both),
		 "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":0}\n"
		 "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":1}\n",
		 server->id, one);
	say(server, both);
	hear(server, "session.bye");
	answer(server, server->id, "\"result\":true");
}

static void test_what_was_read_with_an_answer_is_told_without_waiting(void **state)
{
	struct world *world = *state;
	struct record record = { 0 };

	connect_to(world, answer_in_one_packet);
	ask(world, &record, "test.one");
	assert_int_equal(exm_ping(world->session), 0);
	assert_int_equal(exm_get_timeout(world->session), 0);
	assert_int_equal(exm_process(world->session), 1);
	assert_string_equal(record.text, "1 ");
	assert_int_equal(exm_process(world->session), 0);
	assert_int_equal(exm_bye(world->session), 0);
}

/* ---- partial writes ------------------------------------------------------------- */

enum { LARGE = 900000 };

static void read_late(struct server *server)
{
	greet(server);
	wait_to_go_on();
	for (int i = 0; i < 4; i++) {
		hear(server, "test.large");
		if (strlen(server->line) < LARGE)
			_exit(8);
		answer(server, server->id, "\"result\":true");
	}
}

static void test_requests_that_the_server_does_not_take_yet_are_sent_later(void **state)
{
	struct world *world = *state;
	struct record record = { 0 };
	char *params = unit_repeat('x', LARGE);

	memcpy(params, "[\"", 2);
	memcpy(params + LARGE - 2, "\"]", 2);
	make_wait();
	connect_to(world, read_late);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(exm_call_async(world->session, "test.large", params, -1, told,
						&record, NULL),
				 0);
		record.calls++;
	}
	assert_int_equal(exm_get_events(world->session), POLLIN | POLLOUT);
	*may_go_on = true;
	assert_int_equal(run(world, &record), 0);
	assert_int_equal(exm_get_events(world->session), POLLIN);
	assert_string_equal(record.text, "true true true true ");
	munmap(may_go_on, sizeof(*may_go_on));
	free(params);
}

static void hear_nothing(struct server *server)
{
	struct pollfd poller = { .fd = server->out };

	greet(server);
	/* until the client has gone */
	(void)poll(&poller, 1, -1);
}

static void test_more_than_can_wait_is_refused(void **state)
{
	struct world *world = *state;
	struct record record = { 0 };
	char *params = unit_repeat('x', LARGE);
	int r, count = 0;

	memcpy(params, "[\"", 2);
	memcpy(params + LARGE - 2, "\"]", 2);
	connect_to(world, hear_nothing);
	do
		r = exm_call_async(world->session, "test.large", params, -1, told, &record, NULL);
	while (r == 0 && ++count < 100);
	assert_int_equal(r, -ENOBUFS);
	assert_in_range(count, 10, 40);
	free(params);
}

/* ---- ends that are no answers ------------------------------------------------------ */

static void hear_two_and_go(struct server *server)
{
	greet(server);
	hear(server, "test.one");
	answer(server, server->id, "\"result\":1");
	hear(server, "test.two");
	hear(server, "test.three");
}

static void test_a_server_that_goes_ends_every_call_once(void **state)
{
	struct world *world = *state;
	struct record record = { 0 };

	connect_to(world, hear_two_and_go);
	ask(world, &record, "test.one");
	ask(world, &record, "test.two");
	ask(world, &record, "test.three");
	(void)run(world, &record);
	assert_string_equal(record.text, "1 ECONNRESET ECONNRESET ");
	assert_int_equal(exm_process(world->session), -ECONNRESET);
	assert_string_equal(record.text, "1 ECONNRESET ECONNRESET ");
	assert_int_equal(exm_ping(world->session), -ECONNRESET);
}

static void test_calls_are_told_of_a_server_that_a_synchronous_call_found_gone(void **state)
{
	struct world *world = *state;
	struct record record = { 0 };

	connect_to(world, hear_two_and_go);
	ask(world, &record, "test.one");
	ask(world, &record, "test.two");
	assert_int_equal(exm_call(world->session, "test.three", NULL, NULL), -ECONNRESET);
	(void)run(world, &record);
	assert_string_equal(record.text, "1 ECONNRESET ");
}

static void answer_the_patient(struct server *server)
{
	char late[160];

	greet(server);
	hear(server, "test.hasty");
	strcpy(late, server->id);
	hear(server, "test.patient");
	wait_to_go_on();
	answer(server, late, "\"result\":\"late\"");
	answer(server, server->id, "\"result\":\"in time\"");
}

static void test_each_call_has_its_own_time(void **state)
{
	struct world *world = *state;
	struct record record = { 0 };

	make_wait();
	connect_to(world, answer_the_patient);
	assert_int_equal(
		exm_call_async(world->session, "test.hasty", NULL, 30, told, &record, NULL), 0);
	record.calls++;
	assert_in_range(exm_get_timeout(world->session), 0, 30);
	ask(world, &record, "test.patient");
	while (record.calls > 1)
		assert_true(step(world) >= 0);
	*may_go_on = true;
	assert_int_equal(run(world, &record), 0);
	assert_string_equal(record.text, "ETIMEDOUT \"in time\" ");
	munmap(may_go_on, sizeof(*may_go_on));
}

static void complain_about_nobody(struct server *server)
{
	greet(server);
	hear(server, "test.one");
	hear(server, "test.two");
	say(server, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":12,\"message\":\"long\","
		    "\"data\":{\"name\":\"LIMIT\"}}}\n");
}

static void test_an_error_that_names_no_call_leaves_none_waiting(void **state)
{
	struct record record = { 0 };

	connect_to(*state, complain_about_nobody);
	ask(*state, &record, "test.one");
	ask(*state, &record, "test.two");
	assert_int_equal(run(*state, &record), 0);
	assert_string_equal(record.text, "LIMIT LIMIT ");
}

static void answer_badly(struct server *server)
{
	greet(server);
	hear(server, "test.one");
	answer(server, server->id, "\"nothing\":0");
	hear(server, "test.two");
	answer(server, server->id, "\"error\":{\"code\":\"x\"}");
	hear(server, "test.three");
	answer(server, server->id, "\"result\":null");
}

static void test_an_answer_that_makes_no_sense_is_told_as_such(void **state)
{
	struct record record = { 0 };

	connect_to(*state, answer_badly);
	ask(*state, &record, "test.one");
	ask(*state, &record, "test.two");
	ask(*state, &record, "test.three");
	assert_int_equal(run(*state, &record), 0);
	assert_string_equal(record.text, "EBADMSG EBADMSG null ");
}

/* ---- functions that use the session ------------------------------------------------- */

static void answer_in_turn(struct server *server)
{
	greet(server);
	for (int i = 0; i < 3; i++) {
		hear(server, "test.");
		answer(server, server->id, "\"result\":true");
	}
}

static void answer_both_at_once(struct server *server)
{
	char one[160], text[512];

	greet(server);
	hear(server, "test.one");
	strcpy(one, server->id);
	hear(server, "test.two");
	snprintf(text, sizeof(text),
		 "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":1}\n"
		 "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":2}\n",
		 one, server->id);
	say(server, text);
	/* the end, should the client wait for more */
}

static void free_session(struct exm *session, int result, const char *json, void *data)
{
	told(session, result, json, data);
	exm_free(session);
}

static void test_a_function_may_free_the_session(void **state)
{
	struct world *world = *state;
	struct record record = { .calls = 1 };

	connect_to(world, answer_both_at_once);
	assert_int_equal(exm_call_async(world->session, "test.one", NULL, -1, free_session, &record,
					NULL),
			 0);
	ask(world, &record, "test.two");
	assert_int_equal(run(world, &record), -ENOTCONN);
	world->session = NULL;
	/* nobody is told any more */
	assert_string_equal(record.text, "1 ");
}

static void cancel_other(struct exm *session, int result, const char *json, void *data)
{
	struct record *record = data;

	told(session, result, json, data);
	assert_int_equal(exm_cancel(session, record->other), 0);
	assert_int_equal(exm_cancel(session, record->other), -ENOENT);
	record->calls--;
}

static void test_a_function_may_cancel_another_call(void **state)
{
	struct world *world = *state;
	struct record record = { .calls = 2 };

	connect_to(world, answer_both_at_once);
	assert_int_equal(exm_call_async(world->session, "test.one", NULL, -1, cancel_other, &record,
					NULL),
			 0);
	assert_int_equal(exm_call_async(world->session, "test.two", NULL, -1, told, &record,
					&record.other),
			 0);
	assert_int_equal(run(world, &record), 0);
	while (exm_process(world->session) >= 0)
		;
	assert_string_equal(record.text, "1 ");
}

static void cancel_itself(struct exm *session, int result, const char *json, void *data)
{
	struct record *record = data;

	told(session, result, json, data);
	record->result = exm_cancel(session, record->other);
}

static void test_a_call_that_is_being_told_has_ended(void **state)
{
	struct world *world = *state;
	struct record record = { .calls = 1 };

	connect_to(world, hear_two_and_go);
	assert_int_equal(exm_call_async(world->session, "test.one", NULL, -1, cancel_itself,
					&record, &record.other),
			 0);
	assert_int_equal(run(world, &record), 0);
	assert_int_equal(record.result, -ENOENT);
	assert_int_equal(exm_cancel(world->session, 123456), -ENOENT);
	ask(world, &record, "test.two");
	ask(world, &record, "test.three");
	(void)run(world, &record);
}

static void call_in_between(struct exm *session, int result, const char *json, void *data)
{
	struct record *record = data;

	told(session, result, json, data);
	record->result = exm_process(session);
	assert_int_equal(exm_call(session, "test.two", NULL, NULL), 0);
	note(record, "two");
	assert_int_equal(exm_call_async(session, "test.three", NULL, -1, told, data, NULL), 0);
	record->calls++;
}

static void test_a_function_may_call_in_both_ways_but_not_process(void **state)
{
	struct world *world = *state;
	struct record record = { .calls = 1 };

	connect_to(world, answer_in_turn);
	assert_int_equal(exm_call_async(world->session, "test.one", NULL, -1, call_in_between,
					&record, NULL),
			 0);
	assert_int_equal(run(world, &record), 0);
	assert_int_equal(record.result, -EBUSY);
	assert_string_equal(record.text, "true two true ");
}

static void notify_then_answer(struct server *server)
{
	greet(server);
	hear(server, "test.one");
	say_note(server, "note");
	hear(server, "test.two");
	/* that one is answered while the first still waits */
	answer(server, server->id, "\"result\":2");
}

static void free_in_notification(void *data, const char *method, const char *params)
{
	struct record *record = data;

	(void)method;
	(void)params;
	assert_int_equal(exm_call(record->session, "test.two", NULL, NULL), 0);
	note(record, "two");
	exm_free(record->session);
}

static void test_a_synchronous_call_survives_that_the_session_is_freed(void **state)
{
	struct world *world = *state;
	struct record record = { .session = world->session };

	connect_to(world, notify_then_answer);
	exm_set_notify(world->session, free_in_notification, &record);
	assert_int_equal(exm_call(world->session, "test.one", NULL, NULL), -ECANCELED);
	world->session = NULL;
	assert_string_equal(record.text, "two ");
}

/* ---- notifications that ask ------------------------------------------------------------ */

enum { FLOOD = 3000 };

/* Whatever is asked is answered behind many notifications. */
static void flood(struct server *server)
{
	greet(server);
	for (int i = 0; i < 2; i++) {
		hear(server, "test.");
		for (int k = 0; k < FLOOD; k++)
			say_note(server, "note");
		say_note(server, "last");
		answer(server, server->id, "\"result\":true");
	}
	hear(server, "session.bye");
	answer(server, server->id, "\"result\":true");
}

struct depth {
	struct exm *session;
	int now, most, count;
	bool last;
	int processed;
};

static void ask_in_notification(void *data, const char *method, const char *params)
{
	struct depth *depth = data;

	(void)params;
	depth->now++;
	if (depth->now > depth->most)
		depth->most = depth->now;
	if (depth->count++ == 0) {
		depth->processed = exm_process(depth->session);
		assert_int_equal(exm_call(depth->session, "test.two", NULL, NULL), 0);
	}
	depth->last = strcmp(method, "last") == 0;
	depth->now--;
}

static void test_notifications_never_come_within_each_other_and_the_oldest_go(void **state)
{
	struct world *world = *state;
	struct depth depth = { .session = world->session };

	connect_to(world, flood);
	exm_set_notify(world->session, ask_in_notification, &depth);
	assert_int_equal(exm_call(world->session, "test.one", NULL, NULL), 0);
	assert_int_equal(depth.processed, -EBUSY);
	assert_int_equal(depth.most, 1);
	assert_true(depth.last);
	/* those of the second call were read within the first note: 1000 of them were kept */
	assert_in_range(depth.count, 1001, 2 * FLOOD);
	assert_int_equal(exm_bye(world->session), 0);
}

/* ---- shared sessions ------------------------------------------------------------------ */

static void test_a_shared_session_must_be_locked(void **state)
{
	struct world *world = *state;
	struct record record = { 0 };

	serve(world, answer_in_turn);
	assert_int_equal(connect_world(world, EXM_KEEP_ENV), 0);
	assert_int_equal(exm_call_async(world->session, "test.one", NULL, -1, told, &record, NULL),
			 -ENOLCK);
	assert_int_equal(exm_get_fd(world->session), -ENOLCK);
	assert_int_equal(exm_get_events(world->session), -ENOLCK);
	assert_int_equal(exm_process(world->session), -ENOLCK);
	assert_int_equal(exm_unlock(world->session), -EINVAL);
	assert_int_equal(exm_lock(world->session), 0);
	assert_int_equal(exm_lock(world->session), -EALREADY);
	ask(world, &record, "test.one");
	assert_int_equal(exm_unlock(world->session), -EBUSY);
	assert_int_equal(exm_call(world->session, "test.two", NULL, NULL), 0);
	/* the first one's end was not told */
	assert_int_equal(exm_unlock(world->session), -EBUSY);
	assert_int_equal(run(world, &record), 0);
	assert_int_equal(exm_unlock(world->session), 0);
	assert_int_equal(exm_get_fd(world->session), -ENOLCK);
	assert_int_equal(exm_call(world->session, "test.three", NULL, NULL), 0);
}

static void test_arguments_that_make_no_sense_are_refused(void **state)
{
	struct world *world = *state;
	struct exm *session = world->session;

	assert_int_equal(exm_call_async(session, "m", NULL, -1, told, NULL, NULL), -ENOTCONN);
	assert_int_equal(exm_get_fd(session), -ENOTCONN);
	assert_int_equal(exm_get_events(session), -ENOTCONN);
	assert_int_equal(exm_process(session), -ENOTCONN);
	assert_int_equal(exm_lock(session), -ENOTCONN);
	assert_int_equal(exm_get_timeout(session), -1);
	assert_int_equal(exm_call_async(NULL, "m", NULL, -1, told, NULL, NULL), -EINVAL);
	assert_int_equal(exm_call_async(session, NULL, NULL, -1, told, NULL, NULL), -EINVAL);
	assert_int_equal(exm_call_async(session, "m", NULL, -1, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(exm_call_async(session, "m", "3", -1, told, NULL, NULL), -EINVAL);
	assert_int_equal(exm_cancel(NULL, 1), -EINVAL);
	assert_int_equal(exm_process(NULL), -EINVAL);
	assert_int_equal(exm_get_timeout(NULL), -1);
	assert_int_equal(exm_unlock(NULL), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CLIENT_TEST(test_answers_come_in_any_order_each_to_its_call),
		CLIENT_TEST(test_a_synchronous_call_keeps_the_answers_of_others),
		CLIENT_TEST(test_what_was_read_with_an_answer_is_told_without_waiting),
		CLIENT_TEST(test_requests_that_the_server_does_not_take_yet_are_sent_later),
		CLIENT_TEST(test_more_than_can_wait_is_refused),
		CLIENT_TEST(test_a_server_that_goes_ends_every_call_once),
		CLIENT_TEST(test_calls_are_told_of_a_server_that_a_synchronous_call_found_gone),
		CLIENT_TEST(test_each_call_has_its_own_time),
		CLIENT_TEST(test_an_error_that_names_no_call_leaves_none_waiting),
		CLIENT_TEST(test_an_answer_that_makes_no_sense_is_told_as_such),
		CLIENT_TEST(test_a_function_may_free_the_session),
		CLIENT_TEST(test_a_function_may_cancel_another_call),
		CLIENT_TEST(test_a_call_that_is_being_told_has_ended),
		CLIENT_TEST(test_a_function_may_call_in_both_ways_but_not_process),
		CLIENT_TEST(test_a_synchronous_call_survives_that_the_session_is_freed),
		CLIENT_TEST(test_notifications_never_come_within_each_other_and_the_oldest_go),
		CLIENT_TEST(test_a_shared_session_must_be_locked),
		CLIENT_TEST(test_arguments_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
