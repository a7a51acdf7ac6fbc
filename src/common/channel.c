/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and in the engine. Whatever arrives is hostile: a packet
 * that is too long, or a descriptor where none belongs, is an error and leaves
 * nothing open.
 */
#include "common/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

int channel_pair(int *ret_ours, int *ret_theirs)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return 0;
}

int channel_send(int fd, const struct message *message, int passed_fd, bool wait)
{
	struct packet packet;
	struct iovec iov = { .iov_base = packet.data };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control = { 0 };
	ssize_t n;
	int r = message_encode(message, packet.data, sizeof(packet.data), &iov.iov_len);

	if (r < 0)
		return r;
	if (passed_fd >= 0) {
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed_fd, sizeof(int));
	}
	do {
		n = sendmsg(fd, &header, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int take_descriptor(struct msghdr *header)
{
	struct cmsghdr *item = CMSG_FIRSTHDR(header);
	int fd = -1;

	if (item && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS &&
	    item->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(item), sizeof(int));
	return fd;
}

static bool descriptor_fits(const struct message *message, int fd)
{
	unsigned int flags = message_info(message->type)->flags;

	if (flags & MSG_MAY_FD)
		return true;
	return (fd >= 0) == ((flags & MSG_FD) != 0);
}

int channel_recv(int fd, bool wait, struct packet *packet, struct message *ret_message, int *ret_fd)
{
	struct iovec iov = { .iov_base = packet->data, .iov_len = sizeof(packet->data) };
	union control control = { 0 };
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		/* not CMSG_SPACE: its padding is room for a second descriptor */
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	scoped_fd received = -1;
	ssize_t n;
	int r;

	/*
	 * Of a peer that went with something unread the kernel tells first, once; what it had
	 * said before comes after that.
	 */
	do {
		n = recvmsg(fd, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;
	received = take_descriptor(&header);
	if (n == 0 && received < 0 && !(header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 0;
	if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EBADMSG;
	r = message_decode(packet->data, (size_t)n, ret_message);
	if (r < 0)
		return r;
	if (!descriptor_fits(ret_message, received))
		return -EBADMSG;
	*ret_fd = take_fd(&received);
	return 1;
}
