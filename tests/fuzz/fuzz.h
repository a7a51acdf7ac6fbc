/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_FUZZ_H
#define EXM_FUZZ_H

/*
 * Each NAME.c here has one LLVMFuzzerTestOneInput(). It is linked with libFuzzer, which
 * makes up inputs, or with replay.c, which takes those of corpus/NAME.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must be true whatever the input was. It holds in every build, unlike assert(3). */
#define expect(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/*
 * The bytes in a block of their own, so that the sanitizer sees each byte that is read too
 * far; and the same with a NUL behind them.
 */
static inline void *fuzz_bytes(const uint8_t *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	expect(copy);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);

	expect(copy);
	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

#endif
