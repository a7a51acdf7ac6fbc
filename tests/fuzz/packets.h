/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_FUZZ_PACKETS_H
#define EXM_FUZZ_PACKETS_H

/* An input that is packets: each behind two bytes for its length and one for how many descriptors
 * are with it. */

#include <stdbool.h>
#include <sys/socket.h>

#include "fuzz.h"

#include "common/message.h"

enum { PACKET_FDS_MAX = 4, PACKET_HEAD_SIZE = 3, PACKET_SIZE_MAX = MESSAGE_MAX + 16 };

struct packet_input {
	const uint8_t *data;
	size_t size;
	size_t fd_count;
};

/* Takes the next one off the input; false at its end. */
static inline bool packet_next(struct packet_input *input, struct packet_input *ret_packet)
{
	const uint8_t *head = input->data;
	size_t rest, length;

	if (input->size < PACKET_HEAD_SIZE)
		return false;
	rest = input->size - PACKET_HEAD_SIZE;
	length = (size_t)(head[0] | head[1] << 8) % PACKET_SIZE_MAX;
	if (length > rest)
		length = rest;
	*ret_packet = (struct packet_input){
		.data = head + PACKET_HEAD_SIZE,
		.size = length,
		.fd_count = head[2] % (PACKET_FDS_MAX + 1),
	};
	input->data = ret_packet->data + length;
	input->size = rest - length;
	return true;
}

/* Sends it without waiting; false if there is no room. */
static inline bool packet_send(int to, const struct packet_input *packet)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)packet->data, .iov_len = packet->size };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(PACKET_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	const int fds[PACKET_FDS_MAX] = { 0, 1, 2, 0 };

	if (packet->fd_count > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(packet->fd_count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(packet->fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, packet->fd_count * sizeof(int));
	}
	return sendmsg(to, &header, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)packet->size;
}

#endif
