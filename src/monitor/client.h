/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLIENT_H
#define EXM_CLIENT_H

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "common/policy.h"

enum { CLIENT_UNIT_MAX = 255, CLIENT_SESSION_SIZE = 32 + 1 };

/* Who a session's client is, for the audit trail: copied, since records outlive the session. */
struct client {
	pid_t pid; /* 0: not known */
	uid_t uid;
	char user[POLICY_USER_MAX + 1];
	char unit[CLIENT_UNIT_MAX + 1]; /* of systemd; "" if there is none, or it can't be told */
	char session[CLIENT_SESSION_SIZE]; /* a number of its own, by which its records are found */
};

/* A new session of that user; nothing else is known yet. */
struct client client_new(const char *user);

/* One more session of the same client. */
struct client client_again(const struct client *client);

/* The program that the server has started itself: it is in the same unit. */
void client_is_program(struct client *client, pid_t pid, uid_t uid);

/*
 * The process at the other end of a socket: the one that has connected, or the one that made the
 * pair. Its unit is asked of the kernel, and of systemd below root_fd where /proc does not show
 * the process; that is waited for, but not for long.
 */
void client_is_peer(struct client *client, int fd, sd_event *event, int root_fd);

#endif
