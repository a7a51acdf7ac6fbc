/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: finds the server. */
#include "connect.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

/* A copy of a descriptor from the environment, so that it can be used again. Or a negative error.
 */
static int copy_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	long fd;
	int copy;

	if (!text || !*text)
		return -ENOTCONN;
	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno != 0 || *end || !isdigit((unsigned char)*text) || fd > INT_MAX)
		return -EBADF;
	copy = fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? -errno : copy;
}

int connect_session(struct exm **ret_exm)
{
	scoped_fd fd = -1, secret_fd = -1;
	int r = exm_new(ret_exm);

	if (r < 0)
		return r;
	fd = copy_of("EXMACHINA_FD");
	secret_fd = copy_of("EXMACHINA_SECRET_FD");
	if (fd == -ENOTCONN && secret_fd == -ENOTCONN)
		return exm_connect_socket(*ret_exm, NULL, NULL);
	if (fd < 0 || secret_fd < 0)
		return fd < 0 ? fd : secret_fd;
	r = exm_connect_fds(*ret_exm, fd, secret_fd, EXM_KEEP_ENV);
	if (r == 0) {
		take_fd(&fd);
		take_fd(&secret_fd);
	}
	return r;
}
