/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_DAEMON_H
#define EXM_DAEMON_H

#include <stdbool.h>

#include "common/cleanup.h"

/*
 * Going to the background, the PID file, and telling the service manager. The
 * parent of a daemon waits until the daemon can serve, and exits with its
 * status if that does not happen.
 */
struct daemon {
	int waiting; /* to the parent that waits; -1: none */
	int null;    /* of /dev/null, until the terminal is let go */
	const char *pidfile;
	bool ready;
};

/* In the parent of a daemonizing process this does not return. 0 or -errno. */
int daemon_start(bool detach, const char *pidfile, struct daemon *ret_daemon) must_check;

/* The daemon can serve: lets the parent go, writes the PID file, tells sd_notify(3). Works once. */
void daemon_ready(struct daemon *daemon);

void daemon_stop(struct daemon *daemon);

#endif
