/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/channel.c: messages and descriptors arrive, and nothing that is neither. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "common/channel.h"
#include "common/memfd.h"

struct pair {
	int ours;
	int theirs;
	size_t open; /* descriptors of this process once the pair was there */
};

static int setup(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	assert_non_null(pair);
	assert_int_equal(channel_pair(&pair->ours, &pair->theirs), 0);
	pair->open = unit_open_descriptors();
	*state = pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	close_fd(pair->ours);
	close_fd(pair->theirs);
	free(pair);
	return 0;
}

static int receive(const struct pair *pair, struct message *ret_message, int *ret_fd)
{
	static struct packet packet;

	return channel_recv(pair->ours, false, &packet, ret_message, ret_fd);
}

/* Sends bytes and descriptors as a hostile peer might. */
static void send_raw(const struct pair *pair, const void *bytes, size_t length, const int *fds,
		     size_t count)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = length };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(8 * sizeof(int))];
	} control = { 0 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	}
	assert_int_equal(sendmsg(pair->theirs, &header, MSG_NOSIGNAL), (ssize_t)length);
}

static size_t encode(enum message_type type, uint8_t *packet)
{
	struct message message = { .type = type };
	size_t length;

	assert_int_equal(message_encode(&message, packet, MESSAGE_MAX, &length), 0);
	return length;
}

/* Refused, and no descriptor of it stays behind. */
static void assert_refused(const struct pair *pair)
{
	struct message message = { 0 };
	int fd = -77;

	assert_int_equal(receive(pair, &message, &fd), -EBADMSG);
	assert_int_equal(fd, -77);
	assert_int_equal(unit_open_descriptors(), pair->open);
}

static void test_both_ends_are_closed_on_exec(void **state)
{
	const struct pair *pair = *state;

	assert_int_equal(fcntl(pair->ours, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(pair->theirs, F_GETFD), FD_CLOEXEC);
}

static void test_a_message_arrives(void **state)
{
	const struct pair *pair = *state;
	const struct message sent = { .type = MON_OPEN, .open = { .entry = 7, .name = "a/b" } };
	struct message got = { 0 };
	int fd = -77;

	assert_int_equal(channel_send(pair->theirs, &sent, -1, false), 0);
	assert_int_equal(receive(pair, &got, &fd), 1);
	assert_int_equal(fd, -1);
	assert_int_equal(got.type, MON_OPEN);
	assert_int_equal(got.open.entry, 7);
	assert_string_equal(got.open.name, "a/b");
}

static void test_a_descriptor_arrives_closed_on_exec(void **state)
{
	const struct pair *pair = *state;
	const struct message sent = { .type = MON_STAGE, .stage = { .name = "" } };
	scoped_fd content = memfd_of("unit", "xyz", 3), fd = -1;
	struct message got = { 0 };
	char bytes[4] = "";

	assert_int_equal(channel_send(pair->theirs, &sent, content, false), 0);
	assert_int_equal(receive(pair, &got, &fd), 1);
	assert_true(fd >= 0 && fd != content);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(pread(fd, bytes, 3, 0), 3);
	assert_string_equal(bytes, "xyz");
	/* the sender's is the sender's */
	assert_true(fcntl(content, F_GETFD) >= 0);
}

static void test_every_message_type_arrives_with_what_it_may_carry(void **state)
{
	const struct pair *pair = *state;
	scoped_fd content = memfd_of("unit", "x", 1);

	for (enum message_type type = MESSAGE_NONE + 1; type < MESSAGE_TYPE_MAX; type++) {
		unsigned int flags = message_info(type)->flags;
		const struct message sent = { .type = type };

		for (int with = 0; with < 2; with++) {
			bool allowed = flags & MSG_MAY_FD || with == !!(flags & MSG_FD);
			struct message got = { 0 };
			scoped_fd fd = -1;

			assert_int_equal(
				channel_send(pair->theirs, &sent, with ? content : -1, false), 0);
			assert_int_equal(receive(pair, &got, &fd), allowed ? 1 : -EBADMSG);
			assert_int_equal(fd >= 0, allowed && with);
		}
	}
	assert_int_equal(unit_open_descriptors(), pair->open + 1);
}

static void test_nothing_there_is_told_from_the_end(void **state)
{
	struct pair *pair = *state;
	struct message got;
	int fd = -77;

	assert_int_equal(receive(pair, &got, &fd), -EAGAIN);
	pair->theirs = close_fd(pair->theirs);
	assert_int_equal(receive(pair, &got, &fd), 0);
	assert_int_equal(fd, -77);
}

static void test_what_was_sent_before_the_end_still_arrives(void **state)
{
	struct pair *pair = *state;
	const struct message sent = { .type = MON_BYE };
	struct message got;
	int fd;

	assert_int_equal(channel_send(pair->theirs, &sent, -1, false), 0);
	pair->theirs = close_fd(pair->theirs);
	assert_int_equal(receive(pair, &got, &fd), 1);
	assert_int_equal(receive(pair, &got, &fd), 0);
}

static void test_so_it_does_of_a_peer_that_left_something_unread(void **state)
{
	struct pair *pair = *state;
	const struct message sent = { .type = MON_FORGET }, unread = { .type = MON_BYE };
	struct message got;
	int fd;

	assert_int_equal(channel_send(pair->ours, &unread, -1, false), 0);
	assert_int_equal(channel_send(pair->theirs, &sent, -1, false), 0);
	pair->theirs = close_fd(pair->theirs);
	assert_int_equal(receive(pair, &got, &fd), 1);
	assert_int_equal(got.type, MON_FORGET);
	assert_int_equal(receive(pair, &got, &fd), 0);
	assert_int_equal(receive(pair, &got, &fd), 0);
}

static void test_sending_to_nobody_is_an_error_and_no_signal(void **state)
{
	struct pair *pair = *state;
	const struct message sent = { .type = MON_BYE };

	pair->ours = close_fd(pair->ours);
	assert_int_equal(channel_send(pair->theirs, &sent, -1, false), -EPIPE);
}

static void test_a_full_channel_does_not_block(void **state)
{
	const struct pair *pair = *state;
	const struct message sent = { .type = MON_BYE };
	int r = 0;

	for (int i = 0; i < 1000000 && r == 0; i++)
		r = channel_send(pair->theirs, &sent, -1, false);
	assert_int_equal(r, -EAGAIN);
}

static void test_a_message_that_cannot_be_encoded_is_not_sent(void **state)
{
	const struct pair *pair = *state;
	scoped_ptr char *text = unit_repeat('x', MESSAGE_TEXT_MAX + 1);
	const struct message sent = { .type = MON_AUTH, .auth.secret = text };
	struct message got;
	int fd;

	assert_int_equal(channel_send(pair->theirs, &sent, -1, false), -EMSGSIZE);
	assert_int_equal(receive(pair, &got, &fd), -EAGAIN);
}

static void test_bytes_that_are_no_message_are_refused(void **state)
{
	const struct pair *pair = *state;
	uint8_t packet[MESSAGE_MAX];
	size_t length = encode(MON_COMMIT, packet);

	send_raw(pair, "\xff\xff\xff\xff", 4, NULL, 0);
	assert_refused(pair);
	send_raw(pair, "x", 1, NULL, 0);
	assert_refused(pair);
	send_raw(pair, packet, length - 1, NULL, 0);
	assert_refused(pair);
	packet[length] = 0;
	send_raw(pair, packet, length + 1, NULL, 0);
	assert_refused(pair);
}

static void test_a_packet_too_long_is_refused(void **state)
{
	const struct pair *pair = *state;
	scoped_ptr char *bytes = unit_repeat('\0', MESSAGE_MAX + 1);

	send_raw(pair, bytes, MESSAGE_MAX + 1, NULL, 0);
	assert_refused(pair);
	bytes[0] = MON_BYE;
	send_raw(pair, bytes, MESSAGE_MAX + 1, &pair->theirs, 1);
	assert_refused(pair);
}

static void test_descriptors_with_bytes_that_are_no_message_are_closed(void **state)
{
	const struct pair *pair = *state;

	send_raw(pair, "x", 1, &pair->theirs, 1);
	assert_refused(pair);
	send_raw(pair, "", 0, &pair->theirs, 1);
	assert_refused(pair);
}

static void test_more_descriptors_than_one_are_refused_and_closed(void **state)
{
	const struct pair *pair = *state;
	const int fds[8] = { pair->ours, pair->theirs, 0, 1, 2, 0, 1, 2 };
	uint8_t packet[MESSAGE_MAX];
	size_t length = encode(MON_STAGE, packet);

	for (size_t count = 2; count <= ARRAY_SIZE(fds); count++) {
		send_raw(pair, packet, length, fds, count);
		assert_refused(pair);
	}
}

static void test_a_descriptor_where_none_belongs_is_refused_and_closed(void **state)
{
	const struct pair *pair = *state;
	uint8_t packet[MESSAGE_MAX];
	size_t length = encode(MON_COMMIT, packet);

	send_raw(pair, packet, length, &pair->theirs, 1);
	assert_refused(pair);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_ends_are_closed_on_exec),
		TEST(test_a_message_arrives),
		TEST(test_a_descriptor_arrives_closed_on_exec),
		TEST(test_every_message_type_arrives_with_what_it_may_carry),
		TEST(test_nothing_there_is_told_from_the_end),
		TEST(test_what_was_sent_before_the_end_still_arrives),
		TEST(test_so_it_does_of_a_peer_that_left_something_unread),
		TEST(test_sending_to_nobody_is_an_error_and_no_signal),
		TEST(test_a_full_channel_does_not_block),
		TEST(test_a_message_that_cannot_be_encoded_is_not_sent),
		TEST(test_bytes_that_are_no_message_are_refused),
		TEST(test_a_packet_too_long_is_refused),
		TEST(test_descriptors_with_bytes_that_are_no_message_are_closed),
		TEST(test_more_descriptors_than_one_are_refused_and_closed),
		TEST(test_a_descriptor_where_none_belongs_is_refused_and_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
