/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/common/message.c for every message of the lists: all below is
 * generated from them, so that a new message is tested by being declared.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/message.h"
#include "common/wire.h"

enum { ROOM = 4 * MESSAGE_MAX };

/* ---- every field at its extreme ---------------------------------------------- */

static char *longest[MESSAGE_TYPE_MAX][16];

#define FILL_U8(field) m->field = UINT8_MAX;
#define FILL_U32(field) m->field = UINT32_MAX;
#define FILL_U64(field) m->field = UINT64_MAX;
#define FILL_I32(field) m->field = INT32_MIN;
#define FILL_STR(field, max) m->field = longest[type][string++] = unit_repeat('\xfe', max);

#define SAME_U8(field) assert_int_equal(a->field, b->field);
#define SAME_U32(field) assert_int_equal(a->field, b->field);
#define SAME_U64(field) assert_true(a->field == b->field);
#define SAME_I32(field) assert_int_equal(a->field, b->field);
#define SAME_STR(field, max) assert_string_equal(a->field, b->field);

/* ---- packets that message_encode() would not make ------------------------------ */

enum forgery { HONEST, TOO_LONG, NUL_INSIDE, NOT_TERMINATED };

static void forge_str(struct wire *w, size_t max, enum forgery forgery)
{
	scoped_ptr char *text = unit_repeat('x', max + 1);

	switch (forgery) {
	case HONEST:
		wire_put_str(w, "x", max);
		break;
	case TOO_LONG:
		wire_put_str(w, text, max + 1);
		break;
	case NUL_INSIDE:
		wire_put_u32(w, 2);
		wire_put_u8(w, '\0');
		wire_put_u8(w, 'x');
		wire_put_u8(w, '\0');
		break;
	case NOT_TERMINATED:
		wire_put_u32(w, 1);
		wire_put_u8(w, 'x');
		wire_put_u8(w, 'x');
		break;
	}
}

#define FORGE_U8(field) wire_put_u8(w, 1);
#define FORGE_U32(field) wire_put_u32(w, 1);
#define FORGE_U64(field) wire_put_u64(w, 1);
#define FORGE_I32(field) wire_put_i32(w, 1);
#define FORGE_STR(field, max) forge_str(w, max, string++ == victim ? forgery : HONEST);

#define COUNT_NONE(field)
#define COUNT_STR(field, max) string++;

#define X(NAME, name, phases, flags) \
	static void fill_##name(struct msg_##name *m) \
	{ \
		const enum message_type type = MON_##NAME; \
		size_t string = 0; \
\
		(void)m; \
		(void)type; \
		(void)string; \
		FIELDS_##name(FILL_U8, FILL_U32, FILL_U64, FILL_I32, FILL_STR) \
	} \
	static void same_##name(const struct msg_##name *a, const struct msg_##name *b) \
	{ \
		(void)a; \
		(void)b; \
		FIELDS_##name(SAME_U8, SAME_U32, SAME_U64, SAME_I32, SAME_STR) \
	} \
	static size_t strings_##name(void) \
	{ \
		size_t string = 0; \
\
		FIELDS_##name(COUNT_NONE, COUNT_NONE, COUNT_NONE, COUNT_NONE, \
			      COUNT_STR) return string; \
	} \
	static void forge_##name(struct wire *w, size_t victim, enum forgery forgery) \
	{ \
		size_t string = 0; \
\
		(void)string; \
		(void)victim; \
		(void)forgery; \
		wire_put_u32(w, MON_##NAME); \
		FIELDS_##name(FORGE_U8, FORGE_U32, FORGE_U64, FORGE_I32, FORGE_STR) \
	}
MON_MESSAGES(X)
#undef X

static struct message fill(enum message_type type)
{
	struct message message = { .type = type };

	switch (type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		fill_##name(&message.name); \
		break;
		MON_MESSAGES(X)
#undef X
	default:
		fail_msg("no message of type %d", type);
	}
	return message;
}

static void assert_same(const struct message *a, const struct message *b)
{
	assert_int_equal(a->type, b->type);
	switch (a->type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		same_##name(&a->name, &b->name); \
		break;
		MON_MESSAGES(X)
#undef X
	default:
		fail_msg("no message of type %d", a->type);
	}
}

static size_t count_strings(enum message_type type)
{
	switch (type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		return strings_##name();
		MON_MESSAGES(X)
#undef X
	default:
		return 0;
	}
}

static size_t forge(uint8_t *packet, enum message_type type, size_t victim, enum forgery forgery)
{
	struct wire w = wire_over(packet, ROOM);

	switch (type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		forge_##name(&w, victim, forgery); \
		break;
		MON_MESSAGES(X)
#undef X
	default:
		break;
	}
	assert_false(w.bad);
	return w.pos;
}

static void release(enum message_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(longest[type]); i++) {
		free(longest[type][i]);
		longest[type][i] = NULL;
	}
}

#define FOR_EACH_TYPE(type) \
	for (enum message_type type = MESSAGE_NONE + 1; type < MESSAGE_TYPE_MAX; type++)

/* ---- the tests ----------------------------------------------------------------- */

static void test_every_message_survives_the_wire_at_its_extremes(void **state)
{
	uint8_t packet[MESSAGE_MAX];

	(void)state;
	FOR_EACH_TYPE(type)
	{
		struct message sent = fill(type), got = { 0 };
		size_t length;

		assert_int_equal(message_encode(&sent, packet, sizeof(packet), &length), 0);
		assert_int_equal(message_decode(packet, length, &got), 0);
		assert_same(&sent, &got);
		release(type);
	}
}

static void test_every_message_survives_the_wire_empty(void **state)
{
	uint8_t packet[MESSAGE_MAX];

	(void)state;
	FOR_EACH_TYPE(type)
	{
		struct message sent = { .type = type }, got = { 0 };
		size_t length, again;
		uint8_t repeated[MESSAGE_MAX];

		assert_int_equal(message_encode(&sent, packet, sizeof(packet), &length), 0);
		assert_int_equal(message_decode(packet, length, &got), 0);
		assert_int_equal(message_encode(&got, repeated, sizeof(repeated), &again), 0);
		assert_int_equal(length, again);
		assert_memory_equal(packet, repeated, length);
	}
}

static void test_every_truncation_is_refused(void **state)
{
	uint8_t packet[MESSAGE_MAX];

	(void)state;
	FOR_EACH_TYPE(type)
	{
		struct message sent = fill(type), got = { 0 };
		size_t length;

		assert_int_equal(message_encode(&sent, packet, sizeof(packet), &length), 0);
		for (size_t cut = 0; cut < length; cut++) {
			assert_int_equal(message_decode(packet, cut, &got), -EBADMSG);
			assert_int_equal(got.type, MESSAGE_NONE);
		}
		release(type);
	}
}

static void test_left_over_bytes_are_refused(void **state)
{
	uint8_t packet[MESSAGE_MAX + 8] = { 0 };

	(void)state;
	FOR_EACH_TYPE(type)
	{
		struct message sent = { .type = type }, got = { 0 };
		size_t length;

		assert_int_equal(message_encode(&sent, packet, MESSAGE_MAX, &length), 0);
		for (size_t more = 1; more <= 8; more++)
			assert_int_equal(message_decode(packet, length + more, &got), -EBADMSG);
	}
}

static void test_a_buffer_too_small_is_refused(void **state)
{
	uint8_t packet[MESSAGE_MAX];

	(void)state;
	FOR_EACH_TYPE(type)
	{
		struct message sent = { .type = type };
		size_t length, unused;

		assert_int_equal(message_encode(&sent, packet, sizeof(packet), &length), 0);
		for (size_t room = 0; room < length; room++)
			assert_int_equal(message_encode(&sent, packet, room, &unused), -EMSGSIZE);
	}
}

static void assert_forgery_refused(enum forgery forgery)
{
	scoped_ptr uint8_t *packet = malloc(ROOM);
	struct message got;

	assert_non_null(packet);
	FOR_EACH_TYPE(type)
	{
		size_t strings = count_strings(type);
		size_t length = forge(packet, type, SIZE_MAX, HONEST);

		assert_int_equal(message_decode(packet, length, &got), 0);
		for (size_t victim = 0; victim < strings; victim++) {
			length = forge(packet, type, victim, forgery);
			assert_int_equal(message_decode(packet, length, &got), -EBADMSG);
		}
	}
}

static void test_each_string_over_its_bound_is_refused(void **state)
{
	(void)state;
	assert_forgery_refused(TOO_LONG);
}

static void test_each_string_with_nul_inside_is_refused(void **state)
{
	(void)state;
	assert_forgery_refused(NUL_INSIDE);
}

static void test_each_string_without_its_nul_is_refused(void **state)
{
	(void)state;
	assert_forgery_refused(NOT_TERMINATED);
}

static void test_encoding_a_string_over_its_bound_is_refused(void **state)
{
	scoped_ptr char *text = unit_repeat('x', MESSAGE_TEXT_MAX + 1);
	struct message message = { .type = MON_AUTH, .auth.secret = text };
	uint8_t packet[MESSAGE_MAX];
	size_t length = 77;

	(void)state;
	assert_int_equal(message_encode(&message, packet, sizeof(packet), &length), -EMSGSIZE);
	assert_int_equal(length, 77);
}

static void test_unknown_types_are_refused(void **state)
{
	static const uint32_t types[] = { MESSAGE_NONE, MESSAGE_TYPE_MAX, MESSAGE_TYPE_MAX + 1,
					  0x80000000, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		uint8_t packet[64] = { 0 };
		struct wire w = wire_over(packet, sizeof(packet));
		struct message message = { .type = (enum message_type)types[i] };
		size_t length;

		wire_put_u32(&w, types[i]);
		for (size_t size = 4; size <= sizeof(packet); size += 4)
			assert_int_equal(message_decode(packet, size, &message), -EBADMSG);
		message.type = (enum message_type)types[i];
		assert_int_equal(message_encode(&message, packet, sizeof(packet), &length),
				 -EBADMSG);
		assert_null(message_info(types[i]));
	}
}

static void test_every_request_that_wants_a_reply_has_one_in_the_same_order(void **state)
{
	static const char *const requests[] = {
#define X(NAME, name, phases, flags) (flags) & MSG_NO_REPLY ? NULL : #NAME,
		MON_REQUESTS(X)
#undef X
	};
	static const char *const replies[] = {
#define X(NAME, name, phases, flags) #NAME,
		MON_REPLIES(X)
#undef X
	};
	size_t reply = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		char expected[64];

		if (!requests[i])
			continue;
		assert_in_range(reply, 0, ARRAY_SIZE(replies) - 1);
		snprintf(expected, sizeof(expected), "%s_REPLY", requests[i]);
		assert_string_equal(replies[reply++], expected);
	}
	assert_int_equal(reply, ARRAY_SIZE(replies));
}

static void test_every_request_has_a_phase_and_nothing_else_has(void **state)
{
	const struct message_info *info;

	(void)state;
#define X(NAME, name_, phases_, flags_) \
	info = message_info(MON_##NAME); \
	assert_string_equal(info->name, #NAME); \
	assert_int_not_equal(info->phases, 0); \
	assert_int_equal(info->phases & ~(PHASE_BIT(PHASE_MAX) - 1), 0);
	MON_REQUESTS(X)
#undef X
#define X(NAME, name_, phases_, flags_) \
	info = message_info(MON_##NAME); \
	assert_string_equal(info->name, #NAME); \
	assert_int_equal(info->phases, 0);
	MON_REPLIES(X)
	MON_EVENTS(X)
#undef X
}

static void test_before_the_secret_nothing_reaches_files_or_services(void **state)
{
	static const enum message_type allowed[] = { MON_AUTH, MON_BYE };
	size_t found = 0;

	(void)state;
	FOR_EACH_TYPE(type)
	if (message_info(type)->phases & PHASE_BIT(PHASE_LOCKED)) {
		assert_in_range(found, 0, ARRAY_SIZE(allowed) - 1);
		assert_int_equal(type, allowed[found++]);
	}
	assert_int_equal(found, ARRAY_SIZE(allowed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_message_survives_the_wire_at_its_extremes),
		cmocka_unit_test(test_every_message_survives_the_wire_empty),
		cmocka_unit_test(test_every_truncation_is_refused),
		cmocka_unit_test(test_left_over_bytes_are_refused),
		cmocka_unit_test(test_a_buffer_too_small_is_refused),
		cmocka_unit_test(test_each_string_over_its_bound_is_refused),
		cmocka_unit_test(test_each_string_with_nul_inside_is_refused),
		cmocka_unit_test(test_each_string_without_its_nul_is_refused),
		cmocka_unit_test(test_encoding_a_string_over_its_bound_is_refused),
		cmocka_unit_test(test_unknown_types_are_refused),
		cmocka_unit_test(test_every_request_that_wants_a_reply_has_one_in_the_same_order),
		cmocka_unit_test(test_every_request_has_a_phase_and_nothing_else_has),
		cmocka_unit_test(test_before_the_secret_nothing_reaches_files_or_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
