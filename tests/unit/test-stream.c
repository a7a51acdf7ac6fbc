/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/engine/stream.c: lines whole or not at all, and nothing lost when an engine takes
 * over. */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/memfd.h"
#include "engine/stream.h"

/* A client's end, the engine's stream, and the memfd between engines. */
struct fixture {
	int client;
	int server;
	int memfd;
	struct stream stream;
};

static int make(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int pair[2];

	if (!f || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return -1;
	f->client = pair[0];
	f->server = pair[1];
	f->memfd = memfd_new("test");
	if (f->memfd < 0 ||
	    stream_open(&f->stream, f->server, stream_piece(f->server), f->memfd) < 0)
		return -1;
	*state = f;
	return 0;
}

static int unmake(void **state)
{
	struct fixture *f = *state;

	close_fd(f->client);
	close_fd(f->server);
	close_fd(f->memfd);
	free(f);
	return 0;
}

static void say(struct fixture *f, const char *text, size_t length)
{
	while (length > 0) {
		size_t part = length < 65536 ? length : 65536;
		int left;

		assert_int_equal(send(f->client, text, part, 0), part);
		/* near the end of its buffer it takes less than all */
		while (ioctl(f->server, FIONREAD, &left) == 0 && left > 0)
			assert_int_equal(stream_fill(&f->stream), 0);
		text += part;
		length -= part;
	}
}

static void expect_line(struct fixture *f, const char *wanted)
{
	const char *line;
	size_t length;

	assert_int_equal(stream_next(&f->stream, STREAM_LINE_MAX, &line, &length), STREAM_LINE);
	assert_int_equal(length, strlen(wanted));
	assert_memory_equal(line, wanted, length);
	stream_mark(&f->stream, STREAM_WORKING, length);
	stream_mark(&f->stream, STREAM_IDLE, 0);
}

static void expect(struct fixture *f, enum stream_line wanted, size_t max)
{
	const char *line;
	size_t length;

	assert_int_equal(stream_next(&f->stream, max, &line, &length), wanted);
}

static void lines_come_one_by_one(void **state)
{
	struct fixture *f = *state;

	expect(f, STREAM_NOTHING, 100);
	say(f, "one\ntwo\nthr", 11);
	expect_line(f, "one");
	expect_line(f, "two");
	expect(f, STREAM_NOTHING, 100);
	say(f, "ee\n\n", 4);
	expect_line(f, "three");
	expect_line(f, "");
	expect(f, STREAM_NOTHING, 100);
}

static void a_line_stays_until_it_is_done(void **state)
{
	struct fixture *f = *state;
	const char *line;
	size_t length;

	say(f, "one\ntwo\n", 8);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(stream_next(&f->stream, 100, &line, &length), STREAM_LINE);
		assert_memory_equal(line, "one", 3);
	}
}

static void a_line_of_the_limit_passes_and_one_more_byte_does_not(void **state)
{
	struct fixture *f = *state;
	scoped_ptr char *text = malloc(STREAM_LINE_MAX + 2);
	const char *line;
	size_t length;

	assert_non_null(text);
	memset(text, 'x', STREAM_LINE_MAX + 1);
	text[STREAM_LINE_MAX] = '\n';
	say(f, text, STREAM_LINE_MAX + 1);
	assert_int_equal(stream_next(&f->stream, STREAM_LINE_MAX, &line, &length), STREAM_LINE);
	assert_int_equal(length, STREAM_LINE_MAX);
	stream_mark(&f->stream, STREAM_WORKING, length);
	stream_mark(&f->stream, STREAM_IDLE, 0);

	text[STREAM_LINE_MAX] = 'x';
	text[STREAM_LINE_MAX + 1] = '\n';
	say(f, text, STREAM_LINE_MAX + 2);
	expect(f, STREAM_TOO_LONG, STREAM_LINE_MAX);
	expect(f, STREAM_NOTHING, STREAM_LINE_MAX);
	say(f, "after\n", 6);
	expect_line(f, "after");
}

static void a_line_without_end_is_told_once_and_skipped(void **state)
{
	struct fixture *f = *state;
	scoped_ptr char *text = malloc(100000);

	assert_non_null(text);
	memset(text, 'x', 100000);
	say(f, text, 100000);
	expect(f, STREAM_TOO_LONG, 4096);
	for (int i = 0; i < 40; i++) {
		say(f, text, 100000);
		expect(f, STREAM_NOTHING, 4096);
	}
	say(f, "\nafter\n", 7);
	expect_line(f, "after");
}

static void many_lines_move_through_a_full_buffer(void **state)
{
	struct fixture *f = *state;
	char text[512], wanted[512];

	/* the second half of a line always waits, so the buffer is never empty and must be moved */
	say(f, "ha", 2);
	for (int i = 0; i < 10000; i++) {
		int length = snprintf(text, sizeof(text), "lf %d %0*d\nha", i, 1 + i % 400, 7);

		say(f, text, (size_t)length);
		snprintf(wanted, sizeof(wanted), "half %d %0*d", i, 1 + i % 400, 7);
		expect_line(f, wanted);
	}
}

static void the_end_is_told(void **state)
{
	struct fixture *f = *state;

	shutdown(f->client, SHUT_WR);
	assert_int_equal(stream_fill(&f->stream), 0);
	assert_true(f->stream.ended);
}

static void the_last_words_of_a_client_that_reads_no_answer_are_heard(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(stream_write(&f->stream, "answer\n", 7), 0);
	assert_int_equal(send(f->client, "last\n", 5, 0), 5);
	f->client = close_fd(f->client);
	assert_int_equal(stream_fill(&f->stream), 0);
	assert_false(f->stream.ended);
	expect_line(f, "last");
	assert_int_equal(stream_fill(&f->stream), 0);
	assert_true(f->stream.ended);
}

static void the_next_engine_finds_the_line_that_was_worked_on(void **state)
{
	struct fixture *f = *state;
	struct stream_rest rest;
	const char *line;
	size_t length;

	say(f, "first\nsecond\n", 13);
	expect_line(f, "first");
	assert_int_equal(stream_next(&f->stream, 100, &line, &length), STREAM_LINE);
	stream_mark(&f->stream, STREAM_WORKING, length);
	stream_set_edits(&f->stream, true);

	assert_int_equal(stream_open(&f->stream, f->server, stream_piece(f->server), f->memfd), 0);
	rest = stream_rest(&f->stream);
	assert_int_equal(rest.stage, STREAM_WORKING);
	assert_int_equal(rest.length, 6);
	assert_memory_equal(rest.line, "second", 6);
	assert_true(rest.edits);
	stream_mark(&f->stream, STREAM_IDLE, 0);
	assert_int_equal(stream_rest(&f->stream).stage, STREAM_IDLE);
}

static void the_next_engine_finds_requests_that_wait(void **state)
{
	struct fixture *f = *state;
	int a = stream_open_request(&f->stream, "1", 1);
	int b = stream_open_request(&f->stream, "\"x\"", 3);

	assert_true(a >= 0 && b >= 0 && a != b);
	stream_close_request(&f->stream, a);
	assert_int_equal(stream_open(&f->stream, f->server, stream_piece(f->server), f->memfd), 0);
	assert_null(stream_slot(&f->stream, a));
	assert_non_null(stream_slot(&f->stream, b));
	assert_memory_equal(stream_slot(&f->stream, b)->id, "\"x\"", 3);
}

static void too_many_waiting_requests_are_refused(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < STREAM_OPEN_MAX; i++)
		assert_true(stream_open_request(&f->stream, "1", 1) >= 0);
	assert_int_equal(stream_open_request(&f->stream, "1", 1), -1);
}

static void an_id_that_is_too_long_is_refused(void **state)
{
	struct fixture *f = *state;
	char id[STREAM_ID_TEXT_MAX + 1] = { 0 };

	assert_int_equal(stream_open_request(&f->stream, id, sizeof(id)), -1);
}

static void a_memfd_that_makes_no_sense_is_refused(void **state)
{
	struct fixture *f = *state;
	struct stream other;
	char wrong[16] = "not a stream";
	scoped_fd memfd = memfd_new("wrong");

	assert_int_equal(write(memfd, wrong, sizeof(wrong)), sizeof(wrong));
	assert_int_equal(stream_open(&other, f->server, stream_piece(f->server), memfd), -EBADMSG);
	/* the counters stand in the first bytes; an engine that broke may have left anything */
	memset(wrong, 0xff, sizeof(wrong));
	assert_int_equal(pwrite(f->memfd, wrong, sizeof(wrong), 4), sizeof(wrong));
	assert_int_equal(stream_open(&other, f->server, stream_piece(f->server), f->memfd),
			 -EBADMSG);
}

static void a_written_line_arrives_with_its_end(void **state)
{
	struct fixture *f = *state;
	char got[16] = { 0 };

	assert_int_equal(stream_write(&f->stream, "{}\n", 3), 0);
	assert_int_equal(recv(f->client, got, sizeof(got), 0), 3);
	assert_string_equal(got, "{}\n");
	/* nothing was left half written, so nothing needs mending */
	assert_int_equal(stream_mend(&f->stream), 0);
	assert_int_equal(recv(f->client, got, sizeof(got), MSG_DONTWAIT), -1);
}

static void writing_to_a_client_that_is_gone_is_an_error(void **state)
{
	struct fixture *f = *state;

	f->client = close_fd(f->client);
	assert_int_equal(stream_write(&f->stream, "{}\n", 3), -EPIPE);
	/* what the next engine would have to end with a newline */
	assert_true(stream_mend(&f->stream) <= 0);
}

/* recvmsg(2) of the client: how many bytes, and which descriptor came with them. */
static ssize_t take(struct fixture *f, char *data, size_t size, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(f->client, &message, MSG_CMSG_CLOEXEC);

	*ret_fd = -1;
	if (n > 0 && CMSG_FIRSTHDR(&message))
		memcpy(ret_fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return n;
}

static void a_descriptor_goes_with_the_next_line_and_no_other(void **state)
{
	struct fixture *f = *state;
	char got[16];
	int fd;

	assert_int_equal(stream_write(&f->stream, "1\n", 2), 0);
	stream_pass(&f->stream, f->memfd);
	assert_int_equal(stream_write(&f->stream, "22\n", 3), 0);
	assert_int_equal(stream_write(&f->stream, "333\n", 4), 0);
	assert_int_equal(take(f, got, 2, &fd), 2);
	assert_int_equal(fd, -1);
	assert_int_equal(take(f, got, sizeof(got), &fd), 3);
	assert_true(fd >= 0);
	/* a copy: the engine's own stays its own */
	assert_int_not_equal(fd, f->memfd);
	close_fd(fd);
	assert_int_equal(take(f, got, sizeof(got), &fd), 4);
	assert_int_equal(fd, -1);
	/* what nothing was written for is taken back */
	stream_pass(&f->stream, f->memfd);
	stream_pass(&f->stream, -1);
	assert_int_equal(stream_write(&f->stream, "{}\n", 3), 0);
	assert_int_equal(take(f, got, sizeof(got), &fd), 3);
	assert_int_equal(fd, -1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_come_one_by_one),
		TEST(a_line_stays_until_it_is_done),
		TEST(a_line_of_the_limit_passes_and_one_more_byte_does_not),
		TEST(a_line_without_end_is_told_once_and_skipped),
		TEST(many_lines_move_through_a_full_buffer),
		TEST(the_end_is_told),
		TEST(the_last_words_of_a_client_that_reads_no_answer_are_heard),
		TEST(the_next_engine_finds_the_line_that_was_worked_on),
		TEST(the_next_engine_finds_requests_that_wait),
		TEST(too_many_waiting_requests_are_refused),
		TEST(an_id_that_is_too_long_is_refused),
		TEST(a_memfd_that_makes_no_sense_is_refused),
		TEST(a_written_line_arrives_with_its_end),
		TEST(writing_to_a_client_that_is_gone_is_an_error),
		TEST(a_descriptor_goes_with_the_next_line_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
