/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/engine/stream.c: lines that are held go out together, and none is lost with an
 * engine. */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/memfd.h"
#include "engine/stream.h"

/* The socket keeps together what is written at once, and nothing else. */
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

	if (!f || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
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

/* What was written at once; "": nothing was. */
static void expect(const struct fixture *f, const char *wanted)
{
	char got[64] = { 0 };
	ssize_t n = recv(f->client, got, sizeof(got) - 1, MSG_DONTWAIT);

	assert_string_equal(got, wanted);
	assert_int_equal(n, wanted[0] ? (ssize_t)strlen(wanted) : -1);
}

static void lines_are_written_at_once(void **state)
{
	struct fixture *f = *state;

	assert_true(stream_hold(&f->stream, "1\n", 2));
	assert_true(stream_hold(&f->stream, "22\n", 3));
	expect(f, "");
	assert_int_equal(stream_flush(&f->stream), 0);
	expect(f, "1\n22\n");
	assert_int_equal(stream_flush(&f->stream), 0);
	expect(f, "");
}

static void a_line_that_is_written_comes_behind_them(void **state)
{
	struct fixture *f = *state;

	assert_true(stream_hold(&f->stream, "1\n", 2));
	assert_int_equal(stream_write(&f->stream, "22\n", 3), 0);
	expect(f, "1\n");
	expect(f, "22\n");
	expect(f, "");
}

static void what_there_is_no_room_for_is_not_held(void **state)
{
	struct fixture *f = *state;
	char line[1000], got[40000];
	size_t held = 0;

	memset(line, 'x', sizeof(line));
	while (stream_hold(&f->stream, line, sizeof(line)))
		held += sizeof(line);
	assert_in_range(held, 8 * sizeof(line), 32 * sizeof(line));
	assert_false(stream_hold(&f->stream, line, sizeof(line)));
	assert_int_equal(stream_flush(&f->stream), 0);
	assert_int_equal(recv(f->client, got, sizeof(got), 0), held);
	assert_true(stream_hold(&f->stream, line, sizeof(line)));
}

/* With so small a buffer, the least that there is, more would be sent in pieces. */
static void no_more_is_held_than_is_sent_in_one_piece(void **state)
{
	scoped_fd client = -1, server = -1, memfd = memfd_new("test");
	int pair[2], least = 1;
	struct stream stream;
	char bytes[4096] = { 0 };
	size_t held = 0;
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	client = pair[0];
	server = pair[1];
	assert_int_equal(setsockopt(server, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least)), 0);
	assert_int_equal(stream_open(&stream, server, stream_piece(server), memfd), 0);
	while (stream_hold(&stream, bytes, 1))
		held++;
	assert_in_range(held, 1000, sizeof(bytes));
	/* which the kernel takes whole or not at all, however full the buffer is */
	assert_int_equal(send(server, bytes, 100, MSG_DONTWAIT), 100);
	do {
		n = send(server, bytes, held, MSG_DONTWAIT);
		assert_true(n == (ssize_t)held || n == -1);
	} while (n > 0);
	assert_int_equal(errno, EAGAIN);
}

static void the_next_engine_writes_them_once(void **state)
{
	struct fixture *f = *state;

	assert_true(stream_hold(&f->stream, "1\n", 2));
	assert_int_equal(stream_open(&f->stream, f->server, stream_piece(f->server), f->memfd), 0);
	assert_int_equal(stream_mend(&f->stream), 0);
	expect(f, "1\n");
	assert_int_equal(stream_mend(&f->stream), 0);
	expect(f, "");
}

static void for_a_client_that_is_gone_they_are_dropped(void **state)
{
	struct fixture *f = *state;

	f->client = close_fd(f->client);
	assert_true(stream_hold(&f->stream, "1\n", 2));
	assert_int_equal(stream_flush(&f->stream), -EPIPE);
	assert_int_equal(stream_flush(&f->stream), 0);
	assert_true(stream_hold(&f->stream, "1\n", 2));
	assert_int_equal(stream_write(&f->stream, "22\n", 3), -EPIPE);
}

static void a_number_of_them_that_makes_no_sense_is_refused(void **state)
{
	struct fixture *f = *state;
	static const uint32_t many = UINT32_MAX;
	struct stream other;
	uint32_t found = 0;
	off_t at = 0;

	assert_true(stream_hold(&f->stream, "0123456\n", 8));
	/* it is the word that is 8 */
	while (found != 8)
		assert_int_equal(pread(f->memfd, &found, sizeof(found), at += 4), sizeof(found));
	assert_int_equal(pwrite(f->memfd, &many, sizeof(many), at), sizeof(many));
	assert_int_equal(stream_open(&other, f->server, stream_piece(f->server), f->memfd),
			 -EBADMSG);
}

static void begin_line(struct fixture *f, const char *wanted)
{
	const char *line;
	size_t length;

	assert_int_equal(stream_next(&f->stream, 100, &line, &length), STREAM_LINE);
	assert_int_equal(length, strlen(wanted));
	assert_memory_equal(line, wanted, length);
	stream_mark(&f->stream, STREAM_READING, length);
}

static void it_is_known_whether_more_has_arrived(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(send(f->client, "one\ntwo\n", 8, 0), 8);
	assert_int_equal(stream_fill(&f->stream), 0);
	begin_line(f, "one");
	assert_true(stream_has_more(&f->stream));
	stream_mark(&f->stream, STREAM_IDLE, 0);
	begin_line(f, "two");
	assert_false(stream_has_more(&f->stream));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_written_at_once),
		TEST(a_line_that_is_written_comes_behind_them),
		TEST(what_there_is_no_room_for_is_not_held),
		TEST(no_more_is_held_than_is_sent_in_one_piece),
		TEST(the_next_engine_writes_them_once),
		TEST(for_a_client_that_is_gone_they_are_dropped),
		TEST(a_number_of_them_that_makes_no_sense_is_refused),
		TEST(it_is_known_whether_more_has_arrived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
