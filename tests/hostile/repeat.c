/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program's part: the same good message again and again. What may be said a thousand
 * times is borne a thousand times. A million of them and more, until the client has said a byte
 * more, whose answers nobody reads, are borne if they have none, and else end the session when
 * there is no room for one more.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "family.h"
#include "legal.h"
#include "peer.h"

enum { OFTEN = 1000, FLOOD_COUNT = 1000000, FLOOD_PART = 1000, CASE_NAME_SIZE = 128 };

static void say(const struct message *message)
{
	scoped_fd fd = peer_good_fd(message->type);

	peer_send(message, fd);
}

/* Once more than it may be, or often. */
static void replay(enum message_type type)
{
	const struct message message = peer_good_message(type);
	unsigned int most = legal_times(type);

	peer_prepare(type);
	for (unsigned int i = 0; i < (most > 0 ? most + 1 : OFTEN); i++) {
		say(&message);
		if (most == 0)
			peer_prove(type, "replayed");
	}
}

/* Each call has a ticket of its own. */
static void set_ticket(struct message *message, uint32_t ticket)
{
	switch (message->type) {
#define NO_TICKET(...)
#define TICKET(field) \
	if (strcmp(#field, "ticket") == 0) \
		m->field = ticket;
#define X(NAME, name, phases, flags) \
	case MON_##NAME: { \
		struct msg_##name *m = &message->name; \
\
		(void)m; \
		FIELDS_##name(NO_TICKET, TICKET, NO_TICKET, NO_TICKET, NO_TICKET) break; \
	}
		MON_REQUESTS(X)
#undef X
	default:
		break;
	}
}

/*
 * Until the client has done what it wanted to do meanwhile, and says so. That byte is taken soon,
 * since what a client has said and nobody reads makes an engine that hangs.
 */
static void flood(enum message_type type)
{
	struct message message = peer_good_message(type);
	bool enough = false;
	char byte;

	peer_prepare(type);
	for (uint32_t i = 0; i < FLOOD_COUNT || !enough; i++) {
		if (i % FLOOD_PART == 0 && recv(FD_CLIENT, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
			enough = true;
		set_ticket(&message, i);
		say(&message);
	}
}

static const struct {
	const char *name;
	void (*play)(enum message_type type);
} ways[] = {
	{ "replayed", replay },
	{ "a million times", flood },
};

static enum verdict verdict_of(enum message_type type, size_t way)
{
	if (ways[way].play == replay)
		return legal_times(type) > 0 ? ENDS : BORNE;
	return legal_times(type) > 0 || legal_is_answered(type) ? FLOOD_ENDS : FLOOD_BORNE;
}

/* Visits all cases until it returns true. */
static bool each_case(bool (*visit)(enum message_type type, size_t way, const char *name,
				    const void *data),
		      const void *data)
{
	char name[CASE_NAME_SIZE];

	for (enum message_type type = 1; type < MESSAGE_TYPE_MAX; type++)
		for (size_t i = 0; i < ARRAY_SIZE(ways) && message_info(type)->phases; i++) {
			snprintf(name, sizeof(name), "%s %s", message_info(type)->name,
				 ways[i].name);
			if (visit(type, i, name, data))
				return true;
		}
	return false;
}

static bool list_case(enum message_type type, size_t way, const char *name, const void *data)
{
	const enum verdict *verdict = data;

	if (verdict_of(type, way) == *verdict)
		puts(name);
	return false;
}

static void list_repeats(enum verdict verdict)
{
	each_case(list_case, &verdict);
}

static bool play_case(enum message_type type, size_t way, const char *name, const void *data)
{
	if (strcmp(name, data) != 0)
		return false;
	peer_reach(peer_phase_of(type));
	ways[way].play(type);
	return true;
}

static bool play_repeats(const char *wanted)
{
	return each_case(play_case, wanted);
}

const struct family repeat_family = { list_repeats, play_repeats };
