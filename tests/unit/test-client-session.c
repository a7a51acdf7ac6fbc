/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves client-lib/: connecting, one request and its answer on a stream where
 * anything may be left over, and errors.
 */
#include "client_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* ---- connecting -------------------------------------------------------------------- */

static void test_connecting_shows_the_secret(void **state)
{
	struct world *world = *state;
	int secret_fd = world->secret_fd;

	connect_to(world, greet);
	assert_null(exm_last_error(world->session));
	/* it was the session's, and nobody needs it any more */
	assert_int_equal(fcntl(secret_fd, F_GETFD), -1);
	assert_int_equal(exm_connect_fds(world->session, 0, 0, 0), -EISCONN);
}

static void refuse(struct server *server)
{
	hear(server, "session.hello");
	answer(server, server->id, HELLO);
	hear(server, "session.authenticate");
	answer(server, server->id,
	       "\"error\":{\"code\":1,\"message\":\"wrong\","
	       "\"data\":{\"name\":\"UNAUTHENTICATED\",\"tries_left\":2}}");
}

static void test_a_wrong_secret_is_told_and_leaves_the_descriptors(void **state)
{
	struct world *world = *state;
	char *text;

	serve(world, refuse);
	assert_int_equal(connect_world(world, 0), -EREMOTEIO);
	assert_error(world, EXM_ERROR_UNAUTHENTICATED, "UNAUTHENTICATED");
	assert_string_equal(exm_strerror(world->session, -EREMOTEIO), "wrong");
	assert_int_equal(exm_error_field(world->session, "tries_left", &text), 0);
	assert_string_equal(text, "2");
	free(text);
	assert_int_equal(exm_error_field(world->session, "path", &text), -ENOENT);
	assert_int_not_equal(fcntl(world->fd, F_GETFD), -1);
	assert_int_not_equal(fcntl(world->secret_fd, F_GETFD), -1);
	assert_int_equal(exm_ping(world->session), -ENOTCONN);
}

static void test_what_is_no_secret_is_never_sent(void **state)
{
	static const char *const texts[] = {
		"",         "\n",          "abc",         DIGITS "0",
		DIGITS " ", DIGITS "\n\n", DIGITS "\r\n", "g123456789abcdef" DIGITS,
		"g" DIGITS,
	};
	struct world *world = *state;
	char byte;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		close_fd(world->secret_fd);
		world->secret_fd = secret_file(texts[i]);
		assert_int_equal(connect_world(world, 0), -EKEYREJECTED);
	}
	assert_int_equal(recv(world->peer, &byte, 1, MSG_DONTWAIT), -1);
}

static void speak_another_protocol(struct server *server)
{
	hear(server, "session.hello");
	answer(server, server->id, "\"result\":{\"server\":\"exmachina\",\"protocol\":2}");
}

static void test_another_protocol_is_not_spoken(void **state)
{
	serve(*state, speak_another_protocol);
	assert_int_equal(connect_world(*state, 0), -EPROTONOSUPPORT);
}

static void be_busy(struct server *server)
{
	say(server, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":13,\"message\":\"busy\","
		    "\"data\":{\"name\":\"BUSY\"}}}\n");
}

static void test_a_busy_server_says_so_before_it_closes(void **state)
{
	struct world *world = *state;
	int status;

	/* it has closed already when the client begins to write */
	serve(world, be_busy);
	assert_int_equal(waitpid(world->server, &status, 0), world->server);
	world->server = 0;
	assert_int_equal(connect_world(world, 0), -EREMOTEIO);
	assert_error(world, EXM_ERROR_BUSY, "BUSY");
}

static void complain_then_greet(struct server *server)
{
	say(server, "remains\"}\n{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,"
		    "\"message\":\"no\",\"data\":{\"name\":\"PARSE\",\"offset\":0}}}\n");
	greet(server);
}

static void test_connecting_passes_over_the_remains_of_a_killed_predecessor(void **state)
{
	connect_to(*state, complain_then_greet);
}

static void hang_up(struct server *server)
{
	hear(server, "session.hello");
}

static void test_a_server_that_goes_while_connecting_is_told(void **state)
{
	serve(*state, hang_up);
	assert_int_equal(connect_world(*state, 0), -ECONNRESET);
}

static void test_a_silent_server_is_given_up(void **state)
{
	struct world *world = *state;

	exm_set_timeout(world->session, 50);
	assert_int_equal(connect_world(world, 0), -ETIMEDOUT);
	assert_int_equal(connect_world(world, 0x80), -EINVAL);
}

static void put_into_environment(const struct world *world)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", world->fd);
	setenv("EXMACHINA_FD", number, 1);
	snprintf(number, sizeof(number), "%d", world->secret_fd);
	setenv("EXMACHINA_SECRET_FD", number, 1);
	assert_int_equal(fcntl(world->fd, F_SETFD, 0), 0);
	assert_int_equal(fcntl(world->secret_fd, F_SETFD, 0), 0);
}

static void test_the_environment_is_taken(void **state)
{
	struct world *world = *state;

	put_into_environment(world);
	serve(world, greet);
	assert_int_equal(exm_connect(world->session, 0), 0);
	assert_null(getenv("EXMACHINA_FD"));
	assert_null(getenv("EXMACHINA_SECRET_FD"));
	assert_int_equal(fcntl(world->fd, F_GETFD), FD_CLOEXEC);
	world->fd = world->secret_fd = -1;
}

static void test_the_environment_is_kept_for_children(void **state)
{
	struct world *world = *state;

	put_into_environment(world);
	serve(world, greet);
	assert_int_equal(exm_connect(world->session, EXM_KEEP_ENV), 0);
	assert_non_null(getenv("EXMACHINA_FD"));
	assert_non_null(getenv("EXMACHINA_SECRET_FD"));
	assert_int_equal(fcntl(world->fd, F_GETFD), 0);
	assert_int_equal(fcntl(world->secret_fd, F_GETFD), 0);
	world->fd = world->secret_fd = -1;
	unsetenv("EXMACHINA_FD");
	unsetenv("EXMACHINA_SECRET_FD");
}

static void test_an_environment_that_names_no_descriptor_is_refused(void **state)
{
	static const char *const words[] = { "x", "3x", "-1", " 3", "99999", "4294967296", "+3" };
	struct world *world = *state;

	unsetenv("EXMACHINA_FD");
	unsetenv("EXMACHINA_SECRET_FD");
	assert_int_equal(exm_connect(world->session, 0), -ENOTCONN);
	setenv("EXMACHINA_SECRET_FD", "0", 1);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		setenv("EXMACHINA_FD", words[i], 1);
		assert_int_equal(exm_connect(world->session, 0), -EBADF);
	}
	unsetenv("EXMACHINA_FD");
	unsetenv("EXMACHINA_SECRET_FD");
}

static void test_a_socket_that_is_not_there_is_told(void **state)
{
	struct world *world = *state;
	char *path = unit_repeat('x', 200);

	assert_int_equal(exm_connect_socket(world->session, "/nonexistent/socket", NULL), -ENOENT);
	assert_int_equal(exm_connect_socket(world->session, path, NULL), -ENAMETOOLONG);
	free(path);
}

/* ---- one request, one answer -------------------------------------------------------- */

static void answer_among_others(struct server *server)
{
	greet(server);
	hear(server, "augeas.get");
	say(server, "not JSON\n\n{\"half\":\n[]\n3\n\"text\"\n");
	say(server, "{\"jsonrpc\":\"2.0\",\"id\":\"another\",\"result\":\"wrong\"}\n");
	say(server, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"wrong\"}\n");
	say(server, "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":\"wrong\"}\n");
	say(server, "{\"jsonrpc\":\"2.0\",\"result\":\"wrong\"}\n");
	say(server, "{\"jsonrpc\":\"2.0\",\"method\":\"session.engine_lost\","
		    "\"params\":{\"reason\":\"crashed\"}}\n");
	say(server, "{\"jsonrpc\":\"2.0\",\"method\":\"bare\"}\n");
	answer(server, server->id, "\"result\":\"right\"");
	hear(server, "augeas.get");
	answer(server, server->id, "\"result\":null");
}

static void remember(void *data, const char *method, const char *params)
{
	char *heard = data;

	strcat(heard, method);
	strcat(heard, params ? params : "-");
}

static void test_an_answer_is_found_among_all_else(void **state)
{
	struct world *world = *state;
	char heard[256] = "";
	char *value;

	connect_to(world, answer_among_others);
	exm_set_notify(world->session, remember, heard);
	assert_int_equal(exm_get(world->session, "/a", &value), 0);
	assert_string_equal(value, "right");
	assert_string_equal(heard, "session.engine_lost{\"reason\":\"crashed\"}bare-");
	free(value);
	assert_int_equal(exm_get(world->session, "/a", &value), 0);
	assert_null(value);
}

static void answer_without_id(struct server *server)
{
	greet(server);
	hear(server, "session.ping");
	say(server, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":12,\"message\":\"long\","
		    "\"data\":{\"name\":\"LIMIT\",\"limit\":5}}}\n");
}

static void test_an_error_without_id_is_ours_where_nobody_else_writes(void **state)
{
	struct world *world = *state;

	connect_to(world, answer_without_id);
	assert_int_equal(exm_ping(world->session), -EREMOTEIO);
	assert_error(world, EXM_ERROR_LIMIT, "LIMIT");
}

static void answer_shared(struct server *server)
{
	greet(server);
	hear(server, "session.ping");
	say(server,
	    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no\","
	    "\"data\":{\"name\":\"PARSE\",\"offset\":5}}}\n");
	answer(server, server->id, "\"result\":\"pong\"");
	/* what comes in one packet with an answer is nobody's */
	hear(server, "session.ping");
	answer(server, server->id, "\"result\":\"pong\"}\n{\"half\":");
	say(server, "1}\n");
	hear(server, "session.ping");
	answer(server, server->id, "\"result\":\"pong\"");
}

static void test_an_error_without_id_may_be_anothers_on_a_shared_stream(void **state)
{
	struct world *world = *state;

	serve(world, answer_shared);
	assert_int_equal(connect_world(world, EXM_KEEP_ENV), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(exm_ping(world->session), 0);
}

static void answer_and_tell(struct server *server)
{
	greet(server);
	hear(server, "session.ping");
	/* in one packet */
	answer(server, server->id,
	       "\"result\":\"pong\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"told\"");
	hear(server, "session.ping");
	answer(server, server->id, "\"result\":\"pong\"");
}

static void test_what_comes_with_an_answer_is_told_on_a_shared_stream_too(void **state)
{
	struct world *world = *state;
	char heard[256] = "";

	serve(world, answer_and_tell);
	assert_int_equal(connect_world(world, EXM_KEEP_ENV), 0);
	exm_set_notify(world->session, remember, heard);
	assert_int_equal(exm_ping(world->session), 0);
	assert_string_equal(heard, "told-");
	assert_int_equal(exm_ping(world->session), 0);
	assert_string_equal(heard, "told-");
}

static void answer_late(struct server *server)
{
	char late[160];

	greet(server);
	hear(server, "augeas.label");
	strcpy(late, server->id);
	hear(server, "augeas.label");
	answer(server, late, "\"result\":\"late\"");
	answer(server, server->id, "\"result\":\"in time\"");
}

static void test_a_late_answer_is_not_taken_for_the_next(void **state)
{
	struct world *world = *state;
	char *label;

	connect_to(world, answer_late);
	exm_set_timeout(world->session, 30);
	assert_int_equal(exm_label(world->session, "/a", &label), -ETIMEDOUT);
	exm_set_timeout(world->session, -1);
	assert_int_equal(exm_label(world->session, "/a", &label), 0);
	assert_string_equal(label, "in time");
	free(label);
}

static void die_in_mid_answer(struct server *server)
{
	greet(server);
	hear(server, "session.ping");
	say(server, "{\"jsonrpc\":\"2.0\",\"id\":\"");
}

static void test_a_server_that_dies_is_told_each_time(void **state)
{
	struct world *world = *state;

	connect_to(world, die_in_mid_answer);
	for (int i = 0; i < 3; i++)
		assert_int_equal(exm_ping(world->session), -ECONNRESET);
	assert_null(exm_last_error(world->session));
}

static void expect_a_guard_first_only(struct server *server)
{
	hear(server, "session.hello");
	if (server->guards != 1 || strstr(server->line, "\n\n"))
		_exit(8);
	answer(server, server->id, HELLO);
	hear(server, "session.authenticate");
	answer(server, server->id, GRANTED);
	hear(server, "session.ping");
	if (server->guards != 0)
		_exit(9);
	answer(server, server->id, "\"result\":\"pong\"");
}

static void test_a_stream_of_its_own_is_guarded_only_at_its_beginning(void **state)
{
	struct world *world = *state;

	connect_to(world, expect_a_guard_first_only);
	assert_int_equal(exm_ping(world->session), 0);
}

static void expect_guards(struct server *server)
{
	greet(server);
	for (int i = 0; i < 3; i++) {
		hear(server, "session.ping");
		if (server->guards != 1)
			_exit(8);
		answer(server, server->id, "\"result\":\"pong\"");
	}
}

static void test_a_shared_stream_is_guarded_before_each_request(void **state)
{
	struct world *world = *state;

	serve(world, expect_guards);
	assert_int_equal(connect_world(world, EXM_KEEP_ENV), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(exm_ping(world->session), 0);
}

static void expect_one_ping(struct server *server)
{
	greet(server);
	hear(server, "session.ping");
	answer(server, server->id, "\"result\":\"pong\"");
}

static void test_what_the_server_could_not_read_is_not_sent(void **state)
{
	struct world *world = *state;
	char *large = unit_repeat('x', 1 << 20);
	char *deep = unit_repeat('[', 1000);

	connect_to(world, expect_one_ping);
	assert_int_equal(exm_set(world->session, "/a", large), -EMSGSIZE);
	assert_int_equal(exm_set(world->session, NULL, "x"), -EINVAL);
	assert_int_equal(exm_get(world->session, "/a", NULL), -EINVAL);
	assert_int_equal(exm_call(world->session, "m", "{", NULL), -EINVAL);
	assert_int_equal(exm_call(world->session, "m", "3", NULL), -EINVAL);
	assert_int_equal(exm_call(world->session, "m", deep, NULL), -EINVAL);
	assert_int_equal(exm_call(world->session, "m", "{\"a\":NaN}", NULL), -EINVAL);
	assert_int_equal(exm_call(world->session, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(exm_ping(world->session), 0);
	free(large);
	free(deep);
}

/* ---- what may be done ---------------------------------------------------------------- */

static void tell_whatcan(struct server *server)
{
	greet(server);
	hear(server, "\"method\":\"session.whatcan\",\"params\":{\"path\":\"/etc/hosts\"}");
	answer(server, server->id, "\"result\":{\"read\":{\"allowed\":true}}");
	hear(server, "\"method\":\"session.whatcan\",\"params\":{\"unit\":\"ssh\"}");
	answer(server, server->id, "\"result\":{\"unit\":\"ssh.service\"}");
	hear(server, "\"method\":\"session.whatcan\"}");
	answer(server, server->id, "\"result\":{\"files\":[]}");
	hear(server, "session.whatcan");
	answer(server, server->id,
	       "\"error\":{\"code\":5,\"message\":\"no\",\"data\":{\"name\":\"BAD_PATH\"}}");
}

static void test_what_may_be_done_is_asked_of_a_path_a_unit_or_all(void **state)
{
	struct world *world = *state;
	char *json = NULL;

	connect_to(world, tell_whatcan);
	assert_int_equal(exm_whatcan(world->session, "/etc/hosts", NULL, &json), 0);
	assert_string_equal(json, "{\"read\":{\"allowed\":true}}");
	free(json);
	assert_int_equal(exm_whatcan(world->session, NULL, "ssh", &json), 0);
	assert_string_equal(json, "{\"unit\":\"ssh.service\"}");
	free(json);
	assert_int_equal(exm_whatcan(world->session, NULL, NULL, &json), 0);
	assert_string_equal(json, "{\"files\":[]}");
	free(json);
	json = NULL;
	assert_int_equal(exm_whatcan(world->session, "/*", NULL, &json), -EREMOTEIO);
	assert_error(world, EXM_ERROR_BAD_PATH, "BAD_PATH");
	assert_null(json);
}

static void test_two_questions_at_once_are_not_sent(void **state)
{
	struct world *world = *state;
	char *json = NULL;

	assert_int_equal(exm_whatcan(world->session, "/etc/hosts", "ssh", &json), -EINVAL);
	assert_int_equal(exm_whatcan(world->session, "/etc/hosts", NULL, NULL), -EINVAL);
	assert_int_equal(exm_whatcan(NULL, "/etc/hosts", NULL, &json), -EINVAL);
	assert_int_equal(exm_whatcan(world->session, NULL, NULL, &json), -ENOTCONN);
	assert_null(json);
}

/* ---- the lock of a shared stream ------------------------------------------------------ */

static void test_a_shared_stream_is_one_process_at_a_time(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct world *world = *state;
	int ready[2], secret_fd;
	pid_t holder;
	char byte;

	assert_int_equal(pipe(ready), 0);
	serve(world, expect_one_ping);
	secret_fd = world->secret_fd;
	assert_int_equal(connect_world(world, EXM_KEEP_ENV), 0);
	holder = fork();
	assert_true(holder >= 0);
	if (holder == 0) {
		/* not longer than the test, should that fail */
		alarm(300);
		if (fcntl(secret_fd, F_SETLK, &lock) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		(void)poll(NULL, 0, -1);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	exm_set_timeout(world->session, 50);
	assert_int_equal(exm_ping(world->session), -ETIMEDOUT);
	/* however the other ends, the lock ends with it */
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	exm_set_timeout(world->session, 60000);
	assert_int_equal(exm_ping(world->session), 0);
	close(ready[0]);
	close(ready[1]);
}

static void test_a_secret_that_cannot_be_locked_is_refused(void **state)
{
	struct world *world = *state;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", world->secret_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(exm_connect_fds(world->session, world->fd, fd, EXM_KEEP_ENV), -EBADF);
	close(fd);
}

/* ---- errors ------------------------------------------------------------------------- */

static void deny(struct server *server)
{
	greet(server);
	hear(server, "augeas.set");
	answer(server, server->id,
	       "\"error\":{\"code\":2,\"message\":\"no\",\"data\":{\"name\":\"DENIED\","
	       "\"rule\":\"Set=Port\",\"path\":{\"base64\":\"/w==\"},\"log\":[\"a\",\"b\"]}}");
	hear(server, "session.ping");
	answer(server, server->id, "\"result\":\"pong\"");
}

static void test_an_error_lives_until_the_next_call(void **state)
{
	struct world *world = *state;
	char *text;

	connect_to(world, deny);
	assert_int_equal(exm_set(world->session, "/a", NULL), -EREMOTEIO);
	assert_error(world, EXM_ERROR_DENIED, "DENIED");
	assert_int_equal(exm_error_field(world->session, "rule", &text), 0);
	assert_string_equal(text, "Set=Port");
	free(text);
	assert_int_equal(exm_error_field(world->session, "path", &text), 0);
	assert_string_equal(text, "\377");
	free(text);
	assert_int_equal(exm_error_field(world->session, "log", &text), 0);
	assert_string_equal(text, "[\"a\",\"b\"]");
	free(text);
	assert_int_equal(exm_ping(world->session), 0);
	assert_null(exm_last_error(world->session));
	assert_int_equal(exm_error_field(world->session, "rule", &text), -ENOENT);
}

static void test_functions_take_what_is_not_there(void **state)
{
	(void)state;
	assert_null(exm_free(NULL));
	assert_null(exm_last_error(NULL));
	assert_int_equal(exm_new(NULL), -EINVAL);
	assert_int_equal(exm_ping(NULL), -EINVAL);
	assert_int_equal(exm_set(NULL, "/a", "b"), -EINVAL);
	assert_int_equal(exm_connect_fds(NULL, 0, 0, 0), -EINVAL);
	assert_string_equal(exm_strerror(NULL, -ECONNRESET), "the server has gone");
	assert_string_equal(exm_strerror(NULL, 0), strerror(0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CLIENT_TEST(test_connecting_shows_the_secret),
		CLIENT_TEST(test_a_wrong_secret_is_told_and_leaves_the_descriptors),
		CLIENT_TEST(test_what_is_no_secret_is_never_sent),
		CLIENT_TEST(test_another_protocol_is_not_spoken),
		CLIENT_TEST(test_a_busy_server_says_so_before_it_closes),
		CLIENT_TEST(test_connecting_passes_over_the_remains_of_a_killed_predecessor),
		CLIENT_TEST(test_a_server_that_goes_while_connecting_is_told),
		CLIENT_TEST(test_a_silent_server_is_given_up),
		CLIENT_TEST(test_the_environment_is_taken),
		CLIENT_TEST(test_the_environment_is_kept_for_children),
		CLIENT_TEST(test_an_environment_that_names_no_descriptor_is_refused),
		CLIENT_TEST(test_a_socket_that_is_not_there_is_told),
		CLIENT_TEST(test_an_answer_is_found_among_all_else),
		CLIENT_TEST(test_an_error_without_id_is_ours_where_nobody_else_writes),
		CLIENT_TEST(test_an_error_without_id_may_be_anothers_on_a_shared_stream),
		CLIENT_TEST(test_what_comes_with_an_answer_is_told_on_a_shared_stream_too),
		CLIENT_TEST(test_a_late_answer_is_not_taken_for_the_next),
		CLIENT_TEST(test_a_server_that_dies_is_told_each_time),
		CLIENT_TEST(test_a_stream_of_its_own_is_guarded_only_at_its_beginning),
		CLIENT_TEST(test_a_shared_stream_is_guarded_before_each_request),
		CLIENT_TEST(test_what_the_server_could_not_read_is_not_sent),
		CLIENT_TEST(test_what_may_be_done_is_asked_of_a_path_a_unit_or_all),
		CLIENT_TEST(test_two_questions_at_once_are_not_sent),
		CLIENT_TEST(test_a_shared_stream_is_one_process_at_a_time),
		CLIENT_TEST(test_a_secret_that_cannot_be_locked_is_refused),
		CLIENT_TEST(test_an_error_lives_until_the_next_call),
		cmocka_unit_test(test_functions_take_what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
