/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFIRM_PENDING_H
#define EXM_CONFIRM_PENDING_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-id128.h>

#include "common/cleanup.h"
#include "common/policy.h"

/*
 * What waits to be confirmed: the file "pending" in the state directory. All revisions of the
 * history from `first` on that are this user's are taken back together, unless somebody who has the
 * token says before the deadline that they are to stay. The deadline counts by CLOCK_BOOTTIME, and
 * across a boot by CLOCK_REALTIME, but never longer than it was meant to be.
 *
 * Whoever writes or removes it holds the journal (journal.h). The server that wrote it last watches
 * over it, and holds a lock on the file, so that others can tell that it lives; once another one
 * has written or removed it, what is locked is not there any more.
 */
enum { PENDING_TOKEN_SIZE = 32 + 1, PENDING_HASH_SIZE = 32, PENDING_SECONDS_MAX = 24 * 3600 };

struct pending {
	uint64_t first;
	uint8_t token[PENDING_HASH_SIZE]; /* SHA-256 of what the client holds */
	uint32_t seconds;
	bool dead_man;               /* taken back as soon as that client has gone */
	uint64_t boottime, realtime; /* of the deadline, microseconds */
	sd_id128_t boot;
	char user[POLICY_USER_MAX + 1]; /* whose commits they are */
};

/*
 * A new token: 128 bits of random, in hexadecimal. Attempts are not counted: each takes a message
 * to the server and an answer, of which there are some 10^5 in a second, and the most that a token
 * lives is a day. 0 or -errno.
 */
int pending_make_token(char token[static PENDING_TOKEN_SIZE]) must_check;

/* Sets the token of this text. */
void pending_set_token(struct pending *pending, const char *token);

/* Takes the same time whatever the attempt is. */
bool pending_has_token(const struct pending *pending, const char *attempt);

/* So many seconds from now. 0 or -errno. */
int pending_set_deadline(struct pending *pending, uint32_t seconds) must_check;

/* It is over, from now on and for whoever reads it. */
void pending_set_over(struct pending *pending);

/* Microseconds from now; 0: it is over. */
uint64_t pending_left(const struct pending *pending);

/*
 * Writes it in place of what was pending, on disk. The file, locked, for as long as this process
 * watches over it; or -errno.
 */
int pending_write(int state_fd, const struct pending *pending) must_check;

/* 0; -ENOENT if nothing is pending; -EBADMSG for what is none; or -errno. */
int pending_read(int state_fd, struct pending *ret_pending) must_check;

/*
 * The same, and watches over it from now on: the file, locked; -EAGAIN if a server that lives does;
 * or one of those above.
 */
int pending_watch(int state_fd, struct pending *ret_pending) must_check;

/* Is the file that this process has locked still what is pending? */
bool pending_is_there(int file);

/* Nothing is pending any more. 0, also if nothing was, or -errno. */
int pending_remove(int state_fd) must_check;

#endif
