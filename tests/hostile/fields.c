/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program's part: each field of each request with each odd value. The fields come from
 * the lists of the messages, so that a new one is tried without anybody remembering to. What a
 * packet cannot say ends the session; what else does is declared in legal.c.
 */
#include <stdio.h>
#include <string.h>

#include "common/wire.h"

#include "family.h"
#include "legal.h"
#include "peer.h"

/* X(NAME, text) */
#define ODD_INTEGERS(X) \
	X(ZERO, "0") \
	X(ONE, "1") \
	X(NEXT, "one more than is right") \
	X(HIGHEST_BIT, "its highest bit alone") \
	X(LARGEST, "its largest number")

/* Texts that a packet can hold: what is before the right one, that one or nothing, what is behind.
 */
#define ODD_TEXTS(X) \
	X(EMPTY, "empty", "", false, "") \
	X(NEWLINE, "right but for a newline", "", true, "\n") \
	X(BLANK, "right but for a blank", " ", true, "") \
	X(SLASH, "right but for a slash", "", true, "/") \
	X(UPWARDS, "..", "..", false, "") \
	X(UPWARDS_BELOW, "upwards from below", "below/../", true, "") \
	X(UPWARDS_FAR, "far upwards", "a.list/../../../shadow", false, "") \
	X(ABSOLUTE, "absolute", "/etc/shadow", false, "") \
	X(OPTION, "an option", "--help", false, "") \
	X(STAR, "a wildcard", "*", false, "") \
	X(FORMAT, "a format", "%s%n%p", true, "") \
	X(CONTROL, "with control characters", "\001\033[2J\177", true, "") \
	X(NO_UTF8, "no UTF-8", "\377\376", true, "\300\257") \
	X(AS_LONG, "as long as it may be", "", true, "")

/* Texts that none can hold. */
#define MALFORMED_TEXTS(X) \
	X(TOO_LONG, "one byte longer than it may be") \
	X(NUL_INSIDE, "with a NUL inside") \
	X(NO_NUL, "without a NUL behind it") \
	X(LENGTH_SHORT, "of a length that is one too small") \
	X(LENGTH_LONG, "of a length that is one too large") \
	X(LENGTH_HUGE, "of 4294967295 bytes")

enum oddity {
#define X(NAME, ...) ODD_##NAME,
	ODD_INTEGERS(X) ODD_TEXTS(X) MALFORMED_TEXTS(X)
#undef X
		ODDITY_MAX
};

static const char *const oddity_names[] = {
#define X(NAME, text, ...) [ODD_##NAME] = (text),
	ODD_INTEGERS(X) ODD_TEXTS(X) MALFORMED_TEXTS(X)
#undef X
};

static bool is_for_integers(enum oddity oddity)
{
	return oddity <= ODD_LARGEST;
}

static bool is_malformed(enum oddity oddity)
{
	return oddity >= ODD_TOO_LONG;
}

static uint64_t odd_integer(enum oddity oddity, uint64_t right, size_t size)
{
	switch (oddity) {
	case ODD_ZERO:
		return 0;
	case ODD_ONE:
		return 1;
	case ODD_NEXT:
		return right + 1;
	case ODD_HIGHEST_BIT:
		return UINT64_C(1) << (8 * size - 1);
	default:
		return UINT64_MAX;
	}
}

static const char *odd_text(enum oddity oddity, const char *right, size_t max)
{
	static const struct {
		const char *before;
		bool right;
		const char *behind;
	} texts[] = {
#define X(NAME, text, ...) [ODD_##NAME] = { __VA_ARGS__ },
		ODD_TEXTS(X)
#undef X
	};
	static char text[MESSAGE_MAX];
	size_t length = strlen(right);

	if (oddity == ODD_AS_LONG) {
		memset(text, 'a', max - length);
		memcpy(text + max - length, right, length + 1);
	} else {
		snprintf(text, sizeof(text), "%s%s%s", texts[oddity].before,
			 texts[oddity].right ? right : "", texts[oddity].behind);
	}
	return text;
}

/* ---- one field of a message is changed ----------------------------------------------- */

struct change {
	size_t which; /* field, in their order */
	enum oddity oddity;
	size_t at;        /* the field that is looked at */
	const char *name; /* of the field; NULL: there are fewer */
	bool fits;        /* such a value is of the field's type */
};

/* Is it the field's turn? */
static bool its_turn(struct change *change, const char *name, bool is_integer)
{
	if (change->at++ != change->which)
		return false;
	change->name = name;
	change->fits = is_integer == is_for_integers(change->oddity);
	return change->fits;
}

#define CHANGE_INTEGER(field, type) \
	if (its_turn(change, #field, true)) \
		m->field = (type)odd_integer(change->oddity, (uint64_t)m->field, sizeof(type));
#define CHANGE_U8(field) CHANGE_INTEGER(field, uint8_t)
#define CHANGE_U32(field) CHANGE_INTEGER(field, uint32_t)
#define CHANGE_U64(field) CHANGE_INTEGER(field, uint64_t)
#define CHANGE_I32(field) CHANGE_INTEGER(field, int32_t)
#define CHANGE_STR(field, max) \
	if (its_turn(change, #field, false) && !is_malformed(change->oddity)) \
		m->field = odd_text(change->oddity, m->field, max);

static void put_malformed(struct wire *w, enum oddity oddity, const char *right, size_t max)
{
	const char *text = oddity == ODD_TOO_LONG ? odd_text(ODD_AS_LONG, right, max + 1)
			   : strlen(right) > 3    ? right
						  : "text";
	uint32_t length = (uint32_t)strlen(text);
	struct wire at = wire_over(w->data + w->pos, sizeof(length));

	wire_put_str(w, text, length);
	if (oddity == ODD_NUL_INSIDE)
		w->data[w->pos - 3] = '\0';
	else if (oddity == ODD_NO_NUL)
		w->data[w->pos - 1] = 'x';
	else if (oddity == ODD_LENGTH_SHORT)
		wire_put_u32(&at, length - 1);
	else if (oddity == ODD_LENGTH_LONG)
		wire_put_u32(&at, length + 1);
	else if (oddity == ODD_LENGTH_HUGE)
		wire_put_u32(&at, UINT32_MAX);
}

#define PUT_U8(field) wire_put_u8(w, m->field), change->at++;
#define PUT_U32(field) wire_put_u32(w, m->field), change->at++;
#define PUT_U64(field) wire_put_u64(w, m->field), change->at++;
#define PUT_I32(field) wire_put_i32(w, m->field), change->at++;
#define PUT_STR(field, max) \
	if (change->at++ == change->which) \
		put_malformed(w, change->oddity, m->field, max); \
	else \
		wire_put_str(w, m->field, max);

#define X(NAME, name, phases, flags) \
	static void change_##name(struct msg_##name *m, struct change *change) \
	{ \
		(void)m; \
		(void)change; \
		FIELDS_##name(CHANGE_U8, CHANGE_U32, CHANGE_U64, CHANGE_I32, CHANGE_STR) \
	} \
	static void put_##name(const struct msg_##name *m, struct change *change, struct wire *w) \
	{ \
		(void)m; \
		(void)change; \
		(void)w; \
		FIELDS_##name(PUT_U8, PUT_U32, PUT_U64, PUT_I32, PUT_STR) \
	}
MON_REQUESTS(X)
#undef X

static struct message changed(enum message_type type, struct change *change)
{
	struct message message = peer_good_message(type);

	change->at = 0;
	change->name = NULL;
	change->fits = false;
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
		 c->change.name, oddity_names[c->change.oddity]);
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
