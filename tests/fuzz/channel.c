/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What comes over a channel: packets. What is no message is refused, and no descriptor is left
 * open.
 */
#include "packets.h"

#include <errno.h>
#include <fcntl.h>

#include "common/channel.h"

/* The lowest one that is free: the same before and after, if nothing was left open. */
static int free_descriptor(void)
{
	scoped_fd fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	expect(fd >= 0);
	return fd;
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
	struct packet_input input = { .data = data, .size = size }, packet;
	scoped_fd ours = -1, theirs = -1;
	int before;

	expect(channel_pair(&ours, &theirs) == 0);
	before = free_descriptor();
	while (packet_next(&input, &packet)) {
		expect(packet_send(theirs, &packet));
		receive(ours, packet.size, packet.fd_count);
		expect(free_descriptor() == before);
	}
	return 0;
}
