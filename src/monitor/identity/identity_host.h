/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_IDENTITY_HOST_H
#define EXM_IDENTITY_HOST_H

#include "monitor/identity/identity_file.h"

/* The host name: /etc/hostname, and the kernel's where the root is the system that runs. */

enum { HOST_SIZE = 64 + 1 }; /* what sethostname(2) takes */

/* "" if it has none. 0 or -errno. */
int identity_host_read(int root_fd, char ret_host[static HOST_SIZE]) must_check;

/* RFC 1123: labels of letters, digits and '-', one '.' between two. */
enum job_outcome identity_host_check(int root_fd, const char *host,
				     struct identity_why *why) must_check;

/* Both or none; the name has been checked. */
enum job_outcome identity_host_write(int root_fd, const char *host,
				     struct identity_why *why) must_check;

#endif
