/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CHANNEL_H
#define EXM_CHANNEL_H

#include "common/message.h"

/* The SEQPACKET pair between monitor and engine. */

struct packet {
	uint8_t data[MESSAGE_MAX];
};

/* Both ends close-on-exec. 0 or -errno. */
int channel_pair(int *ret_ours, int *ret_theirs) must_check;

/*
 * Sends one message, with a descriptor unless it is -1 (which stays the
 * caller's). Never blocks when `wait` is false. 0 or -errno.
 */
int channel_send(int fd, const struct message *message, int passed_fd, bool wait) must_check;

/*
 * Receives one message; its strings live in `packet`. 1, 0 at the end, -EAGAIN
 * when nothing is there and `wait` is false, -EBADMSG for what is no message
 * or carries more descriptors than one, or fewer or more than its flags say.
 */
int channel_recv(int fd, bool wait, struct packet *packet, struct message *ret_message,
		 int *ret_fd) must_check;

#endif
