/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HOSTILE_PEER_H
#define EXM_HOSTILE_PEER_H

/* What the hostile programs need to be fair for a while. Whatever fails ends the process. */
#include <stddef.h>

#include "common/channel.h"
#include "common/message.h"

enum { FD_CHANNEL = 3, FD_CLIENT = 4, ENTRY_HOSTS = 0, ENTRY_GLOB = 1, ENTRY_COUNT = 3 };

/* The one that is in the history; its second file is of no section. */
enum { REVISION = 7, REVISION_FILE = 0 };

/* A packet, well-formed or not, and perhaps descriptors. */
void peer_send_raw(const void *data, size_t size, const int *fds, size_t fd_count);
void peer_send(const struct message *message, int fd);
void peer_say(struct message message, int fd);

/* One good message of each type; its fields are what a fair engine might send. */
struct message peer_good_message(enum message_type type);

/* The descriptor that belongs to it, or -1. */
int peer_good_fd(enum message_type type);

/* What must have been said in that phase before a good message is one. */
void peer_prepare(enum message_type type);

/*
 * The monitor has borne the message: it answers it as it should, and goes on. If not, this
 * process ends, having said which case it was.
 */
void peer_prove(enum message_type type, const char *what);

/* The last phase in which the message is accepted. */
enum message_phase peer_phase_of(enum message_type type);

/* Gets there in a fair way, using the secret that the client sent. */
void peer_reach(enum message_phase phase);
/* That secret, once the phase is open. */
const char *peer_secret(void);

void peer_receive(struct packet *packet, struct message *message, int *fd);

/* The next message must be of that type, UNIT or DATA, and tell of that outcome. */
void peer_expect(enum message_type type, enum job_outcome outcome);

/* Sends a descriptor over a stream, with one byte. */
void peer_hand_over(int stream, int fd);

struct hostile_case {
	const char *name;
	enum message_phase phase;
	void (*play)(void);
};

/* About units: those that end the session, and those that are refused while it goes on. */
const struct hostile_case *unit_cases(size_t *ret_count);
const struct hostile_case *unit_borne_cases(size_t *ret_count);

#endif
