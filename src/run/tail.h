/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUN_TAIL_H
#define EXM_RUN_TAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/message.h"

/* The end of what was printed, however much that is. Begins as { 0 }. */
struct tail {
	char data[2 * MESSAGE_LOG_MAX];
	size_t used;
	bool cut; /* there was more */
};

void tail_add(struct tail *tail, const char *data, size_t size);

/*
 * The last MESSAGE_LOG_MAX bytes at most as a string in UTF-8, with '?' for what
 * is not. If there was more, it begins with a whole line where one begins.
 */
void tail_text(const struct tail *tail, char text[static MESSAGE_LOG_MAX + 1]);

#endif
