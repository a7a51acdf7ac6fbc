/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_UNIT_LOG_H
#define EXM_UNIT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

enum { UNIT_LOG_LINES = 20 };

/* What process 1 has said of a unit, behind which not much is missing. */
enum { UNIT_LOG_JOB_ENDED = 1u << 0, UNIT_LOG_UNIT_FAILED = 1u << 1 };

/*
 * The last lines that the journal below root_fd has of the unit since `since`
 * (CLOCK_MONOTONIC, microseconds): what it printed and what process 1 said of
 * it, oldest first, each ended by a newline. It is UTF-8 and fits into `size`
 * (at least 256 bytes a line), the NUL included; where it would not, the ends of
 * long lines are left out, never a line. ret_said: which of the above are in it. Returns the
 * number of lines, or -errno (-ENOENT: there is no journal).
 */
int unit_log_read(int root_fd, const char *unit, uint64_t since, char *text, size_t size,
		  unsigned int *ret_said) must_check;

/*
 * The last lines that the journal has of the unit, oldest first, or with a cursor
 * (else "") the first ones after it. Returns the sealed report of lines, with the cursor
 * after the last of them as its trailer, or -errno (-ENOENT: there is no
 * journal). It has fewer lines than there are, but some dozens at least, if reading them takes
 * long; what is missing comes after the cursor then.
 */
int unit_log_lines(int root_fd, const char *unit, uint32_t lines, const char *cursor) must_check;

/* Has the text the form of a cursor of unit_log_lines()? Others must not be handed to it. */
bool unit_log_cursor_valid(const char *cursor);

#endif
