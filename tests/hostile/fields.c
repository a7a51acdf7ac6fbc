/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program's part: each field of each request with each odd value. The fields come from
 * the lists of the messages, so that a new one is tried without anybody remembering to. What a
 * packet cannot say ends the session; what else does is declared in legal.c.
 */
#include <stdio.h>
#include <string.h>

#include "family.h"
#include "legal.h"
#include "odd.h"
#include "peer.h"

/* ---- one field of a message is changed ----------------------------------------------- */

#define X(NAME, name, phases, flags) \
	static void change_##name(struct msg_##name *m, struct change *change) \
	{ \
		(void)m; \
		(void)change; \
		CHANGE_FIELDS(FIELDS_##name) \
	} \
	static void put_##name(const struct msg_##name *m, struct change *change, struct wire *w) \
	{ \
		(void)m; \
		(void)change; \
		(void)w; \
		PUT_FIELDS(FIELDS_##name) \
	}
MON_REQUESTS(X)
#undef X

static struct message changed(enum message_type type, struct change *change)
{
	struct message message = peer_good_message(type);

	change_begin(change);
	switch (type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		change_##name(&message.name, change); \
		break;
		MON_REQUESTS(X)
#undef X
	default:
		break;
	}
	return message;
}

static void send_malformed(enum message_type type, struct change *change, int fd)
{
	const struct message message = peer_good_message(type);
	uint8_t data[2 * MESSAGE_MAX];
	struct wire w = wire_over(data, sizeof(data));

	change->at = 0;
	wire_put_u32(&w, type);
	switch (type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		put_##name(&message.name, change, &w); \
		break;
		MON_REQUESTS(X)
#undef X
	default:
		break;
	}
	peer_send_raw(data, w.pos, &fd, fd >= 0);
}

/* ---- the cases ------------------------------------------------------------------------ */

enum { CASE_NAME_SIZE = 128 };

struct field_case {
	enum message_type type;
	struct change change;
	struct message message; /* unless it is malformed */
	enum verdict verdict;
};

static bool is_right(const struct message *message)
{
	const struct message good = peer_good_message(message->type);
	uint8_t a[MESSAGE_MAX], b[MESSAGE_MAX];
	size_t length_a, length_b;

	return message_encode(message, a, sizeof(a), &length_a) == 0 &&
	       message_encode(&good, b, sizeof(b), &length_b) == 0 && length_a == length_b &&
	       memcmp(a, b, length_a) == 0;
}

/* Visits all cases, until it returns true. */
static bool each_case(bool (*visit)(struct field_case *c, void *data), void *data)
{
	struct field_case c = { .type = MESSAGE_NONE };

	while (++c.type < MESSAGE_TYPE_MAX && message_info(c.type)->phases) {
		c.change.which = 0;
		do {
			for (c.change.oddity = 0; c.change.oddity < ODDITY_MAX; c.change.oddity++) {
				bool malformed = is_malformed(c.change.oddity);

				c.message = changed(c.type, &c.change);
				if (!c.change.fits || (!malformed && is_right(&c.message)))
					continue;
				c.verdict = malformed || !legal(&c.message) ? ENDS : BORNE;
				if (visit(&c, data))
					return true;
			}
			c.change.which++;
		} while (c.change.name);
	}
	return false;
}

static void name_of(const struct field_case *c, char name[static CASE_NAME_SIZE])
{
	snprintf(name, CASE_NAME_SIZE, "%s whose %s is %s", message_info(c->type)->name,
		 c->change.name, oddity_name(c->change.oddity));
}

/*
 * Those that are borne are played in a row, those of one message together. A few can be said
 * only so often.
 */
static size_t most_in_a_row(enum message_type type)
{
	return type == MON_READY || type == MON_BYE ? 1 : type == MON_AUTH ? 2 : SIZE_MAX;
}

struct row {
	enum message_type type;
	size_t count; /* of cases of that type so far */
	char name[CASE_NAME_SIZE];
};

/* The row that a case belongs to; true if it is another one than that of the last case. */
static bool begins_row(const struct field_case *c, struct row *row)
{
	size_t most = most_in_a_row(c->type);

	if (c->type != row->type)
		*row = (struct row){ .type = c->type };
	if (row->count++ % most != 0)
		return false;
	snprintf(row->name, sizeof(row->name), "%s with odd values that it may have, part %zu",
		 message_info(c->type)->name, (row->count - 1) / most + 1);
	return true;
}

struct listing {
	enum verdict verdict;
	struct row row;
};

static bool list_case(struct field_case *c, void *data)
{
	struct listing *listing = data;
	char name[CASE_NAME_SIZE];

	if (c->verdict != listing->verdict)
		return false;
	name_of(c, name);
	if (c->verdict == ENDS)
		puts(name);
	else if (begins_row(c, &listing->row))
		puts(listing->row.name);
	return false;
}

static void list_fields(enum verdict verdict)
{
	struct listing listing = { .verdict = verdict };

	each_case(list_case, &listing);
}

struct playing {
	const char *wanted;
	struct row row;
	bool begun;
};

static void say(const struct field_case *c)
{
	scoped_fd fd = peer_good_fd(c->type);

	if (is_malformed(c->change.oddity)) {
		struct change change = c->change;

		send_malformed(c->type, &change, fd);
	} else {
		peer_send(&c->message, fd);
	}
}

/* One that ends the session is the last one. */
static bool play_case(struct field_case *c, void *data)
{
	struct playing *playing = data;
	char name[CASE_NAME_SIZE];
	bool wanted;

	name_of(c, name);
	if (c->verdict == BORNE)
		begins_row(c, &playing->row);
	wanted = strcmp(playing->wanted, c->verdict == ENDS ? name : playing->row.name) == 0;
	if (!wanted)
		return false;
	if (!playing->begun)
		peer_reach(peer_phase_of(c->type));
	playing->begun = true;
	peer_prepare(c->type);
	say(c);
	if (c->verdict == BORNE)
		peer_prove(c->type, name);
	return c->verdict == ENDS;
}

static bool play_fields(const char *wanted)
{
	struct playing playing = { .wanted = wanted };

	each_case(play_case, &playing);
	return playing.begun;
}

const struct family field_family = { list_fields, play_fields };
