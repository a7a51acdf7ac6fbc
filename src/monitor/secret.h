/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SECRET_H
#define EXM_SECRET_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/message.h"

/*
 * The 256 bits that a client shows before it may do anything: 64 lower-case
 * hexadecimal digits. They never reach argv, the environment, a log or a core dump.
 */
struct secret {
	char text[SECRET_TEXT_SIZE + 1];
};

/* New, from the kernel's random numbers. */
int secret_make(struct secret *ret_secret) must_check;

/* From a file with the digits and at most one newline. 0, -EBADMSG or -errno. */
int secret_read(int fd, struct secret *ret_secret) must_check;

/* As a sealed memfd, positioned at its start: what a client gets. A descriptor or -errno. */
int secret_to_memfd(const struct secret *secret) must_check;

/* Writes it to a new file that only this user can read, in place of an old one. */
int secret_to_file(const struct secret *secret, const char *path, uid_t uid, gid_t gid) must_check;

/*
 * Opens the file that secret_to_file() wrote: a regular file of root or of
 * this user which nobody else can read or write. 0, -EPERM if it is not, -errno.
 */
int secret_from_file(const char *path, uid_t uid, struct secret *ret_secret) must_check;

/* Takes the same time whatever the attempt is. */
bool secret_equal(const struct secret *secret, const char *attempt);

void secret_wipe(struct secret *secret);

#endif
