/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor only. The attempt comes from the client by way of the
 * engine and is hostile; its length is bounded by the message that carried it.
 */
#include "monitor/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/memfd.h"

enum { SECRET_BYTES = SECRET_TEXT_SIZE / 2 };

int secret_make(struct secret *ret_secret)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[SECRET_BYTES];
	ssize_t n = getrandom(bytes, sizeof(bytes), 0);

	if (n != (ssize_t)sizeof(bytes))
		return n < 0 ? -errno : -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		ret_secret->text[2 * i] = digits[bytes[i] >> 4];
		ret_secret->text[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_secret->text[SECRET_TEXT_SIZE] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

int secret_read(int fd, struct secret *ret_secret)
{
	char text[SECRET_TEXT_SIZE + 2];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	int r = 0;

	if (n < 0)
		return -errno;
	if (n == SECRET_TEXT_SIZE + 1 && text[SECRET_TEXT_SIZE] == '\n')
		n--;
	if (n != SECRET_TEXT_SIZE)
		r = -EBADMSG;
	for (size_t i = 0; r == 0 && i < SECRET_TEXT_SIZE; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			r = -EBADMSG;
	if (r == 0) {
		memcpy(ret_secret->text, text, SECRET_TEXT_SIZE);
		ret_secret->text[SECRET_TEXT_SIZE] = '\0';
	}
	explicit_bzero(text, sizeof(text));
	return r;
}

int secret_to_memfd(const struct secret *secret)
{
	scoped_fd fd = memfd_of("exmachina-secret", secret->text, SECRET_TEXT_SIZE);

	if (fd < 0)
		return fd;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return take_fd(&fd);
}

int secret_to_file(const struct secret *secret, const char *path, uid_t uid, gid_t gid)
{
	scoped_ptr char *temporary = NULL;
	scoped_fd fd = -1;
	int r;

	if (asprintf(&temporary, "%s.new", path) < 0)
		return -ENOMEM;
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -errno;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, secret->text, SECRET_TEXT_SIZE);
	if (r == 0)
		r = fd_write_all(fd, "\n", 1);
	if (r == 0 && fchown(fd, uid, gid) < 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}

int secret_from_file(const char *path, uid_t uid, struct secret *ret_secret)
{
	scoped_fd fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != uid) || (st.st_mode & 077))
		return -EPERM;
	return secret_read(fd, ret_secret);
}

bool secret_equal(const struct secret *secret, const char *attempt)
{
	char padded[SECRET_TEXT_SIZE] = { 0 };
	size_t length = strnlen(attempt, SECRET_TEXT_SIZE + 1);
	unsigned char difference = length != SECRET_TEXT_SIZE;

	memcpy(padded, attempt, length < sizeof(padded) ? length : sizeof(padded));
	for (size_t i = 0; i < sizeof(padded); i++)
		difference |= (unsigned char)(padded[i] ^ secret->text[i]);
	explicit_bzero(padded, sizeof(padded));
	return difference == 0;
}

void secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}
