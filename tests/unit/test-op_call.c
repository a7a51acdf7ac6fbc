/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/op_call.c: calls that end for an engine that may not listen. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "monitor/op_call.h"
#include "monitor/session.h"

struct world {
	struct session_host host;
	struct transaction *transaction;
	struct calls_under_way calls;
	struct session session;
	int engine;
	int ended; /* how often */
	enum session_end how;
};

static void on_ended(enum session_end how, void *data)
{
	struct world *w = data;

	w->ended++;
	w->how = how;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->host = (struct session_host){ .calls = &w->calls,
					 .transaction = &w->transaction,
					 .user = "panel" };
	w->session.host = &w->host;
	w->session.ended = on_ended;
	w->session.ended_data = w;
	w->session.engine = 4711;
	assert_int_equal(channel_pair(&w->session.channel, &w->engine), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	op_call_orphan(&w->session);
	close_fd(w->session.channel);
	close_fd(w->engine);
	free(w);
	return 0;
}

static struct op_call *begin(struct world *w, uint32_t ticket)
{
	struct op_call *call;

	assert_int_equal(
		op_call_new(&w->session, ticket, "service.status", "x.service", NULL, &call), 0);
	return call;
}

static const struct message done = { .type = MON_JOB, .job = { .ticket = 1 } };

/* What is logged meanwhile. */
static char *end(struct op_call *call)
{
	unit_capture_begin();
	op_call_end(call, &done, -1, JOB_DONE, "", false);
	return unit_capture_end();
}

static void fill_channel(struct world *w)
{
	int r;

	do {
		r = session_reply(&w->session, &done, -1);
	} while (r == 0);
	assert_int_equal(r, -EAGAIN);
}

static void test_an_engine_that_does_not_read_breaks_the_protocol(void **state)
{
	struct world *w = *state;
	struct op_call *call = begin(w, 1), *other = begin(w, 2);
	scoped_ptr char *logged = NULL, *more = NULL;

	fill_channel(w);
	logged = end(call);
	assert_int_equal(w->ended, 1);
	assert_int_equal(w->how, SESSION_PROTOCOL);
	assert_non_null(strstr(logged, "engine 4711 broke the protocol"));
	/* one line and one end, however much it is not told */
	more = end(other);
	assert_int_equal(w->ended, 1);
	assert_string_equal(more, "");
}

static void test_an_engine_that_is_gone_breaks_nothing(void **state)
{
	struct world *w = *state;
	struct op_call *call = begin(w, 1);
	scoped_ptr char *logged = NULL;

	w->engine = close_fd(w->engine);
	logged = end(call);
	assert_int_equal(w->ended, 0);
	assert_string_equal(logged, "");
}

static void test_another_engine_is_not_told(void **state)
{
	struct world *w = *state;
	struct op_call *call = begin(w, 1);
	scoped_ptr char *logged = NULL;

	fill_channel(w);
	w->session.engine_generation++;
	logged = end(call);
	assert_int_equal(w->ended, 0);
	assert_string_equal(logged, "");
}

static void test_no_more_calls_than_there_may_be(void **state)
{
	struct world *w = *state;
	struct op_call *call[JOBS_MAX], *more;

	for (uint32_t i = 0; i < JOBS_MAX; i++)
		call[i] = begin(w, i);
	assert_int_equal(w->calls.count, JOBS_MAX);
	assert_int_equal(op_call_new(&w->session, JOBS_MAX, "m", "s", NULL, &more), -EBUSY);
	for (uint32_t i = 0; i < JOBS_MAX; i++)
		op_call_drop(call[i]);
	assert_int_equal(w->calls.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_an_engine_that_does_not_read_breaks_the_protocol),
		TEST(test_an_engine_that_is_gone_breaks_nothing),
		TEST(test_another_engine_is_not_told),
		TEST(test_no_more_calls_than_there_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
