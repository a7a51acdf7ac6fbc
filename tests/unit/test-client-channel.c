/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves what exmachina-channel.h says of processes: a session is one process's, and a channel is
 * a session that another may have.
 */
#include "client_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* What the functions that are called write down. */
struct record {
	int calls; /* whose end is not told */
	struct exm *session;
	int result;
};

static void told(struct exm *session, int result, const char *json, void *data)
{
	struct record *record = data;

	(void)session;
	(void)json;
	record->calls--;
	record->result = result;
}

static int run(struct world *world, struct record *record)
{
	int r = 0;

	while (record->calls > 0 && r >= 0) {
		struct pollfd poller = { .fd = exm_get_fd(world->session), .events = POLLIN };

		assert_true(poll(&poller, 1, exm_get_timeout(world->session)) >= 0);
		r = exm_process(world->session);
	}
	return r < 0 ? r : 0;
}

static void answer_in_turn(struct server *server)
{
	greet(server);
	for (int i = 0; i < 3; i++) {
		hear(server, "test.");
		answer(server, server->id, "\"result\":true");
	}
}

/* ---- other processes ------------------------------------------------------------------- */

/* The child's verdict on what it may do with its parent's session. */
static int try_as_child(struct world *world)
{
	struct exm *session = world->session;
	struct exm_batch *batch;
	int right = 0;

	right += exm_ping(session) == -ECHILD;
	right += exm_call_async(session, "test.one", NULL, -1, told, NULL, NULL) == -ECHILD;
	right += exm_get_fd(session) == -ECHILD;
	right += exm_get_events(session) == -ECHILD;
	right += exm_process(session) == -ECHILD;
	right += exm_lock(session) == -ECHILD;
	right += exm_batch_new(&batch) == 0 && exm_batch_get(batch, "/files/x") == 0 &&
		 exm_batch_run(session, batch) == -ECHILD;
	right += exm_batch_run_async(session, batch, -1, NULL, NULL, NULL) == -EINVAL;
	right += strstr(exm_strerror(session, -ECHILD), "channel") != NULL;
	exm_batch_free(batch);
	exm_free(session);
	return right == 9 ? 0 : right + 1;
}

static void test_a_forked_child_is_told_that_the_session_is_not_its_own(void **state)
{
	struct world *world = *state;
	struct record record = { .calls = 1, .result = 1 };
	int status;
	pid_t child;

	connect_to(world, answer_in_turn);
	assert_int_equal(exm_call_async(world->session, "test.one", NULL, -1, told, &record, NULL),
			 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(try_as_child(world));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* and the parent has lost nothing by it */
	assert_int_equal(run(world, &record), 0);
	assert_int_equal(record.result, 0);
	assert_int_equal(exm_call(world->session, "test.two", NULL, NULL), 0);
	assert_int_equal(exm_call(world->session, "test.three", NULL, NULL), 0);
}

static void test_a_shared_session_is_every_childs_that_takes_its_turn(void **state)
{
	struct world *world = *state;
	int status;
	pid_t child;

	serve(world, answer_in_turn);
	assert_int_equal(connect_world(world, EXM_KEEP_ENV), 0);
	assert_int_equal(exm_call(world->session, "test.one", NULL, NULL), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(exm_call(world->session, "test.two", NULL, NULL) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(exm_lock(world->session), 0);
	child = fork();
	if (child == 0)
		_exit(exm_call(world->session, "test.two", NULL, NULL) == -ECHILD ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(exm_call(world->session, "test.three", NULL, NULL), 0);
	assert_int_equal(exm_unlock(world->session), 0);
}

/* ---- channels --------------------------------------------------------------------------- */

static void pass(const struct server *server, const char *text, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (char *)(uintptr_t)text, .iov_len = strlen(text) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	if (sendmsg(server->out, &message, MSG_NOSIGNAL) < 0)
		_exit(9);
}

/* The answer, with the other end of a pair of its own, which is served then. */
static void open_channel(struct server *server, const char *rest, bool with_fd)
{
	char text[300];
	int pair[2] = { -1, -1 };

	hear(server, "session.channel");
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",%s}\n", server->id, rest);
	if (!with_fd) {
		say(server, text);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		_exit(9);
	pass(server, text, pair[0]);
	close(pair[0]);
	server->out = pair[1];
	server->in = fdopen(dup(pair[1]), "r");
}

static void serve_a_channel(struct server *server)
{
	struct server first = *server;

	greet(&first);
	/* neither what comes for nobody, nor what comes with an error, is anybody's */
	hear(&first, "session.ping");
	pass(&first, "{\"jsonrpc\":\"2.0\",\"method\":\"gift\"}\n", first.out);
	answer(&first, first.id, "\"result\":\"pong\"");
	open_channel(&first, "\"error\":{\"code\":13,\"message\":\"no\"}", false);
	open_channel(&first, "\"result\":true", false);
	open_channel(&first, "\"result\":true", true);
	hear(&first, "test.own");
	answer(&first, first.id, "\"result\":1");
	hear(&first, "test.child");
	answer(&first, first.id, "\"result\":2");
}

static void test_a_channel_is_a_session_of_its_own_for_whoever_uses_it_first(void **state)
{
	struct world *world = *state;
	struct exm *channel = NULL;
	size_t before;
	int status;
	pid_t child;

	connect_to(world, serve_a_channel);
	before = unit_open_descriptors();
	assert_int_equal(exm_ping(world->session), 0);
	assert_int_equal(exm_open_channel(world->session, &channel), -EREMOTEIO);
	assert_int_equal(exm_open_channel(world->session, &channel), -EBADMSG);
	assert_null(channel);
	assert_int_equal(unit_open_descriptors(), before);
	assert_int_equal(exm_open_channel(world->session, &channel), 0);
	assert_int_equal(fcntl(exm_get_fd(channel), F_GETFD), FD_CLOEXEC);
	world->session = exm_free(world->session);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(exm_call(channel, "test.own", NULL, NULL) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* the copy of it is not used up by the child, and is nobody's yet */
	assert_int_equal(exm_call(channel, "test.child", NULL, NULL), 0);
	exm_free(channel);
}

static void on_channel(struct exm *session, int result, struct exm *channel, void *data)
{
	struct record *record = data;

	(void)session;
	record->calls--;
	record->result = result;
	record->session = channel;
}

static void serve_a_channel_later(struct server *server)
{
	greet(server);
	open_channel(server, "\"result\":true", true);
	hear(server, "test.own");
	answer(server, server->id, "\"result\":1");
}

static void test_a_channel_can_be_opened_without_waiting(void **state)
{
	struct world *world = *state;
	struct record record = { .calls = 1, .result = 1 };

	connect_to(world, serve_a_channel_later);
	assert_int_equal(exm_open_channel_async(world->session, on_channel, &record, NULL), 0);
	assert_int_equal(run(world, &record), 0);
	assert_int_equal(record.result, 0);
	assert_int_equal(exm_call(record.session, "test.own", NULL, NULL), 0);
	exm_free(record.session);
	assert_int_equal(exm_open_channel(NULL, &record.session), -EINVAL);
	assert_int_equal(exm_open_channel(world->session, NULL), -EINVAL);
	assert_int_equal(exm_open_channel_async(world->session, NULL, NULL, NULL), -EINVAL);
}

/* ---- a channel by its descriptor --------------------------------------------------------- */

static void greet_without_secret(struct server *server)
{
	hear(server, "session.hello");
	answer(server, server->id,
	       "\"result\":{\"server\":\"exmachina\",\"protocol\":1,\"authenticated\":true}");
	hear(server, "test.own");
	answer(server, server->id, "\"result\":1");
}

static void test_an_inherited_channel_needs_no_secret(void **state)
{
	struct world *world = *state;

	serve(world, greet_without_secret);
	assert_int_equal(exm_connect_fds(world->session, world->fd, -1, EXM_KEEP_ENV), -EINVAL);
	assert_int_equal(exm_connect_fds(world->session, world->fd, -1, 0), 0);
	world->fd = -1;
	assert_int_equal(exm_call(world->session, "test.own", NULL, NULL), 0);
}

static void greet_as_a_stranger(struct server *server)
{
	hear(server, "session.hello");
	answer(server, server->id,
	       "\"result\":{\"server\":\"exmachina\",\"protocol\":1,\"authenticated\":false}");
}

static void test_a_socket_that_is_no_channels_needs_one(void **state)
{
	struct world *world = *state;

	serve(world, greet_as_a_stranger);
	assert_int_equal(exm_connect_fds(world->session, world->fd, -1, 0), -EBADF);
	assert_int_equal(exm_ping(world->session), -ENOTCONN);
	assert_int_not_equal(fcntl(world->fd, F_GETFD), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CLIENT_TEST(test_a_forked_child_is_told_that_the_session_is_not_its_own),
		CLIENT_TEST(test_a_shared_session_is_every_childs_that_takes_its_turn),
		CLIENT_TEST(test_a_channel_is_a_session_of_its_own_for_whoever_uses_it_first),
		CLIENT_TEST(test_a_channel_can_be_opened_without_waiting),
		CLIENT_TEST(test_an_inherited_channel_needs_no_secret),
		CLIENT_TEST(test_a_socket_that_is_no_channels_needs_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
