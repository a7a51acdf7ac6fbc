/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client, at a terminal. Waits for whoever types. The stream is shared:
 * nothing is read from it here, it is only looked at whether it has ended.
 */
#include <errno.h>
#include <poll.h>

#include "cli/shell/edit.h"

enum { ENDED = POLLRDHUP | POLLHUP | POLLERR | POLLNVAL };

bool shell_server_is_gone(int server)
{
	struct pollfd poller = { .fd = server, .events = POLLRDHUP };

	return poll(&poller, 1, 0) > 0 && (poller.revents & ENDED);
}

enum shell_read shell_await(const struct cli *cli, int server)
{
	struct pollfd pollers[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = cli->interrupts, .events = POLLIN },
		{ .fd = server, .events = POLLRDHUP },
	};

	if (poll(pollers, ARRAY_SIZE(pollers), -1) < 0)
		return errno == EINTR ? SHELL_LINE : SHELL_END;
	if (interrupt_take(cli))
		return SHELL_INTERRUPTED;
	return pollers[2].revents & ENDED ? SHELL_GONE : SHELL_LINE;
}
