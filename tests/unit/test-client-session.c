/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves client-lib/: connecting, one request and its answer on a stream where
 * anything may be left over, errors, and results. The server is a child that
 * says what each test tells it to.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "exmachina.h"

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HELLO "\"result\":{\"server\":\"exmachina\",\"protocol\":1}"
#define GRANTED "\"result\":{\"authenticated\":true}"

struct world {
	struct exm *session;
	int fd; /* the client's end, while it is the test's */
	int peer;
	int secret_fd;
	pid_t server;
};

/* ---- the server's side, in the child ----------------------------------------- */

struct server {
	FILE *in;
	int out;
	char id[160]; /* of the last request */
	char *line;
	size_t size;
	int guards; /* lines in front of it that ask for nothing */
};

static void say(const struct server *server, const char *text)
{
	if (send(server->out, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		_exit(3);
}

/* Reads the next request; notifications, which guard it, are passed over. */
static void hear(struct server *server, const char *method)
{
	static const char key[] = "\"id\":\"";
	const char *id;

	server->guards = 0;
	do {
		if (getline(&server->line, &server->size, server->in) < 0)
			_exit(4);
		id = strstr(server->line, key);
		server->guards += id ? 0 : 1;
	} while (!id);
	if (!strstr(server->line, method))
		_exit(5);
	id += strlen(key);
	snprintf(server->id, sizeof(server->id), "%.*s", (int)strcspn(id, "\""), id);
}

static void answer(const struct server *server, const char *id, const char *rest)
{
	scoped_ptr char *text = NULL;

	if (asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",%s}\n", id, rest) < 0)
		_exit(6);
	say(server, text);
}

static void greet(struct server *server)
{
	char hello[160];

	hear(server, "session.hello");
	strcpy(hello, server->id);
	/* both are there before either is answered */
	hear(server, "session.authenticate");
	if (!strstr(server->line, DIGITS))
		_exit(7);
	answer(server, hello, HELLO);
	answer(server, server->id, GRANTED);
}

/* ---- the test's side ------------------------------------------------------------ */

static int secret_file(const char *text)
{
	int fd = memfd_create("secret", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	int fds[2];

	assert_non_null(world);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	world->fd = fds[0];
	world->peer = fds[1];
	world->secret_fd = secret_file(DIGITS "\n");
	assert_int_equal(exm_new(&world->session), 0);
	exm_set_timeout(world->session, 10000);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	int status;

	exm_free(world->session);
	close_fd(world->fd);
	close_fd(world->peer);
	close_fd(world->secret_fd);
	/* the child's own status is its verdict */
	if (world->server > 0 &&
	    (waitpid(world->server, &status, 0) != world->server || status != 0))
		return -1;
	free(world);
	return 0;
}

static void serve(struct world *world, void (*script)(struct server *server))
{
	struct server server = { .out = world->peer };

	world->server = fork();
	assert_true(world->server >= 0);
	if (world->server == 0) {
		alarm(60);
		close(world->fd);
		server.in = fdopen(dup(world->peer), "r");
		script(&server);
		_exit(0);
	}
	world->peer = close_fd(world->peer);
}

static int connect_world(struct world *world, unsigned int flags)
{
	int r = exm_connect_fds(world->session, world->fd, world->secret_fd, flags);

	if (r == 0)
		world->fd = world->secret_fd = -1;
	return r;
}

static void connect_to(struct world *world, void (*script)(struct server *server))
{
	serve(world, script);
	assert_int_equal(connect_world(world, 0), 0);
}

static void assert_error(const struct world *world, int code, const char *name)
{
	const struct exm_error *error = exm_last_error(world->session);

	assert_non_null(error);
	assert_int_equal(error->code, code);
	assert_string_equal(error->name, name);
}

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
		alarm(30);
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
	exm_set_timeout(world->session, 10000);
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

/* ---- results ---------------------------------------------------------------------------- */

static void answer_well(struct server *server)
{
	greet(server);
	hear(server, "augeas.get");
	answer(server, server->id, "\"result\":{\"base64\":\"Yf9i\"}");
	hear(server, "{\"path\":\"/a\",\"value\":{\"base64\":\"Yf9i\"}}");
	answer(server, server->id, "\"result\":true");
	hear(server, "{\"base\":\"/a\",\"sub\":null,\"value\":null}");
	answer(server, server->id, "\"result\":7");
	hear(server, "{\"path\":\"/a\"}");
	answer(server, server->id, "\"result\":[\"/a[1]\",{\"base64\":\"/w==\"}]");
	hear(server, "{\"path\":\"/a\",\"values\":true}");
	answer(server, server->id,
	       "\"result\":[{\"path\":\"/a\",\"value\":null,\"children\":2},"
	       "{\"path\":\"/b\",\"value\":\"\",\"children\":0}]");
	hear(server, "augeas.match");
	answer(server, server->id, "\"result\":[]");
	hear(server, "augeas.span");
	answer(server, server->id,
	       "\"result\":{\"file\":\"/etc/f\",\"label\":[1,2],\"value\":[3,4],\"span\":[5,6]}");
	hear(server, "augeas.errors");
	answer(server, server->id,
	       "\"result\":[{\"file\":\"/etc/f\",\"kind\":\"parse_failed\",\"line\":3,"
	       "\"column\":0,\"reason\":\"r\"}]");
	hear(server, "config.commit");
	answer(server, server->id,
	       "\"result\":{\"changed\":true,\"files\":[{\"file\":\"/etc/f\","
	       "\"action\":\"create\"}]}");
	hear(server, "service.restart");
	answer(server, server->id,
	       "\"result\":{\"unit\":\"a.service\",\"job\":\"done\",\"load\":\"loaded\","
	       "\"active\":\"active\",\"sub\":\"running\",\"main_pid\":12,"
	       "\"main_pid_before\":11,\"result\":\"success\"}");
}

static void test_results_come_as_described(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	struct exm_file_error **errors;
	struct exm_service *service;
	struct exm_change **changes;
	struct exm_node **nodes;
	struct exm_span *span;
	char **paths;
	char *value;

	connect_to(*state, answer_well);
	assert_int_equal(exm_get(session, "/a", &value), 0);
	assert_string_equal(value, "a\377b");
	assert_int_equal(exm_set(session, "/a", value), 0);
	free(value);
	assert_int_equal(exm_setm(session, "/a", NULL, NULL), 7);
	assert_int_equal(exm_match(session, "/a", &paths), 2);
	assert_string_equal(paths[0], "/a[1]");
	assert_string_equal(paths[1], "\377");
	assert_null(paths[2]);
	free(paths);
	assert_int_equal(exm_match_nodes(session, "/a", &nodes), 2);
	assert_null(nodes[0]->value);
	assert_int_equal(nodes[0]->children, 2);
	assert_string_equal(nodes[1]->path, "/b");
	assert_string_equal(nodes[1]->value, "");
	assert_null(nodes[2]);
	free(nodes);
	assert_int_equal(exm_match(session, "/a", &paths), 0);
	assert_null(paths[0]);
	free(paths);
	assert_int_equal(exm_span(session, "/a", &span), 0);
	assert_string_equal(span->file, "/etc/f");
	assert_true(span->label[1] == 2 && span->value[0] == 3 && span->node[1] == 6);
	free(span);
	assert_int_equal(exm_errors(session, &errors), 1);
	assert_int_equal(errors[0]->line, 3);
	assert_string_equal(errors[0]->reason, "r");
	assert_null(errors[0]->lens);
	free(errors);
	assert_int_equal(exm_commit(session, &changes), 1);
	assert_string_equal(changes[0]->action, "create");
	assert_null(changes[0]->diff);
	free(changes);
	assert_int_equal(exm_service_restart(session, "a.service", &service), 0);
	assert_int_equal(service->main_pid, 12);
	assert_int_equal(service->main_pid_before, 11);
	assert_string_equal(service->sub, "running");
	free(service);
}

static const char *const bad_results[] = {
	"\"result\":3.5",
	"\"result\":{\"base64\":\"###\"}",
	"\"result\":[1]",
	"\"result\":{\"base64\":\"AA==\"}",
	"\"nothing\":0",
	"\"error\":{}",
	"\"error\":{\"code\":\"x\",\"message\":\"y\"}",
	"\"error\":3",
};
static const char *const bad_nodes[] = {
	"\"result\":null",
	"\"result\":{}",
	"\"result\":[null]",
	"\"result\":[\"/a\"]",
	"\"result\":[{\"path\":\"/a\"}]",
	"\"result\":[{\"path\":3,\"children\":0}]",
	"\"result\":[{\"path\":\"/a\",\"children\":-1}]",
	"\"result\":[{\"path\":\"/a\",\"children\":4294967296}]",
	"\"result\":[{\"path\":\"/a\",\"children\":0},{}]",
};

static void answer_badly(struct server *server)
{
	greet(server);
	for (size_t i = 0; i < ARRAY_SIZE(bad_results); i++) {
		hear(server, "augeas.get");
		answer(server, server->id, bad_results[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_nodes); i++) {
		hear(server, "augeas.match");
		answer(server, server->id, bad_nodes[i]);
	}
}

static void test_results_that_are_not_as_described_are_refused(void **state)
{
	struct world *world = *state;
	struct exm_node **nodes = NULL;
	char *value = NULL;

	connect_to(world, answer_badly);
	for (size_t i = 0; i < ARRAY_SIZE(bad_results); i++)
		assert_int_equal(exm_get(world->session, "/a", &value), -EBADMSG);
	assert_null(value);
	for (size_t i = 0; i < ARRAY_SIZE(bad_nodes); i++)
		assert_int_equal(exm_match_nodes(world->session, "/a", &nodes), -EBADMSG);
	assert_null(nodes);
}

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

#define SESSION_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SESSION_TEST(test_connecting_shows_the_secret),
		SESSION_TEST(test_a_wrong_secret_is_told_and_leaves_the_descriptors),
		SESSION_TEST(test_what_is_no_secret_is_never_sent),
		SESSION_TEST(test_another_protocol_is_not_spoken),
		SESSION_TEST(test_a_busy_server_says_so_before_it_closes),
		SESSION_TEST(test_connecting_passes_over_the_remains_of_a_killed_predecessor),
		SESSION_TEST(test_a_server_that_goes_while_connecting_is_told),
		SESSION_TEST(test_a_silent_server_is_given_up),
		SESSION_TEST(test_the_environment_is_taken),
		SESSION_TEST(test_the_environment_is_kept_for_children),
		SESSION_TEST(test_an_environment_that_names_no_descriptor_is_refused),
		SESSION_TEST(test_a_socket_that_is_not_there_is_told),
		SESSION_TEST(test_an_answer_is_found_among_all_else),
		SESSION_TEST(test_an_error_without_id_is_ours_where_nobody_else_writes),
		SESSION_TEST(test_an_error_without_id_may_be_anothers_on_a_shared_stream),
		SESSION_TEST(test_a_late_answer_is_not_taken_for_the_next),
		SESSION_TEST(test_a_server_that_dies_is_told_each_time),
		SESSION_TEST(test_a_stream_of_its_own_is_guarded_only_at_its_beginning),
		SESSION_TEST(test_a_shared_stream_is_guarded_before_each_request),
		SESSION_TEST(test_what_the_server_could_not_read_is_not_sent),
		SESSION_TEST(test_a_shared_stream_is_one_process_at_a_time),
		SESSION_TEST(test_a_secret_that_cannot_be_locked_is_refused),
		SESSION_TEST(test_results_come_as_described),
		SESSION_TEST(test_results_that_are_not_as_described_are_refused),
		SESSION_TEST(test_an_error_lives_until_the_next_call),
		cmocka_unit_test(test_functions_take_what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
