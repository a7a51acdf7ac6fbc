/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_IDENTITY_FILE_H
#define EXM_IDENTITY_FILE_H

#include "common/cleanup.h"
#include "common/message.h"

/* Why something about the identity was not done: for the answer and the log. */
struct identity_why {
	int error; /* a positive errno, or 0 */
	char text[MESSAGE_TEXT_MAX + 1];
};

/* Fills it and returns the outcome. */
enum job_outcome identity_why_not(struct identity_why *why, enum job_outcome outcome, int error,
				  const char *format, ...) printf_like(4, 5);

/* A small text file below the root; links are followed there. 0, -ENOENT, or another -errno. */
int identity_file_read(int root_fd, const char *path, char **ret_text) must_check;

/*
 * Replaces the file, or makes it with mode 0644, as a commit does: at once,
 * keeping owner, mode and attributes, and never through a link.
 */
enum job_outcome identity_file_write(int root_fd, const char *path, const char *text,
				     struct identity_why *why) must_check;

#endif
