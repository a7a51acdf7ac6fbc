/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/server_session.c: how many sessions a client may have, and what becomes of the
 * server when one ends. The sessions themselves are this test's, without any engine.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "monitor/confirm/confirm.h"
#include "monitor/exit_status.h"
#include "monitor/server.h"

struct world {
	struct options options;
	struct server server;
	session_ended *ended; /* as session_new() was told */
	void *ended_data;
	int refused; /* what the next session_new_channel() fails with */
	int freed, drained, changed, told;
	const struct session *taken_back; /* whose end has something taken back */
};

static struct world *w;

/* ---- in place of the real ones --------------------------------------------------------------- */

static struct session *made(int client)
{
	struct session *session = calloc(1, sizeof(*session));

	assert_non_null(session);
	session->client = client;
	return session;
}

int __wrap_session_new(const struct session_host *host, int client, const struct secret *secret,
		       session_ended *ended, void *data, struct session **ret_session);
int __wrap_session_new(const struct session_host *host, int client, const struct secret *secret,
		       session_ended *ended, void *data, struct session **ret_session)
{
	assert_ptr_equal(host, &w->server.host);
	(void)secret;
	w->ended = ended;
	w->ended_data = data;
	*ret_session = made(client);
	return 0;
}

int __wrap_session_new_channel(const struct session *other, int client, session_ended *ended,
			       void *data, struct session **ret_session);
int __wrap_session_new_channel(const struct session *other, int client, session_ended *ended,
			       void *data, struct session **ret_session)
{
	assert_non_null(other);
	assert_ptr_equal(ended, w->ended);
	assert_ptr_equal(data, w->ended_data);
	if (w->refused < 0) {
		close_fd(client);
		return w->refused;
	}
	*ret_session = made(client);
	return 0;
}

struct session *__wrap_session_free(struct session *session);
struct session *__wrap_session_free(struct session *session)
{
	if (!session)
		return NULL;
	w->freed++;
	close_fd(session->client);
	free(session);
	return NULL;
}

void __wrap_session_begun(struct session *session, const char *form, const char *policy_dir);
void __wrap_session_begun(struct session *session, const char *form, const char *policy_dir)
{
	(void)policy_dir;
	session->form = form;
}

void __wrap_session_drain(struct session *session);
void __wrap_session_drain(struct session *session)
{
	(void)session;
	w->drained++;
}

void __wrap_session_policy_changed(struct session *session, struct policy *old);
void __wrap_session_policy_changed(struct session *session, struct policy *old)
{
	(void)session;
	w->changed++;
	policy_free(old);
}

bool __wrap_confirm_waits_for(const struct confirm *confirm, const struct session *session);
bool __wrap_confirm_waits_for(const struct confirm *confirm, const struct session *session)
{
	(void)confirm;
	return session && session == w->taken_back;
}

void __wrap_form_program_session_over(struct server *server);
void __wrap_form_program_session_over(struct server *server)
{
	(void)server;
	w->told++;
}

void __wrap_form_socket_session_over(struct server *server);
void __wrap_form_socket_session_over(struct server *server)
{
	(void)server;
	w->told++;
}

/* ---- the world ---------------------------------------------------------------------------------
 */

static int setup(void **state)
{
	static const struct secret secret;

	w = calloc(1, sizeof(*w));
	assert_non_null(w);
	w->options.form = FORM_PROGRAM;
	w->server.options = &w->options;
	LIST_INIT(&w->server.channels);
	assert_true(sd_event_new(&w->server.event) >= 0);
	assert_int_equal(server_start_session(&w->server, open("/dev/null", O_RDWR | O_CLOEXEC),
					      &secret),
			 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_free_sessions(&w->server);
	sd_event_unref(w->server.event);
	free(w);
	return 0;
}

static struct session *open_channel(const struct session *from)
{
	int fd = -1;

	assert_int_equal(server_open_channel(&w->server, from, &fd), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close_fd(fd);
	return LIST_FIRST(&w->server.channels);
}

static void end(struct session *session, enum session_end how)
{
	session->over = true;
	session->how = how;
	w->ended(how, w->ended_data);
}

/* Whatever waits in the loop. */
static void settle(void)
{
	scoped_ptr char *logged = NULL;

	unit_capture_begin();
	while (sd_event_run(w->server.event, 0) > 0)
		;
	logged = unit_capture_end();
}

/* ---- how many
 * ------------------------------------------------------------------------------------ */

static void test_a_client_has_so_many_channels_and_no_more(void **state)
{
	struct session *channel = NULL;
	size_t before;
	int fd = -1;

	(void)state;
	for (int i = 0; i < CHANNELS_MAX; i++) {
		channel = open_channel(channel ? channel : w->server.session);
		assert_string_equal(channel->form, "channel");
	}
	before = unit_open_descriptors();
	assert_int_equal(server_open_channel(&w->server, w->server.session, &fd), -EBUSY);
	assert_int_equal(fd, -1);
	assert_int_equal(unit_open_descriptors(), before);
	end(channel, SESSION_CLIENT_GONE);
	/* not while it is still to be freed */
	assert_int_equal(server_open_channel(&w->server, w->server.session, &fd), -EBUSY);
	settle();
	assert_int_equal(w->freed, 1);
	open_channel(w->server.session);
}

static void test_a_client_that_goes_gets_no_other_channel(void **state)
{
	int fd = -1;

	(void)state;
	w->server.program_gone = true;
	assert_int_equal(server_open_channel(&w->server, w->server.session, &fd), -EBUSY);
	w->server.program_gone = false;
	w->server.leaving = true;
	assert_int_equal(server_open_channel(&w->server, w->server.session, &fd), -EBUSY);
}

static void test_a_channel_that_cannot_be_made_leaves_nothing(void **state)
{
	size_t before = unit_open_descriptors();
	int fd = -1;

	(void)state;
	w->refused = -ENOTCONN;
	assert_int_equal(server_open_channel(&w->server, w->server.session, &fd), -ENOTCONN);
	assert_int_equal(fd, -1);
	assert_int_equal(w->server.channel_count, 0);
	assert_int_equal(unit_open_descriptors(), before);
}

static void test_without_descriptors_there_is_no_channel(void **state)
{
	struct rlimit limit, none;
	int fd = -1, r;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = server_open_channel(&w->server, w->server.session, &fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(r, -EMFILE);
}

/* ---- ends
 * ------------------------------------------------------------------------------------------ */

static void test_the_client_has_gone_when_the_last_session_is_over(void **state)
{
	struct session *first = w->server.session, *a = open_channel(first), *b = open_channel(a);

	(void)state;
	end(first, SESSION_CLIENT_GONE);
	end(a, SESSION_CLIENT_GONE);
	settle();
	/* told once of both */
	assert_int_equal(w->told, 1);
	assert_int_equal(w->freed, 2);
	assert_null(w->server.session);
	assert_true(server_is_serving(&w->server));
	end(b, SESSION_CLIENT_GONE);
	settle();
	assert_int_equal(w->told, 2);
	assert_false(server_is_serving(&w->server));
	assert_int_equal(w->server.verdict, 0);
	assert_false(w->server.failed);
}

static void test_the_first_sessions_end_is_the_servers(void **state)
{
	static const struct {
		enum session_end how;
		int verdict;
	} ends[] = {
		{ SESSION_PROTOCOL, EXIT_PROTOCOL },  { SESSION_BAD_SECRET, EXIT_SECRET },
		{ SESSION_ENGINE_LOST, EXIT_ENGINE }, { SESSION_SANDBOX, EXIT_SANDBOX },
		{ SESSION_CLIENT_GONE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		teardown(state);
		setup(state);
		w->options.form = FORM_LISTEN;
		end(w->server.session, ends[i].how);
		settle();
		assert_int_equal(w->server.verdict, ends[i].verdict);
		assert_int_equal(w->server.failed, ends[i].verdict != 0);
		assert_int_equal(w->told, 1);
	}
}

static void test_a_channels_end_is_its_own_unless_its_engine_was_the_enemy(void **state)
{
	static const enum session_end ends[] = { SESSION_BAD_SECRET, SESSION_ENGINE_LOST,
						 SESSION_SANDBOX, SESSION_CLIENT_GONE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		end(open_channel(w->server.session), ends[i]);
		settle();
		assert_int_equal(w->server.verdict, 0);
		assert_false(w->server.failed);
	}
	end(open_channel(w->server.session), SESSION_PROTOCOL);
	settle();
	assert_int_equal(w->server.verdict, EXIT_PROTOCOL);
	/* the client is served on, and not ended */
	assert_false(w->server.failed);
	assert_true(server_is_serving(&w->server));
}

/* ---- all of them
 * ------------------------------------------------------------------------------------- */

static void test_what_concerns_the_client_concerns_each_session(void **state)
{
	struct session *channel = open_channel(w->server.session);
	struct policy *policy = policy_new();

	(void)state;
	assert_non_null(policy);
	server_drain(&w->server);
	assert_int_equal(w->drained, 2);
	server_policy_changed(&w->server, policy);
	assert_int_equal(w->changed, 2);
	assert_false(server_waits_to_take_back(&w->server));
	w->taken_back = channel;
	assert_true(server_waits_to_take_back(&w->server));
	w->taken_back = w->server.session;
	assert_true(server_waits_to_take_back(&w->server));
	end(w->server.session, SESSION_CLIENT_GONE);
	settle();
	server_drain(&w->server);
	assert_int_equal(w->drained, 3);
	server_policy_changed(&w->server, policy_new());
	assert_int_equal(w->changed, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_client_has_so_many_channels_and_no_more),
		TEST(test_a_client_that_goes_gets_no_other_channel),
		TEST(test_a_channel_that_cannot_be_made_leaves_nothing),
		TEST(test_without_descriptors_there_is_no_channel),
		TEST(test_the_client_has_gone_when_the_last_session_is_over),
		TEST(test_the_first_sessions_end_is_the_servers),
		TEST(test_a_channels_end_is_its_own_unless_its_engine_was_the_enemy),
		TEST(test_what_concerns_the_client_concerns_each_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
