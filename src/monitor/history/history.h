/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HISTORY_H
#define EXM_HISTORY_H

#include "monitor/history/revision.h"

/* The commits that were done, in the directory "history" of the state directory, by number. */

/* What is kept: the newest ones, as long as all of these allow. */
struct history_limits {
	uint32_t count;
	uint64_t seconds;
	uint64_t bytes;
};

/* The number that the next one has: one more than the last, at least 1. 0 or -errno. */
int history_next(int state_fd, uint32_t *ret_number) must_check;

/* A file of the state directory becomes the entry of that number. 0 or -errno. */
int history_add(int state_fd, const char *name, uint32_t number) must_check;

/* The numbers that there are, ascending, in a new list. 0 or -errno. */
int history_list(int state_fd, uint32_t **ret_numbers, size_t *ret_count) must_check;

/* For reading. A descriptor; -ENOENT if there is none of that number (any more); or -errno. */
int history_open(int state_fd, uint32_t number) must_check;

/* Removes the oldest, but never `kept` and those after it. 0 or -errno. */
int history_prune(int state_fd, const struct history_limits *limits, uint32_t kept) must_check;

#endif
