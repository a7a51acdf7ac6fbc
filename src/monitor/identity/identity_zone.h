/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_IDENTITY_ZONE_H
#define EXM_IDENTITY_ZONE_H

#include "monitor/identity/identity_file.h"

/* The time zone: the link /etc/localtime, and /etc/timezone where there is one (Debian). */

enum { ZONE_SIZE = 256 };

/* "" if it has no name. 0 or -errno. */
int identity_zone_read(int root_fd, char ret_zone[static ZONE_SIZE]) must_check;

/* Is it the name of a zone below the root's /usr/share/zoneinfo? */
enum job_outcome identity_zone_check(int root_fd, const char *zone,
				     struct identity_why *why) must_check;

/* Both files or none; the zone has been checked. */
enum job_outcome identity_zone_write(int root_fd, const char *zone,
				     struct identity_why *why) must_check;

#endif
