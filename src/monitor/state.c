/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. The tree below the root may be an image that
 * somebody else filled: what is found there is believed only if it is root's,
 * which is asked of the descriptor.
 */
#include "monitor/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/root_open.h"

enum { DIRECTORY_MODE = 0755, STATE_MODE = 0700, FILE_MODE = 0600 };

/* The directory of that name, made if it is missing. A descriptor or -errno. */
static int enter(int parent, const char *name, mode_t mode)
{
	const int flags = O_RDONLY | O_DIRECTORY;
	int fd = root_open_plain(parent, name, flags);

	if (fd != -ENOENT)
		return fd;
	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	/* what is in it shall be found after a failure of power */
	if (fsync(parent) < 0)
		return -errno;
	fd = root_open_plain(parent, name, flags);
	/* whatever the umask is */
	if (fd >= 0 && fchmod(fd, mode) < 0) {
		int error = errno;

		close_fd(fd);
		return -error;
	}
	return fd;
}

static int walk(int root_fd, const char *path)
{
	scoped_ptr char *copy = strdup(path);
	scoped_fd directory = root_open_plain(root_fd, ".", O_RDONLY | O_DIRECTORY);
	char *rest = copy;
	const char *name;

	if (!copy)
		return -ENOMEM;
	while (directory >= 0 && (name = strsep(&rest, "/"))) {
		int fd;

		if (!*name)
			continue;
		fd = enter(directory, name, rest ? DIRECTORY_MODE : STATE_MODE);
		if (fd < 0)
			return fd;
		close_fd(directory);
		directory = fd;
	}
	return take_fd(&directory);
}

static const char *fault_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (st.st_uid != 0)
		return "is not owned by root; chown it";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "can be written by others than root; chmod go-w";
	return NULL;
}

int state_open(int root_fd, const char *path)
{
	scoped_fd fd = walk(root_fd, path);
	const char *fault;

	if (fd < 0) {
		log_error("state directory %s: %s", path,
			  fd == -ELOOP ? "there is a symbolic link on its path; name the place "
					 "itself with --state"
				       : strerror(-fd));
		return fd;
	}
	fault = fault_of(fd);
	if (fault) {
		log_error("state directory %s %s", path, fault);
		return -EPERM;
	}
	return take_fd(&fd);
}

int state_file_open(int state_fd, const char *name)
{
	scoped_fd fd = openat(state_fd, name,
			      O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			      FILE_MODE);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_nlink > 1 ||
	    st.st_mode & (S_IRWXG | S_IRWXO))
		return -EPERM;
	return take_fd(&fd);
}
