/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exchanges two names in a directory as fast as it can, until a signal ends it. It stands for
 * whoever wants the monitor to look at one thing and to write to another:
 * tests/system/test_races.py.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

int main(int argc, char **argv)
{
	scoped_fd dir = -1;

	if (argc != 4) {
		fprintf(stderr, "usage: swap DIRECTORY NAME NAME\n");
		return 2;
	}
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	for (;;) {
		/* the monitor may have one of them elsewhere for a moment */
		if (renameat2(dir, argv[2], dir, argv[3], RENAME_EXCHANGE) < 0 && errno != ENOENT) {
			fprintf(stderr, "exchange: %s\n", strerror(errno));
			return 1;
		}
	}
}
