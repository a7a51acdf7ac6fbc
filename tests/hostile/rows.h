/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HOSTILE_ROWS_H
#define EXM_HOSTILE_ROWS_H

#include "common/report.h"

#include "odd.h"

enum { ROW_NAME_SIZE = 128 };

struct row_case {
	struct change change;
	struct change_row row;
	const char *outcome; /* of a commit, by the policy of tests/system/test_verifier.py */
	char name[ROW_NAME_SIZE];
};

/* What may be: /1/alias gets the value "new". */
extern const struct change_row right_row;

/* The right row, where nothing is changed. */
static inline struct row_case right_case(void)
{
	return (struct row_case){ .row = right_row, .change = { .which = SIZE_MAX } };
}

/* Writes one row, with what is malformed of it. */
void row_put(const struct change_row *m, struct change *change, struct wire *w);

/* Visits all odd rows, until it returns true. */
bool each_row(bool (*visit)(struct row_case *c, const void *data), const void *data);

#endif
