/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/engine_spawn.c: whoever starts an engine, it is the same one, and is the
 * caller's until it is taken over.
 */
#include "starter_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/memfd.h"
#include "monitor/engine_spawn.h"

/* The engine of a test is a shell script that prints to its channel. */
struct world {
	struct starter_ground ground;
	int client;
};

static void write_engine(const struct world *w, const char *body)
{
	starter_ground_write(&w->ground, "exmachina-engine", body);
}

static int make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	starter_ground_make(&w->ground);
	w->client = memfd_new("client");
	assert_true(w->client >= 0);
	*state = w;
	return 0;
}

static int unmake(void **state)
{
	struct world *w = *state;

	starter_ground_clear(&w->ground);
	close_fd(w->client);
	free(w);
	return 0;
}

static struct spawn_order order_of(const struct world *w)
{
	return (struct spawn_order){
		.starter = w->ground.starter,
		.spec = &w->ground.spec,
		.event = w->ground.event,
		.client = w->client,
		.stream = -1,
	};
}

/* All that it says to its channel, up to its end. */
static char *words_of(const struct spawn_order *order)
{
	scoped(spawned_clear) struct spawned engine = SPAWNED_NONE;
	char text[8192] = "";
	size_t used = 0;
	ssize_t n;

	assert_int_equal(engine_spawn(order, &engine), 0);
	assert_true(engine.pid > 0);
	while ((n = recv(engine.channel, text + used, sizeof(text) - 1 - used, 0)) > 0)
		used += (size_t)n;
	return strdup(text);
}

/* What it is allowed, where it is, what it holds and what it was told. */
static const char all_of_itself[] =
	"exec >&3\n"
	"grep -E '^(Uid|Gid|Groups|Cap|NoNew|Sig[BI])' /proc/self/status\n"
	"echo \"$@\"; pwd; ls; umask; cd /proc/self/fd; echo [0-9]*; readlink 4 5";

static void whoever_starts_it_it_is_the_same(void **state)
{
	struct world *w = *state;
	struct spawn_order order = order_of(w);
	scoped_ptr char *ahead = NULL, *later = NULL;

	write_engine(w, all_of_itself);
	ahead = words_of(&order);
	assert_int_equal(starter_new(&w->ground.spec, &w->ground.starter), 0);
	order.starter = w->ground.starter;
	later = words_of(&order);
	assert_string_equal(ahead, later);
	assert_non_null(strstr(ahead, "Uid:\t65534\t65534\t65534\t65534\n"));
	/* CAP_SETPCAP and CAP_SYS_CHROOT, until the program is loaded */
	assert_non_null(strstr(ahead, "CapPrm:\t0000000000040100\n"));
	assert_non_null(strstr(ahead, "CapBnd:\t0000000000040100\n"));
	assert_non_null(strstr(ahead, "NoNewPrivs:\t1\n"));
	assert_non_null(strstr(ahead, w->ground.lenses));
	assert_non_null(strstr(ahead, "memfd:client"));
	assert_non_null(strstr(ahead, "memfd:exmachina-stream"));
}

static void a_stream_that_there_is_stays_the_callers(void **state)
{
	struct world *w = *state;
	struct spawn_order order = order_of(w);
	scoped(spawned_clear) struct spawned engine = SPAWNED_NONE;
	scoped_fd stream = memfd_new("old-stream");
	char text[64] = "";

	write_engine(w, "readlink /proc/self/fd/5 >&3");
	order.stream = stream;
	assert_int_equal(engine_spawn(&order, &engine), 0);
	assert_int_equal(engine.stream, -1);
	assert_true(recv(engine.channel, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "memfd:old-stream"));
	assert_true(fcntl(stream, F_GETFD) >= 0);
}

/* As inetd has it: the child makes its own first three anew. */
static void the_client_may_be_a_standard_descriptor(void **state)
{
	struct world *w = *state;
	struct spawn_order order = order_of(w);
	scoped_fd kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	scoped_ptr char *words = NULL;

	write_engine(w, "readlink /proc/self/fd/0 /proc/self/fd/4 >&3");
	assert_true(kept >= 0);
	assert_int_equal(dup2(w->client, STDIN_FILENO), STDIN_FILENO);
	order.client = STDIN_FILENO;
	words = words_of(&order);
	assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
	assert_string_equal(words, "/dev/null\n/memfd:client (deleted)\n");
}

static void one_that_cannot_have_its_client_is_not_executed(void **state)
{
	struct world *w = *state;
	struct spawn_order order = order_of(w);
	scoped_ptr char *words = NULL;

	write_engine(w, "echo >&3");
	order.client = -1;
	words = words_of(&order);
	assert_string_equal(words, "");
}

static void one_that_nobody_takes_is_ended(void **state)
{
	struct world *w = *state;
	const struct spawn_order order = order_of(w);
	struct spawned engine = SPAWNED_NONE;
	char byte;
	pid_t pid;

	write_engine(w, "echo >&3; exec sleep 1000");
	assert_int_equal(engine_spawn(&order, &engine), 0);
	pid = engine.pid;
	assert_int_equal(recv(engine.channel, &byte, 1, 0), 1);
	assert_int_equal(kill(pid, 0), 0);
	spawned_clear(&engine);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(engine.pid, 0);
	/* once more does nothing */
	spawned_clear(&engine);
}

static void a_starter_that_is_gone_is_told(void **state)
{
	struct world *w = *state;
	struct spawn_order order = order_of(w);
	struct spawned engine = SPAWNED_NONE;
	const int fds[] = { STDIN_FILENO };
	pid_t pid;

	assert_int_equal(starter_new(&w->ground.spec, &w->ground.starter), 0);
	/* a wrong number of descriptors ends it */
	assert_int_equal(starter_start(w->ground.starter, START_ENGINE, fds, 1, 0, &pid),
			 -ENOTCONN);
	order.starter = w->ground.starter;
	assert_int_equal(engine_spawn(&order, &engine), -ENOTCONN);
	assert_int_equal(engine.pid, 0);
	assert_int_equal(engine.channel, -1);
	assert_int_equal(engine.stream, -1);
	assert_null(engine.log);
}

static void no_more_descriptors_than_there_may_be(void **state)
{
	const struct world *w = *state;
	const int fds[] = { 0, 0, 0, 0, 0 };
	pid_t pid = 0;

	assert_int_equal(starter_run_engine(&w->ground.spec, fds, 5, 0, &pid), -EINVAL);
	assert_int_equal(pid, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whoever_starts_it_it_is_the_same),
		TEST(a_stream_that_there_is_stays_the_callers),
		TEST(the_client_may_be_a_standard_descriptor),
		TEST(one_that_cannot_have_its_client_is_not_executed),
		TEST(one_that_nobody_takes_is_ended),
		TEST(a_starter_that_is_gone_is_told),
		TEST(no_more_descriptors_than_there_may_be),
	};
	int r = starter_ground_enter();

	return r != 0 ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
