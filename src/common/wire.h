/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_WIRE_H
#define EXM_WIRE_H

/*
 * Typed put and get on a bounded buffer with a sticky error. Integers travel
 * little-endian at fixed width; a string is a 32-bit length, its bytes and one
 * NUL, and may not hold a NUL itself, so that check and use see the same text.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	uint8_t *data;
	size_t size; /* of data: room when writing, content when reading */
	size_t pos;
	bool bad; /* once set, every later put and get does nothing */
};

static inline struct wire wire_over(void *data, size_t size)
{
	return (struct wire){ .data = data, .size = size };
}

void wire_put_u8(struct wire *w, uint8_t value);
void wire_put_u32(struct wire *w, uint32_t value);
void wire_put_u64(struct wire *w, uint64_t value);
void wire_put_i32(struct wire *w, int32_t value);
/* NULL is written like "". */
void wire_put_str(struct wire *w, const char *text, size_t max);

/* The same without its NUL: a 32-bit length and any bytes. */
void wire_put_bytes(struct wire *w, const void *data, size_t size);

/* A failed get returns 0 or "" and sets bad. Strings and bytes point into the buffer. */
uint8_t wire_get_u8(struct wire *w);
uint32_t wire_get_u32(struct wire *w);
uint64_t wire_get_u64(struct wire *w);
int32_t wire_get_i32(struct wire *w);
const char *wire_get_str(struct wire *w, size_t max);
const uint8_t *wire_get_bytes(struct wire *w, size_t max, uint32_t *ret_size);

/* True if everything was read, nothing is left over and no get failed. */
static inline bool wire_done(const struct wire *w)
{
	return !w->bad && w->pos == w->size;
}

#endif
