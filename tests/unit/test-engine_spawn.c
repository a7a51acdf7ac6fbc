/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/engine_spawn.c: whoever starts an engine, it is the same one, and is the
 * caller's until it is taken over.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/channel.h"
#include "common/layer.h"
#include "common/memfd.h"
#include "config.h"
#include "monitor/engine_spawn.h"

static const struct identity nobody = {
	.uid = 65534,
	.gid = 65534,
	.name = (char[]){ "nobody" },
	.home = (char[]){ "/" },
	.shell = (char[]){ "/bin/sh" },
};

/* The engine of a test is a shell script that prints to its channel. */
struct world {
	char *libexec;
	char *lenses;
	struct starter_spec spec;
	struct starter *starter; /* NULL: none yet */
	sd_event *event;
	int client;
};

static void write_engine(const struct world *w, const char *body)
{
	scoped_ptr char *path = unit_path(w->libexec, "exmachina-engine"), *text = NULL;

	assert_true(asprintf(&text, "#!/bin/sh\n%s\n", body) > 0);
	unit_file_write(path, text);
	assert_int_equal(chmod(path, 0755), 0);
}

static int make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	w->libexec = unit_directory_make();
	w->lenses = unit_directory_make();
	w->client = memfd_new("client");
	if (chmod(w->libexec, 0755) < 0 || chmod(w->lenses, 0755) < 0 || w->client < 0)
		return -1;
	w->spec = (struct starter_spec){
		.libexec = w->libexec,
		.lens_path = w->lenses,
		.reader = &nobody,
		.user = &nobody,
	};
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &w->spec.descriptors), 0);
	assert_true(sd_event_new(&w->event) >= 0);
	*state = w;
	return 0;
}

static int unmake(void **state)
{
	struct world *w = *state;

	starter_free(w->starter);
	sd_event_unref(w->event);
	close_fd(w->client);
	unit_directory_remove(w->libexec);
	unit_directory_remove(w->lenses);
	free(w);
	return 0;
}

static struct spawn_order order_of(const struct world *w)
{
	return (struct spawn_order){
		.starter = w->starter,
		.spec = &w->spec,
		.event = w->event,
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
	assert_int_equal(starter_new(&w->spec, &w->starter), 0);
	order.starter = w->starter;
	later = words_of(&order);
	assert_string_equal(ahead, later);
	assert_non_null(strstr(ahead, "Uid:\t65534\t65534\t65534\t65534\n"));
	/* CAP_SETPCAP and CAP_SYS_CHROOT, until the program is loaded */
	assert_non_null(strstr(ahead, "CapPrm:\t0000000000040100\n"));
	assert_non_null(strstr(ahead, "CapBnd:\t0000000000040100\n"));
	assert_non_null(strstr(ahead, "NoNewPrivs:\t1\n"));
	assert_non_null(strstr(ahead, w->lenses));
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

	assert_int_equal(starter_new(&w->spec, &w->starter), 0);
	/* a wrong number of descriptors ends it */
	assert_int_equal(starter_start(w->starter, START_ENGINE, fds, 1, 0, &pid), -ENOTCONN);
	order.starter = w->starter;
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

	assert_int_equal(starter_run_engine(&w->spec, fds, 5, 0, &pid), -EINVAL);
	assert_int_equal(pid, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whoever_starts_it_it_is_the_same),
		TEST(a_stream_that_there_is_stays_the_callers),
		TEST(one_that_nobody_takes_is_ended),
		TEST(a_starter_that_is_gone_is_told),
		TEST(no_more_descriptors_than_there_may_be),
	};
	int r = root_enter();

	if (r != 0)
		return r;
	/* the run directory of a system of our own */
	if (mount("run", "/run", "tmpfs", 0, "mode=755") < 0 || mkdir(RUN_DIR, 0755) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
