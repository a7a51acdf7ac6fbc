/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded under valgrind, which does not know openat2(2) before 3.20: opens one component after
 * the other, and follows no link where none may be followed. Links that may be followed are, out of
 * the root as well: the tests that are about that are not run there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

long syscall(long number, ...);

static void close_quietly(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

static bool is_link(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return true;
	errno = ENOTDIR;
	return false;
}

static int open_plain(int dir, const char *path, int flags)
{
	char name[256];
	int fd = -1, below = dir;

	if (path[0] == '/') {
		errno = EXDEV;
		return -1;
	}
	for (;;) {
		size_t length = strcspn(path, "/");
		bool last = path[length] == '\0';

		if (length >= sizeof(name) || (length == 2 && strncmp(path, "..", 2) == 0)) {
			errno = length == 2 ? EXDEV : ENAMETOOLONG;
			break;
		}
		memcpy(name, path, length);
		name[length] = '\0';
		fd = openat(below, length ? name : ".",
			    last ? flags | O_NOFOLLOW
				 : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOTDIR && is_link(below, name))
			errno = ELOOP;
		if (below != dir)
			close_quietly(below);
		if (fd < 0 || last)
			return fd;
		below = fd;
		path += length + 1;
	}
	if (below != dir)
		close_quietly(below);
	return -1;
}

long syscall(long number, ...)
{
	static long (*next)(long, long, long, long, long, long, long);
	long a[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_openat2) {
		const struct open_how *how = (const struct open_how *)a[2];
		const char *path = (const char *)a[1];

		if (how->resolve & RESOLVE_NO_SYMLINKS)
			return open_plain((int)a[0], path, (int)how->flags);
		return openat((int)a[0], path + strspn(path, "/"), (int)how->flags);
	}
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
