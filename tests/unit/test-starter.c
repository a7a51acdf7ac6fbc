/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/starter: it starts what was settled when it was made, in a sandbox, and
 * nothing else, whatever the monitor says to it.
 */
#include "starter_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "common/channel.h"
#include "common/layer.h"
#include "common/memfd.h"
#include "config.h"
#include "monitor/exit_status.h"

enum {
	NAMESPACES = LAYER(MOUNT_NAMESPACE) | LAYER(PRIVATE_ROOT) | LAYER(NET_NAMESPACE) |
		     LAYER(IPC_NAMESPACE) | LAYER(UTS_NAMESPACE)
};

/* The programs of a test are shell scripts that print to their log. */
static int make(void **state)
{
	struct starter_ground *ground = calloc(1, sizeof(*ground));

	if (!ground)
		return -1;
	starter_ground_make(ground);
	*state = ground;
	return 0;
}

static int unmake(void **state)
{
	struct starter_ground *ground = *state;

	starter_ground_clear(ground);
	free(ground);
	return 0;
}

/* Starts it, waits for it, and returns what it has written. */
static char *output_of(struct starter *starter, enum start_what what, uint32_t optional,
		       int *ret_status)
{
	scoped_fd out = memfd_new("out"), channel = -1, theirs = -1;
	char text[4096] = "";
	int fds[4];
	size_t count = what == START_ENGINE ? 4 : 2;
	pid_t pid = 0;

	assert_int_equal(channel_pair(&channel, &theirs), 0);
	for (size_t i = 0; i < count; i++)
		fds[i] = theirs;
	/* the log is the last one; the program has none, and inherits ours */
	fds[count - 1] = out;
	assert_int_equal(starter_start(starter, what, fds, count, optional, &pid), 0);
	assert_int_equal(waitpid(pid, ret_status, 0), pid);
	assert_true(pread(out, text, sizeof(text) - 1, 0) >= 0);
	return strdup(text);
}

static void readers_have_no_rights_but_that_to_leave_the_root(void **state)
{
	struct starter_ground *w = *state;
	scoped_ptr char *text = NULL;
	struct starter *starter;
	int status;

	starter_ground_write(w, "exmachina-verify",
			     "grep -E '^(Uid|Gid|Groups|Cap|NoNew)' /proc/self/status >&2\n"
			     "echo \"$@\" >&2; pwd >&2; ls >&2; ls -l /proc/self/fd >&2");
	assert_int_equal(starter_new(&w->spec, &starter), 0);
	text = output_of(starter, START_VERIFY, 0, &status);
	assert_int_equal(status, 0);
	assert_non_null(strstr(text, "Uid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(text, "Gid:\t65534\t65534\t65534\t65534\n"));
	assert_non_null(strstr(text, "Groups:\t \n"));
	/* CAP_SETPCAP and CAP_SYS_CHROOT, until the program is loaded */
	assert_non_null(strstr(text, "CapPrm:\t0000000000040100\n"));
	assert_non_null(strstr(text, "CapBnd:\t0000000000040100\n"));
	assert_non_null(strstr(text, "NoNewPrivs:\t1\n"));
	starter_free(starter);
}

static void readers_are_told_which_layers_hold(void **state)
{
	struct starter_ground *w = *state;
	scoped_ptr char *text = NULL, *wanted = NULL;
	struct starter *starter;
	int status;

	starter_ground_write(w, "exmachina-engine", "echo \"$#: $*\" >&2");
	assert_int_equal(starter_new(&w->spec, &starter), 0);
	text = output_of(starter, START_ENGINE, LAYER(LANDLOCK), &status);
	assert_int_equal(status, 0);
	assert_true(asprintf(&wanted, "3: %u %u %s\n", NAMESPACES, LAYER(LANDLOCK), w->lenses) > 0);
	assert_string_equal(text, wanted);
	starter_free(starter);
}

static void a_child_is_the_monitors(void **state)
{
	struct starter_ground *w = *state;
	scoped_ptr char *text = NULL, *wanted = NULL;
	struct starter *starter;
	int status;

	starter_ground_write(w, "exmachina-engine", "exec grep PPid /proc/self/status >&2");
	assert_int_equal(starter_new(&w->spec, &starter), 0);
	text = output_of(starter, START_ENGINE, 0, &status);
	assert_int_equal(status, 0);
	assert_true(asprintf(&wanted, "PPid:\t%d\n", (int)getpid()) > 0);
	assert_string_equal(text, wanted);
	starter_free(starter);
}

static void a_program_that_is_missing_ends_as_a_sandbox_that_failed(void **state)
{
	struct starter_ground *w = *state;
	scoped_ptr char *text = NULL;
	struct starter *starter;
	int status;

	assert_int_equal(starter_new(&w->spec, &starter), 0);
	text = output_of(starter, START_VERIFY, 0, &status);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_SANDBOX);
	assert_non_null(strstr(text, "cannot run"));
	starter_free(starter);
}

static void a_lens_directory_that_is_missing_is_told(void **state)
{
	struct starter_ground *w = *state;
	scoped_ptr char *text = NULL;
	struct starter *starter;
	int status;

	w->spec.lens_path = "/nowhere/lenses";
	starter_ground_write(w, "exmachina-verify", "true");
	assert_int_equal(starter_new(&w->spec, &starter), 0);
	text = output_of(starter, START_VERIFY, 0, &status);
	assert_int_equal(WEXITSTATUS(status), EXIT_SANDBOX);
	assert_non_null(strstr(text, "layer private_root"));
	starter_free(starter);
}

/* What a reader says of its layers, of a starter without CAP_SYS_ADMIN. */
static void as_in_a_container(const struct starter_ground *w, uint32_t optional, int wanted_status,
			      const char *wanted)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		scoped_ptr char *text = NULL;
		struct starter *starter;

		assert_int_equal(privileges_keep(~(UINT64_C(1) << CAP_SYS_ADMIN)), 0);
		assert_int_equal(starter_new(&w->spec, &starter), 0);
		text = output_of(starter, START_ENGINE, optional, &status);
		_exit(WEXITSTATUS(status) == wanted_status && strstr(text, wanted) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_layer_that_cannot_be_had_ends_it_unless_it_is_optional(void **state)
{
	const struct starter_ground *w = *state;

	starter_ground_write(w, "exmachina-engine", "echo \"layers $1\" >&2");
	as_in_a_container(w, 0, EXIT_SANDBOX, "layer mount_namespace");
	as_in_a_container(w, NAMESPACES & ~LAYER(PRIVATE_ROOT), EXIT_SANDBOX, "layer private_root");
	as_in_a_container(w, NAMESPACES & ~LAYER(NET_NAMESPACE), EXIT_SANDBOX,
			  "layer net_namespace");
	as_in_a_container(w, NAMESPACES & ~LAYER(IPC_NAMESPACE), EXIT_SANDBOX,
			  "layer ipc_namespace");
	as_in_a_container(w, NAMESPACES & ~LAYER(UTS_NAMESPACE), EXIT_SANDBOX,
			  "layer uts_namespace");
	as_in_a_container(w, NAMESPACES, EXIT_SUCCESS, "layers 0\n");
}

static void a_root_that_was_prepared_is_taken_where_there_is_no_network(void **state)
{
	struct starter_ground *w = *state;
	scoped_ptr char *wanted = NULL;

	w->spec.prepared = w->lenses;
	starter_ground_write(w, "exmachina-engine", "echo \"layers $1\" >&2");
	/* the network of whoever runs this, if there is one */
	as_in_a_container(w, 0, EXIT_SANDBOX, "layer net_namespace");
	assert_true(asprintf(&wanted, "layers %u\n", NAMESPACES & ~LAYER(NET_NAMESPACE)) > 0);
	as_in_a_container(w, LAYER(NET_NAMESPACE), EXIT_SUCCESS, wanted);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	free(take_ptr(wanted));
	assert_true(asprintf(&wanted, "layers %u\n", NAMESPACES) > 0);
	as_in_a_container(w, 0, EXIT_SUCCESS, wanted);
}

static void the_program_is_started_once_only(void **state)
{
	struct starter_ground *w = *state;
	char name[] = "/bin/true";
	char *const argv[] = { name, NULL };
	struct starter *starter;
	scoped_fd ours = -1, theirs = -1;
	int fds[3], status;
	pid_t pid = 0;

	w->spec.program = argv;
	assert_int_equal(channel_pair(&ours, &theirs), 0);
	fds[0] = fds[1] = fds[2] = theirs;
	assert_int_equal(starter_new(&w->spec, &starter), 0);
	assert_int_equal(starter_start(starter, START_PROGRAM, fds, 3, 0, &pid), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(starter_start(starter, START_PROGRAM, fds, 3, 0, &pid), -ENOTCONN);
	starter_free(starter);
}

/* 1 if the program was executed, 0 if it was told that it was not. */
static int executed(const struct starter_ground *w)
{
	scoped_fd ours = -1, theirs = -1, told = -1, tells = -1;
	struct starter *starter;
	int fds[3], ends[2], status;
	ssize_t n;
	pid_t pid = 0;
	char byte;

	assert_int_equal(channel_pair(&ours, &theirs), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	told = ends[0];
	tells = ends[1];
	fds[0] = fds[1] = theirs;
	fds[2] = tells;
	assert_int_equal(starter_new(&w->spec, &starter), 0);
	assert_int_equal(starter_start(starter, START_PROGRAM, fds, 3, 0, &pid), 0);
	tells = close_fd(tells);
	n = read(told, &byte, 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), n == 0 ? EXIT_SUCCESS : EXIT_NOT_FOUND);
	starter_free(starter);
	return n == 0;
}

static void it_is_told_whether_the_program_was_executed(void **state)
{
	struct starter_ground *w = *state;
	char good[] = "/bin/true", bad[] = "/no/such/program";
	char *argv[] = { good, NULL };

	w->spec.program = argv;
	assert_int_equal(executed(w), 1);
	argv[0] = bad;
	assert_int_equal(executed(w), 0);
}

static void there_is_no_program_where_none_was_named(void **state)
{
	struct starter_ground *w = *state;
	struct starter *starter;
	const int fds[] = { STDIN_FILENO, STDIN_FILENO, STDIN_FILENO };
	pid_t pid = 0;

	assert_int_equal(starter_new(&w->spec, &starter), 0);
	assert_int_equal(starter_start(starter, START_PROGRAM, fds, 3, 0, &pid), -ENOTCONN);
	starter_free(starter);
}

/* ---- a monitor that was taken over ----------------------------------------------- */

/* How a starter ends that is told these messages. */
static int end_of(const struct starter_ground *w, const struct message *messages, size_t count)
{
	scoped_fd ours = -1, theirs = -1, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int status;
	pid_t pid;

	assert_int_equal(channel_pair(&ours, &theirs), 0);
	pid = fork();
	if (pid == 0)
		_exit(starter_run(&w->spec, theirs));
	theirs = close_fd(theirs);
	for (size_t i = 0; i < count; i++) {
		bool with_fd = message_info(messages[i].type)->flags & MSG_FD;
		int r = channel_send(ours, &messages[i], with_fd ? null : -1, true);

		/* it may have ended before the last one */
		assert_true(r == 0 || r == -EPIPE);
	}
	if (count == 0)
		ours = close_fd(ours);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_message_of_another_kind_ends_it(void **state)
{
	for (enum message_type type = 1; type < MESSAGE_TYPE_MAX; type++) {
		const struct message message = { .type = type };

		/* with no descriptor at all START is as wrong as any other */
		if (type != MON_START_FD)
			assert_int_equal(end_of(*state, &message, 1), EXIT_PROTOCOL);
	}
}

static void a_wrong_number_of_descriptors_ends_it(void **state)
{
	const struct message give = { .type = MON_START_FD };
	struct message start = { .type = MON_START };

	for (unsigned int what = 0; what < START_MAX; what++) {
		const struct message too_few[] = { give, start },
				     five[] = { give, give, give, give, give };

		start.start.what = (uint8_t)what;
		assert_int_equal(end_of(*state, too_few, 2), EXIT_PROTOCOL);
		assert_int_equal(end_of(*state, five, 5), EXIT_PROTOCOL);
	}
}

static void what_it_cannot_start_ends_it(void **state)
{
	const struct message give = { .type = MON_START_FD };

	for (unsigned int what = START_MAX; what <= UINT8_MAX; what += 63) {
		const struct message messages[] = {
			give, give, { .type = MON_START, .start = { .what = (uint8_t)what } }
		};

		assert_int_equal(end_of(*state, messages, 3), EXIT_PROTOCOL);
	}
}

static void it_ends_with_the_monitor(void **state)
{
	assert_int_equal(end_of(*state, NULL, 0), EXIT_SUCCESS);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(readers_have_no_rights_but_that_to_leave_the_root),
		TEST(readers_are_told_which_layers_hold),
		TEST(a_child_is_the_monitors),
		TEST(a_program_that_is_missing_ends_as_a_sandbox_that_failed),
		TEST(a_lens_directory_that_is_missing_is_told),
		TEST(a_layer_that_cannot_be_had_ends_it_unless_it_is_optional),
		TEST(a_root_that_was_prepared_is_taken_where_there_is_no_network),
		TEST(the_program_is_started_once_only),
		TEST(it_is_told_whether_the_program_was_executed),
		TEST(there_is_no_program_where_none_was_named),
		TEST(a_message_of_another_kind_ends_it),
		TEST(a_wrong_number_of_descriptors_ends_it),
		TEST(what_it_cannot_start_ends_it),
		TEST(it_ends_with_the_monitor),
	};

	int r = starter_ground_enter();

	return r != 0 ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
