/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and in the engine. The packet is hostile to whoever
 * decodes it; nothing is taken from it that its field's bound does not cover.
 */
#include "common/message.h"

#include <errno.h>

#include "common/wire.h"

static const struct message_info infos[MESSAGE_TYPE_MAX] = {
#define X(NAME, name_, phases_, flags_) \
	[MON_##NAME] = { .name = #NAME, .phases = (phases_), .flags = (flags_) },
	MON_MESSAGES(X)
#undef X
};

const struct message_info *message_info(uint32_t type)
{
	return type > MESSAGE_NONE && type < MESSAGE_TYPE_MAX ? &infos[type] : NULL;
}

#define PUT_U8(field) wire_put_u8(w, m->field);
#define PUT_U32(field) wire_put_u32(w, m->field);
#define PUT_U64(field) wire_put_u64(w, m->field);
#define PUT_I32(field) wire_put_i32(w, m->field);
#define PUT_STR(field, max) wire_put_str(w, m->field, max);

#define GET_U8(field) m->field = wire_get_u8(w);
#define GET_U32(field) m->field = wire_get_u32(w);
#define GET_U64(field) m->field = wire_get_u64(w);
#define GET_I32(field) m->field = wire_get_i32(w);
#define GET_STR(field, max) m->field = wire_get_str(w, max);

#define X(NAME, name, phases, flags) \
	static void put_##name(struct wire *w, const struct msg_##name *m) \
	{ \
		(void)w; \
		(void)m; \
		FIELDS_##name(PUT_U8, PUT_U32, PUT_U64, PUT_I32, PUT_STR) \
	} \
	static void get_##name(struct wire *w, struct msg_##name *m) \
	{ \
		(void)w; \
		(void)m; \
		FIELDS_##name(GET_U8, GET_U32, GET_U64, GET_I32, GET_STR) \
	}
MON_MESSAGES(X)
#undef X

int message_encode(const struct message *message, void *buffer, size_t size, size_t *ret_length)
{
	struct wire w = wire_over(buffer, size);

	wire_put_u32(&w, message->type);
	switch (message->type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		put_##name(&w, &message->name); \
		break;
		MON_MESSAGES(X)
#undef X
	default:
		return -EBADMSG;
	}
	if (w.bad)
		return -EMSGSIZE;
	*ret_length = w.pos;
	return 0;
}

int message_decode(void *packet, size_t length, struct message *ret_message)
{
	struct wire w = wire_over(packet, length);
	struct message message = { .type = wire_get_u32(&w) };

	switch (message.type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		get_##name(&w, &message.name); \
		break;
		MON_MESSAGES(X)
#undef X
	default:
		return -EBADMSG;
	}
	if (!wire_done(&w))
		return -EBADMSG;
	*ret_message = message;
	return 0;
}
