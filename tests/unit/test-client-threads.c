/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves what exmachina-channel.h says of threads: sessions of different threads have nothing in
 * common, and one session may go from thread to thread behind a lock. Made for ThreadSanitizer as
 * well (tests/lib/threads.sh), so client and server are threads of one process.
 */
#include "client_fixture.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { THREADS = 8, ROUNDS = 50, IN_BATCH = 20 };

/* ---- the server's side ------------------------------------------------------------------ */

/* Answers each request of a line, alone or in an array, with its own id. */
static void answer_line(int fd, const char *line)
{
	static const char key[] = "\"id\":\"";
	bool is_list = line[0] == '[', first = true;

	for (const char *id = strstr(line, key); id; id = strstr(id, key)) {
		id += strlen(key);
		if (dprintf(fd, "%s{\"jsonrpc\":\"2.0\",\"id\":\"%.*s\",\"result\":%s}",
			    !is_list ? ""
			    : first  ? "["
				     : ",",
			    (int)strcspn(id, "\""), id,
			    strstr(line, "session.hello") ? "{\"protocol\":1}" : "\"x\"") < 0)
			return;
		first = false;
	}
	if (!first)
		(void)!dprintf(fd, is_list ? "]\n" : "\n");
}

static void *serve_thread(void *data)
{
	int fd = *(int *)data;
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	while (in && getline(&line, &size, in) > 0)
		answer_line(fd, line);
	free(line);
	if (in)
		fclose(in);
	return NULL;
}

/* ---- the client's side ------------------------------------------------------------------ */

struct peer {
	struct exm *session;
	pthread_t server;
	int fd; /* the server's end */
};

static void start(struct peer *peer)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    exm_new(&peer->session) < 0)
		abort();
	peer->fd = pair[1];
	if (pthread_create(&peer->server, NULL, serve_thread, &peer->fd) != 0 ||
	    exm_connect_fds(peer->session, pair[0], secret_file(DIGITS), 0) != 0)
		abort();
}

static void stop(struct peer *peer)
{
	exm_free(peer->session);
	pthread_join(peer->server, NULL);
}

static void on_end(struct exm *session, int result, const char *json, void *data)
{
	int *open = data;

	(void)session;
	if (result != 0 || strcmp(json, "\"x\"") != 0)
		abort();
	--*open;
}

/* In all three ways; what fails ends the program. */
static void use(struct exm *session)
{
	struct exm_batch *batch;
	char *text = NULL;
	int open = 0;

	if (exm_get(session, "/files/x", &text) != 0 || strcmp(text, "x") != 0)
		abort();
	free(text);
	for (; open < 5; open++)
		if (exm_call_async(session, "session.ping", NULL, -1, on_end, &open, NULL) != 0)
			abort();
	while (open > 0) {
		struct pollfd poller = { .fd = exm_get_fd(session), .events = POLLIN };

		(void)poll(&poller, 1, exm_get_timeout(session));
		if (exm_process(session) < 0)
			abort();
	}
	if (exm_batch_new(&batch) != 0)
		abort();
	for (int i = 0; i < IN_BATCH; i++)
		if (exm_batch_get(batch, "/files/x") != i)
			abort();
	if (exm_batch_run(session, batch) != 0)
		abort();
	exm_batch_free(batch);
	if (exm_last_error(session))
		abort();
}

static void *use_own(void *data)
{
	struct peer peer;

	(void)data;
	start(&peer);
	for (int i = 0; i < ROUNDS; i++)
		use(peer.session);
	stop(&peer);
	return NULL;
}

static void in_threads(void *(*function)(void *data), void *data)
{
	pthread_t thread[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, function, data), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
}

static void test_each_thread_has_a_session_of_its_own(void **state)
{
	(void)state;
	in_threads(use_own, NULL);
}

struct lent {
	pthread_mutex_t lock;
	struct peer peer;
};

static void *use_lent(void *data)
{
	struct lent *lent = data;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lent->lock);
		use(lent->peer.session);
		pthread_mutex_unlock(&lent->lock);
	}
	return NULL;
}

static void test_threads_take_turns_with_one_session(void **state)
{
	struct lent lent = { .lock = PTHREAD_MUTEX_INITIALIZER };

	(void)state;
	start(&lent.peer);
	in_threads(use_lent, &lent);
	stop(&lent.peer);
}

static int freed_by;

static void free_in_another(struct exm *session, int result, const char *json, void *data)
{
	(void)result;
	(void)json;
	freed_by = *(int *)data;
	exm_free(session);
}

static void *finish(void *data)
{
	struct peer *peer = data;
	struct pollfd poller = { .fd = exm_get_fd(peer->session), .events = POLLIN };

	do
		(void)poll(&poller, 1, 1000);
	while (exm_process(peer->session) != -ENOTCONN);
	return NULL;
}

/* Asked by one thread, told and freed by the other. */
static void test_what_one_thread_asks_another_may_be_told(void **state)
{
	struct peer peer;
	pthread_t other;
	int mark = 7;

	(void)state;
	start(&peer);
	assert_int_equal(exm_call_async(peer.session, "session.ping", NULL, -1, free_in_another,
					&mark, NULL),
			 0);
	assert_int_equal(pthread_create(&other, NULL, finish, &peer), 0);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(freed_by, 7);
	pthread_join(peer.server, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_thread_has_a_session_of_its_own),
		cmocka_unit_test(test_threads_take_turns_with_one_session),
		cmocka_unit_test(test_what_one_thread_asks_another_may_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
