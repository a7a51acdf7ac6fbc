/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, as root, in a directory that is root's alone. */
#include "monitor/audit/audit_rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/trail.h"
#include "monitor/state.h"

/* The first number that no file has, which ends what has to move; else that of the oldest file. */
static unsigned int first_free(int state_fd)
{
	unsigned int number;

	for (number = 1; number < TRAIL_FILES_KEPT; number++) {
		char name[TRAIL_NAME_SIZE];
		struct stat st;

		trail_name(number, name);
		if (fstatat(state_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			break;
	}
	return number;
}

int audit_rotate(int state_fd, int *fd)
{
	/* the oldest first, so that no file is ever without a name */
	for (unsigned int number = first_free(state_fd); number > 0; number--) {
		char from[TRAIL_NAME_SIZE], to[TRAIL_NAME_SIZE];

		trail_name(number - 1, from);
		trail_name(number, to);
		if (renameat(state_fd, from, state_fd, to) < 0)
			return -errno;
	}
	close_fd(*fd);
	*fd = state_file_open(state_fd, TRAIL_FILE);
	return *fd < 0 ? *fd : 0;
}
