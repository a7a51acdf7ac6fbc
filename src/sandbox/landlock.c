/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine and in the verifier: of the file system only the lenses, to be read, and a
 * staging directory remain (landlock(7)). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/landlock.h"
#include "sandbox/sandbox.h"

static int permit(const struct landlock *landlock, const char *path, uint64_t access)
{
	scoped_fd fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : landlock_permit(landlock, fd, access);
}

int sandbox_landlock(const char *staging, const char *lens_path)
{
	scoped_landlock landlock = LANDLOCK_NONE;
	scoped_ptr char *paths = strdup(lens_path);
	char *rest = paths;
	const char *path;
	int r = paths ? landlock_begin(LANDLOCK_EVERYTHING, LANDLOCK_ALONE, &landlock) : -ENOMEM;

	if (r == 0 && staging)
		r = permit(&landlock, staging, LANDLOCK_READ | LANDLOCK_WRITE);
	while (r == 0 && (path = strsep(&rest, ":")))
		r = permit(&landlock, path, LANDLOCK_READ);
	return r < 0 ? r : landlock_enter(&landlock);
}
