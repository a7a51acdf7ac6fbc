/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in every process. Works on descriptors that its caller has judged; trusts no size but its
 * own count. */
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK_SIZE = 65536, KEEP_MAX = 8 };

int fd_write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static ssize_t read_at(int fd, void *buffer, size_t size, off_t offset)
{
	ssize_t n;

	do {
		n = pread(fd, buffer, size, offset);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int fd_copy(int from, int to, size_t max, size_t *ret_size)
{
	scoped_ptr char *chunk = malloc(CHUNK_SIZE);
	size_t done = 0;

	if (!chunk)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read_at(from, chunk, CHUNK_SIZE, (off_t)done);
		int r;

		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		if ((size_t)n > max - done)
			return -EFBIG;
		r = fd_write_all(to, chunk, (size_t)n);
		if (r < 0)
			return r;
		done += (size_t)n;
	}
	if (ret_size)
		*ret_size = done;
	return 0;
}

int fd_read_text(int fd, size_t max, char **ret_text, size_t *ret_length)
{
	scoped_ptr char *text = malloc(max + 2);
	size_t used = 0;

	if (!text)
		return -ENOMEM;
	while (used <= max) {
		ssize_t n = read(fd, text + used, max + 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	if (used > max)
		return -EFBIG;
	text[used] = '\0';
	if (ret_length)
		*ret_length = used;
	*ret_text = take_ptr(text);
	return 0;
}

int fd_same_content(int a, int b)
{
	scoped_ptr char *chunk = malloc(2 * (size_t)CHUNK_SIZE);
	off_t offset = 0;

	if (!chunk)
		return -ENOMEM;
	for (;;) {
		ssize_t in_a = read_at(a, chunk, CHUNK_SIZE, offset), in_b, got;

		if (in_a < 0)
			return (int)in_a;
		/* a short read of one side must not look like a difference */
		for (in_b = 0; in_b < in_a; in_b += got) {
			got = read_at(b, chunk + CHUNK_SIZE + in_b, (size_t)(in_a - in_b),
				      offset + in_b);
			if (got < 0)
				return (int)got;
			if (got == 0)
				return 0;
		}
		if (in_a == 0) {
			got = read_at(b, chunk, 1, offset);
			return got < 0 ? (int)got : got == 0;
		}
		if (memcmp(chunk, chunk + CHUNK_SIZE, (size_t)in_a) != 0)
			return 0;
		offset += in_a;
	}
}

int fd_set_cloexec(int fd, bool cloexec)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0)
		return -errno;
	flags = cloexec ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
	return fcntl(fd, F_SETFD, flags) < 0 ? -errno : 0;
}

int fd_quiet(int last)
{
	scoped_fd null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null < 0 ? -errno : fd_quiet_with(null, last);
}

int fd_quiet_with(int null, int last)
{
	for (int fd = STDIN_FILENO; fd <= last; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	return 0;
}

int fd_keep_only(const int *keep, size_t count)
{
	int moved[KEEP_MAX];

	if (count > KEEP_MAX)
		return -EINVAL;
	/* out of the way first, so that no dup2 below closes one still needed */
	for (size_t i = 0; i < count; i++) {
		moved[i] = fcntl(keep[i], F_DUPFD, 3 + KEEP_MAX);
		if (moved[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(moved[i], 3 + (int)i) < 0)
			return -errno;
	return close_range(3 + (unsigned int)count, UINT_MAX, 0) < 0 ? -errno : 0;
}
