/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves client-lib/stream.c: lines come whole or not at all, and no wait is without end. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "stream.h"

struct pair {
	struct stream stream;
	int peer;
};

static int setup(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	int fds[2];

	assert_non_null(pair);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pair->stream = stream_over(fds[0]);
	pair->peer = fds[1];
	*state = pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	stream_close(&pair->stream);
	close_fd(pair->peer);
	free(pair);
	return 0;
}

static void say(const struct pair *pair, const char *text)
{
	assert_int_equal(send(pair->peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* A line, however long it takes to come. As stream_next_line(), or what else failed. */
static int read_line(struct pair *pair, int64_t deadline, char **ret_line, size_t *ret_length)
{
	for (;;) {
		int r = stream_next_line(&pair->stream, ret_line, ret_length);

		if (r != 0)
			return r > 0 ? 0 : r;
		r = stream_fill(&pair->stream, false);
		if (r == -EAGAIN)
			r = stream_wait(&pair->stream, deadline);
		if (r < 0)
			return r;
	}
}

static void assert_line(struct pair *pair, const char *expected)
{
	size_t length;
	char *line;

	assert_int_equal(read_line(pair, deadline_after(60000), &line, &length), 0);
	assert_string_equal(line, expected);
	assert_int_equal(length, strlen(expected));
}

static int read_error(struct pair *pair, int timeout_ms)
{
	size_t length;
	char *line;

	return read_line(pair, deadline_after(timeout_ms), &line, &length);
}

static void test_lines_in_one_packet_come_one_by_one(void **state)
{
	struct pair *pair = *state;

	say(pair, "one\ntwo\n\nfour\n");
	assert_line(pair, "one");
	assert_line(pair, "two");
	assert_line(pair, "");
	assert_line(pair, "four");
}

static void test_a_line_in_many_packets_comes_whole(void **state)
{
	struct pair *pair = *state;

	say(pair, "he");
	assert_int_equal(read_error(pair, 20), -ETIMEDOUT);
	say(pair, "ll");
	assert_int_equal(read_error(pair, 20), -ETIMEDOUT);
	say(pair, "o\nnext");
	assert_line(pair, "hello");
	say(pair, "\n");
	assert_line(pair, "next");
}

static void test_a_wait_ends_in_time(void **state)
{
	int64_t before = (int64_t)clock_msec();

	assert_int_equal(read_error(*state, 50), -ETIMEDOUT);
	assert_true((int64_t)clock_msec() - before >= 49);
}

static void test_the_end_of_the_stream_is_told_after_what_came_before(void **state)
{
	struct pair *pair = *state;

	say(pair, "last\nunfinished");
	pair->peer = close_fd(pair->peer);
	assert_line(pair, "last");
	assert_int_equal(read_error(pair, 60000), -ECONNRESET);
	assert_int_equal(read_error(pair, 60000), -ECONNRESET);
}

static void test_so_it_is_of_a_peer_that_left_something_unread(void **state)
{
	struct pair *pair = *state;

	say(pair, "last\n");
	assert_int_equal(stream_queue_line(&pair->stream, "unread", 6), 0);
	assert_int_equal(stream_flush(&pair->stream), 0);
	pair->peer = close_fd(pair->peer);
	assert_line(pair, "last");
	assert_int_equal(read_error(pair, 60000), -ECONNRESET);
}

static void test_dropped_input_is_gone(void **state)
{
	struct pair *pair = *state;

	say(pair, "one\nhalf");
	assert_line(pair, "one");
	stream_drop_input(&pair->stream);
	say(pair, " of it\nthree\n");
	assert_line(pair, " of it");
	assert_line(pair, "three");
}

static void test_a_nul_byte_is_part_of_the_line(void **state)
{
	struct pair *pair = *state;
	size_t length;
	char *line;

	assert_int_equal(send(pair->peer, "a\0b\n", 4, 0), 4);
	assert_int_equal(read_line(pair, DEADLINE_NEVER, &line, &length), 0);
	assert_int_equal(length, 3);
	assert_memory_equal(line, "a\0b", 4);
}

/* A child that writes lines of the given lengths, which no socket buffer holds. */
static pid_t start_writer(const struct pair *pair, const size_t *lengths, size_t count)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	alarm(60);
	for (size_t i = 0; i < count; i++) {
		char *text = unit_repeat((char)('a' + i), lengths[i] + 1);
		size_t done = 0;

		text[lengths[i]] = '\n';
		while (done <= lengths[i]) {
			ssize_t n =
				send(pair->peer, text + done, lengths[i] + 1 - done, MSG_NOSIGNAL);

			if (n < 0)
				_exit(1);
			done += (size_t)n;
		}
	}
	_exit(0);
}

static void wait_for_child(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_the_largest_line_comes_whole(void **state)
{
	static const size_t lengths[] = { STREAM_LINE_MAX, 3 };
	struct pair *pair = *state;
	pid_t pid = start_writer(pair, lengths, ARRAY_SIZE(lengths));
	size_t length;
	char *line;

	assert_int_equal(read_line(pair, deadline_after(60000), &line, &length), 0);
	assert_int_equal(length, STREAM_LINE_MAX);
	assert_true(line[0] == 'a' && line[length - 1] == 'a');
	assert_line(pair, "bbb");
	/* and its memory is not kept */
	assert_int_equal(read_error(pair, 0), -ETIMEDOUT);
	assert_true(pair->stream.size <= STREAM_KEEP_MAX);
	wait_for_child(pid);
}

static void test_a_line_that_is_too_long_is_refused_and_the_next_one_comes(void **state)
{
	static const size_t lengths[] = { STREAM_LINE_MAX + 1, 2, 3 * (size_t)STREAM_LINE_MAX, 4 };
	struct pair *pair = *state;
	pid_t pid = start_writer(pair, lengths, ARRAY_SIZE(lengths));

	assert_int_equal(read_error(pair, 60000), -EMSGSIZE);
	assert_line(pair, "bb");
	assert_int_equal(read_error(pair, 60000), -EMSGSIZE);
	assert_true(pair->stream.size <= 2 * ((size_t)STREAM_LINE_MAX + 1));
	assert_line(pair, "dddd");
	wait_for_child(pid);
}

static void test_output_for_who_has_gone_is_dropped_without_a_signal(void **state)
{
	struct pair *pair = *state;

	say(pair, "busy\n");
	pair->peer = close_fd(pair->peer);
	assert_int_equal(stream_queue_line(&pair->stream, "x", 1), 0);
	assert_int_equal(stream_flush(&pair->stream), 0);
	assert_false(stream_has_output(&pair->stream));
	/* what it said before is still there */
	assert_line(pair, "busy");
	assert_int_equal(read_error(pair, 60000), -ECONNRESET);
}

static void test_output_for_who_does_not_read_waits_and_has_a_bound(void **state)
{
	struct pair *pair = *state;
	char *text = unit_repeat('x', STREAM_OUTPUT_MAX / 2);

	assert_int_equal(stream_queue_line(&pair->stream, text, STREAM_OUTPUT_MAX / 2), 0);
	assert_int_equal(stream_flush(&pair->stream), -EAGAIN);
	assert_true(stream_has_output(&pair->stream));
	assert_int_equal(stream_wait(&pair->stream, deadline_after(20)), -ETIMEDOUT);
	assert_int_equal(stream_queue_line(&pair->stream, text, STREAM_OUTPUT_MAX / 2), -ENOBUFS);
	stream_drop_output(&pair->stream);
	assert_false(stream_has_output(&pair->stream));
	free(text);
}

static void test_what_was_written_is_wiped(void **state)
{
	struct pair *pair = *state;
	char zero[8] = { 0 };

	assert_int_equal(stream_queue_line(&pair->stream, "secret", 6), 0);
	assert_int_equal(stream_flush(&pair->stream), 0);
	assert_memory_equal(pair->stream.output.data, zero, 7);
}

/* Both sides have more to say than the buffers hold: somebody must listen meanwhile. */
static void test_writing_reads_what_the_peer_must_get_rid_of(void **state)
{
	static const size_t lengths[] = { 1 << 20 };
	struct pair *pair = *state;
	char *text = unit_repeat('x', 1 << 20);
	pid_t pid;
	size_t length;
	char *line;

	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		pid_t writer = start_writer(pair, lengths, 1);
		size_t left = 1 << 20;
		int status;

		alarm(60);
		/* reads only when all of its own is out */
		if (waitpid(writer, &status, 0) != writer || status != 0)
			_exit(1);
		while (left > 0) {
			ssize_t n = recv(pair->peer, text, left, 0);

			if (n <= 0)
				_exit(1);
			left -= (size_t)n;
		}
		_exit(0);
	}
	assert_int_equal(stream_queue_line(&pair->stream, text, (1 << 20) - 1), 0);
	while (stream_flush(&pair->stream) == -EAGAIN) {
		int r = stream_fill(&pair->stream, false);

		if (r == -EAGAIN)
			r = stream_wait(&pair->stream, deadline_after(60000));
		assert_int_equal(r, 0);
	}
	assert_int_equal(read_line(pair, deadline_after(60000), &line, &length), 0);
	assert_int_equal(length, 1 << 20);
	wait_for_child(pid);
	free(text);
}

static void test_a_descriptor_that_never_blocks_is_as_good(void **state)
{
	struct pair *pair = *state;
	size_t length;
	char *line;
	pid_t pid;

	assert_int_equal(fcntl(pair->stream.fd, F_SETFL, O_NONBLOCK), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)poll(NULL, 0, 50);
		_exit(send(pair->peer, "late\n", 5, 0) == 5 ? 0 : 1);
	}
	assert_int_equal(read_line(pair, DEADLINE_NEVER, &line, &length), 0);
	assert_string_equal(line, "late");
	wait_for_child(pid);
}

/* All that is left is what has not gone by meanwhile. */
static void assert_left(int timeout_ms)
{
	int64_t before = (int64_t)clock_msec();
	int64_t left = deadline_left(deadline_after(timeout_ms));
	int64_t passed = (int64_t)clock_msec() - before;

	assert_true(left <= timeout_ms);
	assert_true(left >= timeout_ms - passed - 1);
}

static void test_deadlines_are_never_missed_by_rounding(void **state)
{
	(void)state;
	assert_int_equal(deadline_left(DEADLINE_NEVER), -1);
	assert_int_equal(deadline_left(deadline_after(-5)), -1);
	assert_int_equal(deadline_left(deadline_after(0)), 0);
	assert_left(10000);
	assert_left(INT32_MAX);
}

static void pass(const struct pair *pair, const char *text, const int *fds, size_t count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(count * sizeof(int)) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	assert_int_equal(sendmsg(pair->peer, &message, MSG_NOSIGNAL), iov.iov_len);
}

/* All that was passed and not taken is closed, whatever it was. */
static void test_descriptors_come_to_those_who_wait_for_one(void **state)
{
	struct pair *pair = *state;
	const int fds[] = { pair->peer, pair->peer };
	size_t before = unit_open_descriptors();
	char *line;
	size_t length;
	int fd;

	/* nobody does */
	pass(pair, "1\n", fds, 1);
	assert_int_equal(read_line(pair, DEADLINE_NEVER, &line, &length), 0);
	pair->stream.takers = 1;
	assert_int_equal(stream_take_fd(&pair->stream), -1);
	assert_int_equal(unit_open_descriptors(), before);
	/* two do; the newest one counts */
	pair->stream.takers = 2;
	pass(pair, "2\n", fds, 1);
	pass(pair, "3\n", fds, 1);
	assert_int_equal(read_line(pair, DEADLINE_NEVER, &line, &length), 0);
	assert_int_equal(read_line(pair, DEADLINE_NEVER, &line, &length), 0);
	fd = stream_take_fd(&pair->stream);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close_fd(fd);
	assert_int_equal(unit_open_descriptors(), before);
	/* of two at once one at most is kept */
	pass(pair, "4\n", fds, 2);
	assert_int_equal(read_line(pair, DEADLINE_NEVER, &line, &length), 0);
	assert_true(unit_open_descriptors() <= before + 1);
	close_fd(stream_take_fd(&pair->stream));
	assert_int_equal(unit_open_descriptors(), before);
}

#define STREAM_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STREAM_TEST(test_lines_in_one_packet_come_one_by_one),
		STREAM_TEST(test_a_line_in_many_packets_comes_whole),
		STREAM_TEST(test_a_wait_ends_in_time),
		STREAM_TEST(test_the_end_of_the_stream_is_told_after_what_came_before),
		STREAM_TEST(test_so_it_is_of_a_peer_that_left_something_unread),
		STREAM_TEST(test_dropped_input_is_gone),
		STREAM_TEST(test_a_nul_byte_is_part_of_the_line),
		STREAM_TEST(test_the_largest_line_comes_whole),
		STREAM_TEST(test_a_line_that_is_too_long_is_refused_and_the_next_one_comes),
		STREAM_TEST(test_output_for_who_has_gone_is_dropped_without_a_signal),
		STREAM_TEST(test_output_for_who_does_not_read_waits_and_has_a_bound),
		STREAM_TEST(test_what_was_written_is_wiped),
		STREAM_TEST(test_writing_reads_what_the_peer_must_get_rid_of),
		STREAM_TEST(test_a_descriptor_that_never_blocks_is_as_good),
		STREAM_TEST(test_descriptors_come_to_those_who_wait_for_one),
		cmocka_unit_test(test_deadlines_are_never_missed_by_rounding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
