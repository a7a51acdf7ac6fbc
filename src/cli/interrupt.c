/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client, in a shell of it. What somebody at the terminal interrupts is
 * the line, and the lines behind it are his too: the signal is read, and never delivered.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "cli/cli.h"

enum status interrupt_keep(struct cli *cli)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		cli->interrupts = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (cli->interrupts < 0)
		return report_wrong(cli, STATUS_FAILED, "cannot wait for signals: %m");
	return STATUS_DONE;
}

bool interrupt_take(const struct cli *cli)
{
	struct signalfd_siginfo info;

	return cli->interrupts >= 0 && read(cli->interrupts, &info, sizeof(info)) == sizeof(info);
}

int interrupt_poll(const struct cli *cli, int fd, int events, int timeout_ms)
{
	struct pollfd pollers[] = {
		{ .fd = fd, .events = (short)events },
		{ .fd = cli->interrupts, .events = POLLIN },
	};
	int n = poll(pollers, ARRAY_SIZE(pollers), timeout_ms);

	if (n < 0)
		return -errno;
	if (!interrupt_take(cli))
		return n;
	/* the terminal has shown the key, and the line goes on behind it */
	fputc('\n', stderr);
	return -ECANCELED;
}
