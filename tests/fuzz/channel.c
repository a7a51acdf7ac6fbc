/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What comes over a channel: packets, each behind two bytes for its length and one for the number
 * of descriptors with it. What is no message is refused, and no descriptor is left open.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "common/channel.h"

enum { FDS_MAX = 4, HEAD_SIZE = 3, PACKET_MAX = MESSAGE_MAX + 16 };

/* The lowest one that is free: the same before and after, if nothing was left open. */
static int free_descriptor(void)
{
	scoped_fd fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	expect(fd >= 0);
	return fd;
}

static void send_packet(int to, const uint8_t *data, size_t size, size_t fd_count)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	const int fds[FDS_MAX] = { 0, 1, 2, 0 };

	if (fd_count > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, fd_count * sizeof(int));
	}
	expect(sendmsg(to, &header, MSG_NOSIGNAL) == (ssize_t)size);
}

static void receive(int from, size_t size, size_t fd_count)
{
	struct message message;
	struct packet packet;
	scoped_fd fd = -1;
	unsigned int flags;
	int r = channel_recv(from, false, &packet, &message, &fd);

	if (r < 0) {
		expect(r == -EBADMSG && fd < 0);
		return;
	}
	if (r == 0) {
		/* an empty packet looks like the end of the other side */
		expect(size == 0 && fd_count == 0);
		return;
	}
	flags = message_info(message.type)->flags;
	expect(size <= MESSAGE_MAX && fd_count <= 1 && (fd >= 0) == (fd_count == 1));
	expect(fd >= 0 ? flags & (MSG_FD | MSG_MAY_FD) : !(flags & MSG_FD));
	expect(fd < 0 || fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int before = free_descriptor();

	{
		scoped_fd ours = -1, theirs = -1;

		expect(channel_pair(&ours, &theirs) == 0);
		while (size >= HEAD_SIZE) {
			size_t wanted = (size_t)(data[0] | data[1] << 8) % PACKET_MAX;
			size_t length = wanted < size - HEAD_SIZE ? wanted : size - HEAD_SIZE;
			size_t fd_count = data[2] % (FDS_MAX + 1);

			send_packet(theirs, data + HEAD_SIZE, length, fd_count);
			receive(ours, length, fd_count);
			data += HEAD_SIZE + length;
			size -= HEAD_SIZE + length;
		}
	}
	expect(free_descriptor() == before);
	return 0;
}
