/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HOSTILE_ODD_H
#define EXM_HOSTILE_ODD_H

/*
 * Odd values for the fields of what is declared with a FIELDS_ list. One field is changed at a
 * time: CHANGE_FIELDS() sets it in a structure, PUT_FIELDS() writes the structure with a text that
 * no wire can hold in its place.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"

/* X(NAME, text) */
#define ODD_INTEGERS(X) \
	X(ZERO, "0") \
	X(ONE, "1") \
	X(NEXT, "one more than is right") \
	X(HIGHEST_BIT, "its highest bit alone") \
	X(LARGEST, "its largest number")

/* Texts that a field can hold: what is before the right one, that one or nothing, what is behind.
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

const char *oddity_name(enum oddity oddity);

static inline bool is_malformed(enum oddity oddity)
{
	return oddity >= ODD_TOO_LONG;
}

/* Which field is changed, and how. */
struct change {
	size_t which; /* field, in their order */
	enum oddity oddity;
	size_t at;        /* the field that is looked at */
	const char *name; /* of the field that is changed; NULL: there are fewer */
	bool fits;        /* such a value is of the field's type */
};

/* Before the fields are walked over. */
void change_begin(struct change *change);

/* Is it the field's turn? */
bool change_turn(struct change *change, const char *name, bool is_integer);

uint64_t odd_integer(enum oddity oddity, uint64_t right, size_t size);

/* Lives until the next one. */
const char *odd_text(enum oddity oddity, const char *right, size_t max);

void put_malformed(struct wire *w, enum oddity oddity, const char *right, size_t max);

/* For a FIELDS_ list; `m` is the structure, `change` what is changed, `w` where it is written. */
#define CHANGE_INTEGER(field, type) \
	if (change_turn(change, #field, true)) \
		m->field = (type)odd_integer(change->oddity, (uint64_t)m->field, sizeof(type));
#define CHANGE_U8(field) CHANGE_INTEGER(field, uint8_t)
#define CHANGE_U32(field) CHANGE_INTEGER(field, uint32_t)
#define CHANGE_U64(field) CHANGE_INTEGER(field, uint64_t)
#define CHANGE_I32(field) CHANGE_INTEGER(field, int32_t)
#define CHANGE_STR(field, max) \
	if (change_turn(change, #field, false) && !is_malformed(change->oddity)) \
		m->field = odd_text(change->oddity, m->field, max);
#define CHANGE_FIELDS(FIELDS) FIELDS(CHANGE_U8, CHANGE_U32, CHANGE_U64, CHANGE_I32, CHANGE_STR)

#define PUT_U8(field) wire_put_u8(w, m->field), change->at++;
#define PUT_U32(field) wire_put_u32(w, m->field), change->at++;
#define PUT_U64(field) wire_put_u64(w, m->field), change->at++;
#define PUT_I32(field) wire_put_i32(w, m->field), change->at++;
#define PUT_STR(field, max) \
	if (change->at++ == change->which) \
		put_malformed(w, change->oddity, m->field, max); \
	else \
		wire_put_str(w, m->field, max);
#define PUT_FIELDS(FIELDS) FIELDS(PUT_U8, PUT_U32, PUT_U64, PUT_I32, PUT_STR)

#endif
