/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves client-lib/batch*.c: what is put in is what the functions that wait ask for, each result
 * and error is found by its index, whatever the server says and in whatever order.
 */
#include "client_fixture.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/json.h"

struct fixture {
	struct world *world;
	struct exm_batch *batch;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	void *world = NULL;

	assert_non_null(f);
	assert_int_equal(client_setup(&world), 0);
	f->world = world;
	assert_int_equal(exm_batch_new(&f->batch), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *world = f->world;

	exm_batch_free(f->batch);
	free(f);
	return client_teardown(&world);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* ---- the server's side --------------------------------------------------------------- */

static struct json_object *hear_batch(struct server *server)
{
	struct json_object *list = NULL;
	struct json_error error;

	hear(server, "[");
	if (server->line[0] != '[' ||
	    json_parse(server->line, strlen(server->line), 64, &list, &error) < 0)
		_exit(10);
	return list;
}

static const char *id_at(const struct json_object *list, size_t index)
{
	return json_string(json_get(json_at(list, index), "id"), NULL);
}

/* One element of an array, or a line of its own. */
static void say_one(const struct server *server, const char *id, const char *rest)
{
	scoped_ptr char *text = NULL;

	if (asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",%s}", id, rest) < 0)
		_exit(6);
	say(server, text);
}

static void say_all(const struct server *server, const struct json_object *list,
		    const char *const *rest)
{
	for (size_t i = 0; i < json_length(list); i++) {
		say(server, i == 0 ? "[" : ",");
		say_one(server, id_at(list, i), rest[i]);
	}
	say(server, "]\n");
}

/* ---- results ------------------------------------------------------------------------- */

#define DENIED_DATA "{\"name\":\"DENIED\",\"rule\":\"Set=x\"}"
#define DENIED_ERROR "\"error\":{\"code\":2,\"message\":\"no\",\"data\":" DENIED_DATA "}"

static void answer_kinds(struct server *server)
{
	static const char *const rest[] = {
		"\"result\":\"value\"",
		"\"result\":null",
		"\"result\":true",
		"\"result\":3",
		"\"result\":[\"/a\",\"/b\"]",
		"\"result\":[{\"path\":\"/a\",\"value\":\"x\",\"children\":1}]",
		"\"result\":{\"changed\":true,\"path\":\"/a\"}",
		"\"result\":{\"count\":2,\"created\":false}",
		DENIED_ERROR,
		"\"nothing\":0",
	};
	scoped_json *list = NULL;

	greet(server);
	list = hear_batch(server);
	say_all(server, list, rest);
}

static void fill_kinds(struct exm_batch *b)
{
	assert_int_equal(exm_batch_get(b, "/files/a"), 0);
	assert_int_equal(exm_batch_get(b, "/files/b"), 1);
	assert_int_equal(exm_batch_set(b, "/files/a", "x"), 2);
	assert_int_equal(exm_batch_remove(b, "/files/a"), 3);
	assert_int_equal(exm_batch_match(b, "/files/*"), 4);
	assert_int_equal(exm_batch_match_nodes(b, "/files/*"), 5);
	assert_int_equal(exm_batch_ensure(b, "/files/a", "x"), 6);
	assert_int_equal(exm_batch_defnode(b, "n", "/files/a", NULL), 7);
	assert_int_equal(exm_batch_call(b, "service.stop", "{\"unit\":\"x.service\"}"), 8);
	assert_int_equal(exm_batch_label(b, "/files/a"), 9);
	assert_int_equal(exm_batch_count(b), 10);
}

static void check_kinds(struct exm_batch *b)
{
	struct exm_node **nodes = NULL;
	char *text = NULL, **texts = NULL;

	assert_int_equal(exm_batch_text(b, 0, &text), 0);
	assert_string_equal(text, "value");
	free(text);
	assert_int_equal(exm_batch_text(b, 1, &text), 0);
	assert_null(text);
	assert_int_equal(exm_batch_json(b, 2, &text), 0);
	assert_string_equal(text, "true");
	free(text);
	assert_int_equal(exm_batch_number(b, 3), 3);
	assert_int_equal(exm_batch_texts(b, 4, &texts), 2);
	assert_string_equal(texts[1], "/b");
	assert_null(texts[2]);
	free(texts);
	assert_int_equal(exm_batch_nodes(b, 5, &nodes), 1);
	assert_string_equal(nodes[0]->value, "x");
	free(nodes);
	assert_int_equal(exm_batch_number(b, 6), 1);
	assert_int_equal(exm_batch_number(b, 7), 2);
}

static void check_errors(struct exm_batch *b)
{
	const struct exm_error *error = exm_batch_error(b, 8);
	char *text = NULL;

	assert_int_equal(exm_batch_result(b, 8), -EREMOTEIO);
	assert_non_null(error);
	assert_int_equal(error->code, EXM_ERROR_DENIED);
	assert_string_equal(error->name, "DENIED");
	assert_int_equal(exm_batch_error_field(b, 8, "rule", &text), 0);
	assert_string_equal(text, "Set=x");
	free(text);
	assert_int_equal(exm_batch_error_field(b, 8, "unit", &text), -ENOENT);
	assert_int_equal(exm_batch_number(b, 8), -EREMOTEIO);
	assert_int_equal(exm_batch_result(b, 9), -EBADMSG);
	assert_null(exm_batch_error(b, 9));
	assert_null(exm_batch_error(b, 0));
	assert_int_equal(exm_batch_error_field(b, 0, "rule", &text), -ENOENT);
	/* of another kind than it is asked for */
	assert_int_equal(exm_batch_number(b, 0), -EBADMSG);
	assert_int_equal(exm_batch_text(b, 3, &text), -EBADMSG);
	assert_int_equal(exm_batch_result(b, 10), -EINVAL);
	assert_int_equal(exm_batch_result(b, -1), -EINVAL);
	assert_null(exm_batch_error(b, 10));
}

static void test_each_result_and_error_is_found_by_its_index(void **state)
{
	struct fixture *f = *state;

	connect_to(f->world, answer_kinds);
	fill_kinds(f->batch);
	assert_int_equal(exm_batch_result(f->batch, 0), -ENODATA);
	assert_int_equal(exm_batch_run(f->world->session, f->batch), 2);
	check_kinds(f->batch);
	check_errors(f->batch);
	assert_int_equal(exm_batch_reset(f->batch), 0);
	assert_int_equal(exm_batch_count(f->batch), 0);
	assert_int_equal(exm_batch_result(f->batch, 0), -EINVAL);
}

/* ---- the same as without a batch ------------------------------------------------------- */

/* What is asked, but for the id. */
static char *asked(const struct json_object *request)
{
	const char *params = json_text(json_get(request, "params"), NULL);
	char *text;

	if (asprintf(&text, "%s %s", json_string(json_get(request, "method"), NULL), params) < 0)
		_exit(6);
	return text;
}

static void compare_with_single_ones(struct server *server)
{
	scoped_json *list = NULL;

	greet(server);
	list = hear_batch(server);
	say(server, "[");
	for (size_t i = 0; i < json_length(list); i++) {
		say(server, i ? "," : "");
		say_one(server, id_at(list, i), "\"result\":0");
	}
	say(server, "]\n");
	for (size_t i = 0; i < json_length(list); i++) {
		scoped_ptr char *in_batch = asked(json_at(list, i)), *alone = NULL;
		scoped_json *request = NULL;
		struct json_error error;

		hear(server, "");
		if (json_parse(server->line, strlen(server->line), 64, &request, &error) < 0)
			_exit(11);
		alone = asked(request);
		if (strcmp(in_batch, alone) != 0) {
			fprintf(stderr, "%s\n%s\n", in_batch, alone);
			_exit(12);
		}
		answer(server, server->id, "\"error\":{\"code\":1,\"message\":\"\"}");
	}
}

/* X(name, arguments), with `out` where the function that waits hands something out */
#define PAIRS(X) \
	X(get, ("p"), ("p", &text)) \
	X(set, ("p", "v"), ("p", "v")) \
	X(setm, ("b", NULL, "v"), ("b", NULL, "v")) \
	X(ensure, ("p", NULL), ("p", NULL)) \
	X(clear, ("p"), ("p")) \
	X(match, ("p"), ("p", &texts)) \
	X(match_nodes, ("p"), ("p", &nodes)) \
	X(insert, ("p", "l", true), ("p", "l", true)) \
	X(remove, ("p"), ("p")) \
	X(move, ("p", "q"), ("p", "q")) \
	X(copy, ("p", "q"), ("p", "q")) \
	X(rename, ("p", "l"), ("p", "l")) \
	X(label, ("p"), ("p", &text)) \
	X(defvar, ("n", NULL), ("n", NULL)) \
	X(defnode, ("n", "p", "v"), ("n", "p", "v", NULL)) \
	X(call, ("x.y", "{\"a\":[1]}"), ("x.y", "{\"a\":[1]}", NULL))

#define BARE(...) __VA_ARGS__

static void test_what_is_put_in_is_what_is_asked_without_a_batch(void **state)
{
	struct fixture *f = *state;
	struct exm_node **nodes;
	char *text, **texts;
	int count = 0;

	connect_to(f->world, compare_with_single_ones);
#define X(name, in_batch, alone) \
	assert_int_equal(exm_batch_##name(f->batch, BARE in_batch), count++);
	PAIRS(X)
#undef X
	assert_int_equal(exm_batch_run(f->world->session, f->batch), 0);
#define X(name, in_batch, alone) \
	assert_int_equal(exm_##name(f->world->session, BARE alone), -EREMOTEIO);
	PAIRS(X)
#undef X
}

/* ---- many ------------------------------------------------------------------------------ */

enum { MANY = 2500, IN_ONE_LINE = 1000 };

static void answer_in_parts_backwards(struct server *server)
{
	struct json_object *lists[3];

	greet(server);
	for (int i = 0; i < 3; i++) {
		lists[i] = hear_batch(server);
		if (json_length(lists[i]) != (i < 2 ? IN_ONE_LINE : MANY - 2 * IN_ONE_LINE))
			_exit(20);
	}
	for (int i = 2; i >= 0; i--) {
		for (size_t k = json_length(lists[i]); k > 0; k--) {
			char rest[64];

			snprintf(rest, sizeof(rest), "\"result\":\"%zu\"",
				 (size_t)i * IN_ONE_LINE + k - 1);
			say(server, k == json_length(lists[i]) ? "[" : ",");
			say_one(server, id_at(lists[i], k - 1), rest);
		}
		say(server, "]\n");
		json_free(lists[i]);
	}
}

static void test_more_than_one_line_takes_are_sent_in_several_at_once(void **state)
{
	struct fixture *f = *state;

	connect_to(f->world, answer_in_parts_backwards);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(exm_batch_get(f->batch, "/files/x"), i);
	assert_int_equal(exm_batch_run(f->world->session, f->batch), 0);
	for (int i = 0; i < MANY; i++) {
		scoped_ptr char *text = NULL;

		assert_int_equal(exm_batch_text(f->batch, i, &text), 0);
		assert_int_equal(atoi(text), i);
	}
}

static void answer_long_lines(struct server *server)
{
	size_t count = 0;

	greet(server);
	while (count < 3) {
		scoped_json *list = hear_batch(server);

		if (strlen(server->line) > 1 << 20)
			_exit(21);
		for (size_t i = 0; i < json_length(list); i++, count++) {
			say_one(server, id_at(list, i), "\"result\":true");
			say(server, "\n");
		}
	}
}

static void test_lines_are_no_longer_than_the_server_takes(void **state)
{
	struct fixture *f = *state;
	char *large = unit_repeat('x', 600000), *too_large = unit_repeat('x', 1 << 20);
	int r;

	connect_to(f->world, answer_long_lines);
	for (int i = 0; i < 3; i++)
		assert_int_equal(exm_batch_set(f->batch, "/files/x", large), i);
	assert_int_equal(exm_batch_set(f->batch, "/files/x", too_large), -EMSGSIZE);
	assert_int_equal(exm_batch_run(f->world->session, f->batch), 0);
	do
		r = exm_batch_set(f->batch, "/files/x", large);
	while (r >= 0 && r < 100);
	assert_int_equal(r, -ENOBUFS);
	free(large);
	free(too_large);
}

/* ---- ends that are no answers ------------------------------------------------------------ */

static void answer_one_of_two_and_go(struct server *server)
{
	scoped_json *list = NULL;

	greet(server);
	list = hear_batch(server);
	say_one(server, id_at(list, 1), "\"result\":true");
	say(server, "\n");
}

static void test_what_was_answered_before_the_server_went_has_its_result(void **state)
{
	struct fixture *f = *state;

	connect_to(f->world, answer_one_of_two_and_go);
	assert_int_equal(exm_batch_clear(f->batch, "/files/a"), 0);
	assert_int_equal(exm_batch_clear(f->batch, "/files/b"), 1);
	assert_int_equal(exm_batch_run(f->world->session, f->batch), -ECONNRESET);
	assert_int_equal(exm_batch_result(f->batch, 0), -ECONNRESET);
	assert_int_equal(exm_batch_result(f->batch, 1), 0);
	/* and again, with nothing left of the first time */
	assert_int_equal(exm_batch_run(f->world->session, f->batch), -ECONNRESET);
	assert_int_equal(exm_batch_result(f->batch, 1), -ECONNRESET);
}

static void answer_nonsense(struct server *server)
{
	scoped_json *list = NULL;
	char call[160], text[1400];

	greet(server);
	list = hear_batch(server);
	snprintf(call, sizeof(call), "%s", id_at(list, 0));
	*strrchr(call, '.') = '\0';
	/* ids that are none of these, of no kind, and one twice */
	snprintf(
		text, sizeof(text),
		"[{\"id\":\"%s.2\",\"result\":0},{\"id\":\"%s.-1\",\"result\":0},"
		"{\"id\":\"%s.99999999999999999999\",\"result\":0},{\"id\":\"%s.\",\"result\":0},"
		"{\"id\":7,\"result\":0},{\"id\":\".0\",\"result\":0},null,3,[],{},"
		"{\"id\":\"%s.0\",\"result\":\"first\"},{\"id\":\"%s.0\",\"result\":\"second\"}]\n",
		call, call, call, call, call, call);
	say(server, text);
	say(server, "[]\n[[]]\n[1\n");
	snprintf(text, sizeof(text), "{\"id\":\"%s.1\",\"result\":\"last\"}\n", call);
	say(server, text);
}

static void test_answers_that_are_none_are_passed_over(void **state)
{
	struct fixture *f = *state;
	char *text;

	connect_to(f->world, answer_nonsense);
	assert_int_equal(exm_batch_get(f->batch, "/files/a"), 0);
	assert_int_equal(exm_batch_get(f->batch, "/files/b"), 1);
	assert_int_equal(exm_batch_run(f->world->session, f->batch), 0);
	assert_int_equal(exm_batch_text(f->batch, 0, &text), 0);
	assert_string_equal(text, "first");
	free(text);
	assert_int_equal(exm_batch_text(f->batch, 1, &text), 0);
	assert_string_equal(text, "last");
	free(text);
}

static void refuse_as_a_whole(struct server *server)
{
	scoped_json *list = NULL, *again = NULL;
	char call[160];

	greet(server);
	list = hear_batch(server);
	say(server, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":12,\"message\":\"many\","
		    "\"data\":{\"name\":\"LIMIT\"}}}\n");
	again = hear_batch(server);
	snprintf(call, sizeof(call), "%s", id_at(again, 0));
	*strrchr(call, '.') = '\0';
	answer(server, call, "\"result\":0");
}

static void test_a_batch_that_is_refused_as_a_whole_says_so(void **state)
{
	struct fixture *f = *state;

	connect_to(f->world, refuse_as_a_whole);
	assert_int_equal(exm_batch_get(f->batch, "/files/a"), 0);
	assert_int_equal(exm_batch_run(f->world->session, f->batch), -EREMOTEIO);
	assert_error(f->world, EXM_ERROR_LIMIT, "LIMIT");
	assert_int_equal(exm_batch_result(f->batch, 0), -EREMOTEIO);
	assert_null(exm_batch_error(f->batch, 0));
	/* and one answer for all makes no sense */
	assert_int_equal(exm_batch_run(f->world->session, f->batch), -EBADMSG);
	assert_int_equal(exm_batch_result(f->batch, 0), -EBADMSG);
}

/* What waits for a call is answered alone, and all else of the batch never. */
static void lose_the_engine(struct server *server)
{
	scoped_json *list = NULL;

	greet(server);
	list = hear_batch(server);
	say_one(server, id_at(list, 1),
		"\"error\":{\"code\":14,\"message\":\"lost\",\"data\":{\"name\":\"ENGINE_LOST\"}}");
	say(server, "\n");
}

static void test_a_batch_whose_engine_was_lost_ends(void **state)
{
	struct fixture *f = *state;

	connect_to(f->world, lose_the_engine);
	exm_set_timeout(f->world->session, -1);
	assert_int_equal(exm_batch_get(f->batch, "/files/a"), 0);
	assert_int_equal(exm_batch_call(f->batch, "service.stop", "{\"unit\":\"x.service\"}"), 1);
	assert_int_equal(exm_batch_run(f->world->session, f->batch), -EREMOTEIO);
	assert_error(f->world, EXM_ERROR_ENGINE_LOST, "ENGINE_LOST");
	assert_int_equal(exm_batch_result(f->batch, 1), -EREMOTEIO);
	assert_string_equal(exm_batch_error(f->batch, 1)->name, "ENGINE_LOST");
	assert_int_equal(exm_batch_result(f->batch, 0), -EREMOTEIO);
	assert_null(exm_batch_error(f->batch, 0));
}

/* ---- without waiting --------------------------------------------------------------------- */

struct told {
	int count;
	int result;
	bool again;
	bool free_session;
};

static void on_end(struct exm *session, int result, struct exm_batch *batch, void *data)
{
	struct told *told = data;

	told->count++;
	told->result = result;
	if (told->again) {
		told->again = false;
		assert_int_equal(exm_batch_run_async(session, batch, -1, on_end, told, NULL), 0);
	} else if (told->free_session) {
		exm_batch_free(batch);
		exm_free(session);
	}
}

static int run_loop(struct exm *session, const struct told *told, int count)
{
	int r = 0;

	while (told->count < count && r >= 0) {
		struct pollfd poller = { .fd = exm_get_fd(session),
					 .events = (short)exm_get_events(session) };

		assert_true(poll(&poller, 1, exm_get_timeout(session)) >= 0);
		r = exm_process(session);
	}
	return r;
}

static void answer_twice(struct server *server)
{
	static const char *const rest[] = { "\"result\":\"a\"", "\"result\":null" };

	greet(server);
	for (int i = 0; i < 2; i++) {
		scoped_json *list = hear_batch(server);

		say_all(server, list, rest);
	}
}

static void test_a_batch_can_be_run_without_waiting_and_again_from_its_end(void **state)
{
	struct fixture *f = *state;
	struct told told = { .again = true };
	char *text;

	connect_to(f->world, answer_twice);
	assert_int_equal(exm_batch_get(f->batch, "/files/a"), 0);
	assert_int_equal(exm_batch_get(f->batch, "/files/b"), 1);
	assert_int_equal(exm_batch_run_async(f->world->session, f->batch, -1, on_end, &told, NULL),
			 0);
	/* until then it is not the caller's to change */
	assert_int_equal(exm_batch_get(f->batch, "/files/c"), -EBUSY);
	assert_int_equal(exm_batch_reset(f->batch), -EBUSY);
	assert_int_equal(exm_batch_run(f->world->session, f->batch), -EBUSY);
	assert_int_equal(exm_batch_run_async(f->world->session, f->batch, -1, on_end, &told, NULL),
			 -EBUSY);
	assert_int_equal(exm_batch_result(f->batch, 0), -EINPROGRESS);
	assert_true(run_loop(f->world->session, &told, 2) >= 0);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.result, 0);
	assert_int_equal(exm_batch_text(f->batch, 0, &text), 0);
	assert_string_equal(text, "a");
	free(text);
}

static void test_batch_and_session_may_be_freed_from_its_end(void **state)
{
	struct fixture *f = *state;
	struct told told = { .free_session = true };

	connect_to(f->world, answer_kinds);
	fill_kinds(f->batch);
	assert_int_equal(exm_batch_run_async(f->world->session, f->batch, -1, on_end, &told, NULL),
			 0);
	assert_int_equal(run_loop(f->world->session, &told, 1), -ENOTCONN);
	f->world->session = NULL;
	f->batch = NULL;
	assert_int_equal(told.result, 2);
}

static void hear_and_wait(struct server *server)
{
	struct pollfd poller = { .fd = server->out };
	scoped_json *list = NULL;

	greet(server);
	list = hear_batch(server);
	(void)poll(&poller, 1, -1);
}

static void test_a_batch_that_runs_may_be_freed(void **state)
{
	struct fixture *f = *state;
	struct told told = { 0 };

	connect_to(f->world, hear_and_wait);
	assert_int_equal(exm_batch_get(f->batch, "/files/a"), 0);
	assert_int_equal(exm_batch_run_async(f->world->session, f->batch, 0, on_end, &told, NULL),
			 0);
	f->batch = exm_batch_free(f->batch);
	assert_int_equal(exm_process(f->world->session), 0);
	assert_int_equal(told.count, 0);
}

static void test_a_batch_outlives_its_session(void **state)
{
	struct fixture *f = *state;
	struct told told = { 0 };

	connect_to(f->world, hear_and_wait);
	assert_int_equal(exm_batch_get(f->batch, "/files/a"), 0);
	assert_int_equal(exm_batch_run_async(f->world->session, f->batch, -1, on_end, &told, NULL),
			 0);
	f->world->session = exm_free(f->world->session);
	assert_int_equal(exm_batch_result(f->batch, 0), -ECANCELED);
	assert_int_equal(exm_batch_reset(f->batch), 0);
	assert_int_equal(told.count, 0);
}

static void test_a_batch_has_its_own_time_and_can_be_cancelled(void **state)
{
	struct fixture *f = *state;
	struct told told = { 0 };
	uint64_t call;

	connect_to(f->world, hear_and_wait);
	assert_int_equal(exm_batch_get(f->batch, "/files/a"), 0);
	assert_int_equal(exm_batch_run_async(f->world->session, f->batch, 20, on_end, &told, NULL),
			 0);
	assert_true(run_loop(f->world->session, &told, 1) >= 0);
	assert_int_equal(told.result, -ETIMEDOUT);
	assert_int_equal(exm_batch_result(f->batch, 0), -ETIMEDOUT);
	assert_int_equal(exm_batch_run_async(f->world->session, f->batch, 0, on_end, &told, &call),
			 0);
	assert_int_equal(exm_cancel(f->world->session, call), 0);
	assert_int_equal(exm_batch_result(f->batch, 0), -ECANCELED);
	assert_int_equal(exm_process(f->world->session), 0);
	assert_int_equal(told.count, 1);
}

static void notify_in_between(struct server *server)
{
	scoped_json *list = NULL;

	greet(server);
	list = hear_batch(server);
	say(server, "{\"jsonrpc\":\"2.0\",\"method\":\"note\"}\n");
	say_one(server, id_at(list, 0), "\"result\":\"a\"");
	say(server, "\n");
}

static void free_batch(void *data, const char *method, const char *params)
{
	struct fixture *f = data;

	assert_string_equal(method, "note");
	assert_null(params);
	f->batch = exm_batch_free(f->batch);
}

static void test_a_batch_may_be_freed_while_somebody_waits_for_it(void **state)
{
	struct fixture *f = *state;

	connect_to(f->world, notify_in_between);
	exm_set_notify(f->world->session, free_batch, f);
	assert_int_equal(exm_batch_get(f->batch, "/files/a"), 0);
	assert_int_equal(exm_batch_run(f->world->session, f->batch), 0);
	assert_null(f->batch);
}

static void test_arguments_that_make_no_sense_are_refused(void **state)
{
	struct fixture *f = *state;
	struct exm_batch *batch = f->batch;
	char *text, **texts;

	assert_int_equal(exm_batch_new(NULL), -EINVAL);
	assert_null(exm_batch_free(NULL));
	assert_int_equal(exm_batch_reset(NULL), -EINVAL);
	assert_int_equal(exm_batch_count(NULL), 0);
	assert_int_equal(exm_batch_get(NULL, "p"), -EINVAL);
	assert_int_equal(exm_batch_get(batch, NULL), -EINVAL);
	assert_int_equal(exm_batch_call(batch, NULL, NULL), -EINVAL);
	assert_int_equal(exm_batch_call(batch, "m", "3"), -EINVAL);
	assert_int_equal(exm_batch_call(batch, "m", "{"), -EINVAL);
	assert_int_equal(exm_batch_run(NULL, batch), -EINVAL);
	assert_int_equal(exm_batch_run(f->world->session, NULL), -EINVAL);
	assert_int_equal(exm_batch_run(f->world->session, batch), 0);
	assert_int_equal(exm_batch_run_async(f->world->session, batch, 0, on_end, NULL, NULL),
			 -EINVAL);
	assert_int_equal(exm_batch_get(batch, "p"), 0);
	assert_int_equal(exm_batch_run(f->world->session, batch), -ENOTCONN);
	assert_int_equal(exm_batch_result(batch, 0), -ENOTCONN);
	assert_int_equal(exm_batch_run_async(f->world->session, batch, 0, NULL, NULL, NULL),
			 -EINVAL);
	assert_int_equal(exm_batch_run_async(f->world->session, batch, 0, on_end, NULL, NULL),
			 -ENOTCONN);
	assert_int_equal(exm_batch_text(batch, 0, NULL), -EINVAL);
	assert_int_equal(exm_batch_text(batch, 0, &text), -ENOTCONN);
	assert_int_equal(exm_batch_texts(batch, 0, &texts), -ENOTCONN);
	assert_int_equal(exm_batch_result(NULL, 0), -EINVAL);
	assert_int_equal(exm_batch_error_field(batch, 0, NULL, &text), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_each_result_and_error_is_found_by_its_index),
		TEST(test_what_is_put_in_is_what_is_asked_without_a_batch),
		TEST(test_more_than_one_line_takes_are_sent_in_several_at_once),
		TEST(test_lines_are_no_longer_than_the_server_takes),
		TEST(test_what_was_answered_before_the_server_went_has_its_result),
		TEST(test_answers_that_are_none_are_passed_over),
		TEST(test_a_batch_that_is_refused_as_a_whole_says_so),
		TEST(test_a_batch_whose_engine_was_lost_ends),
		TEST(test_a_batch_can_be_run_without_waiting_and_again_from_its_end),
		TEST(test_batch_and_session_may_be_freed_from_its_end),
		TEST(test_a_batch_that_runs_may_be_freed),
		TEST(test_a_batch_outlives_its_session),
		TEST(test_a_batch_has_its_own_time_and_can_be_cancelled),
		TEST(test_a_batch_may_be_freed_while_somebody_waits_for_it),
		TEST(test_arguments_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
