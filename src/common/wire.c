/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in every process. Reads what the process on the other side wrote and
 * trusts nothing of it: each get is checked against the end of the buffer.
 */
#include "common/wire.h"

#include <string.h>

static uint8_t *wire_room(struct wire *w, size_t size)
{
	uint8_t *at;

	if (w->bad || size > w->size - w->pos) {
		w->bad = true;
		return NULL;
	}
	at = w->data + w->pos;
	w->pos += size;
	return at;
}

static void put_int(struct wire *w, uint64_t value, size_t width)
{
	uint8_t *at = wire_room(w, width);

	for (size_t i = 0; at && i < width; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_int(struct wire *w, size_t width)
{
	const uint8_t *at = wire_room(w, width);
	uint64_t value = 0;

	for (size_t i = 0; at && i < width; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

void wire_put_u8(struct wire *w, uint8_t value)
{
	put_int(w, value, 1);
}

void wire_put_u32(struct wire *w, uint32_t value)
{
	put_int(w, value, 4);
}

void wire_put_u64(struct wire *w, uint64_t value)
{
	put_int(w, value, 8);
}

void wire_put_i32(struct wire *w, int32_t value)
{
	put_int(w, (uint32_t)value, 4);
}

void wire_put_str(struct wire *w, const char *text, size_t max)
{
	size_t length = text ? strlen(text) : 0;
	uint8_t *at;

	if (length > max || length > UINT32_MAX - 1) {
		w->bad = true;
		return;
	}
	wire_put_u32(w, (uint32_t)length);
	at = wire_room(w, length + 1);
	if (!at)
		return;
	if (length > 0)
		memcpy(at, text, length);
	at[length] = '\0';
}

uint8_t wire_get_u8(struct wire *w)
{
	return (uint8_t)get_int(w, 1);
}

uint32_t wire_get_u32(struct wire *w)
{
	return (uint32_t)get_int(w, 4);
}

uint64_t wire_get_u64(struct wire *w)
{
	return get_int(w, 8);
}

int32_t wire_get_i32(struct wire *w)
{
	return (int32_t)(uint32_t)get_int(w, 4);
}

const char *wire_get_str(struct wire *w, size_t max)
{
	size_t length = wire_get_u32(w);
	const uint8_t *at;

	if (length > max)
		w->bad = true;
	at = wire_room(w, length + 1);
	if (!at || at[length] != '\0' || memchr(at, '\0', length)) {
		w->bad = true;
		return "";
	}
	return (const char *)at;
}

void wire_put_bytes(struct wire *w, const void *data, size_t size)
{
	uint8_t *at;

	if (size > UINT32_MAX) {
		w->bad = true;
		return;
	}
	wire_put_u32(w, (uint32_t)size);
	at = wire_room(w, size);
	if (at && size > 0)
		memcpy(at, data, size);
}

const uint8_t *wire_get_bytes(struct wire *w, size_t max, uint32_t *ret_size)
{
	uint32_t size = wire_get_u32(w);
	const uint8_t *at = NULL;

	if (size > max)
		w->bad = true;
	else
		at = wire_room(w, size);
	*ret_size = at ? size : 0;
	return at;
}
