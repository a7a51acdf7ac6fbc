/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_TABLE_H
#define EXM_BENCH_TABLE_H

/* What was measured, beside what was asked for. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness.h"

enum unit {
	UNIT_TIME, /* microseconds; written as is fit */
	UNIT_RATE, /* a second */
	UNIT_KIB,
	UNIT_PLAIN,
};

enum bound_kind {
	BOUND_NONE,
	BOUND_VALUE,  /* ours is that much at most; at least, if it is a rate */
	BOUND_RATIO,  /* ours takes that many times as long as the peer, at most */
	BOUND_FASTER, /* ours is that many times faster than the peer, at least */
};

enum { TEXT_SIZE = 96, ROWS_MAX = 128 };

struct row {
	const char *section;
	char what[TEXT_SIZE];
	double ours; /* NAN: it could not be measured */
	enum unit unit;
	char peer[TEXT_SIZE]; /* "" if there is none */
	double peers;
	double ratio; /* of times: ours divided by the peer's. 0 or NAN: there is none */
	size_t count; /* how often it was measured */
	enum bound_kind bound;
	double limit;
	char asked[TEXT_SIZE]; /* the bound in words; "" for the usual ones */
	bool summary;          /* is it one of the numbers that the README shows? */
	bool guessed;          /* the peer's number was not measured: it is extrapolated */
};

struct table {
	struct row rows[ROWS_MAX];
	size_t count;
};

/* Adds it, and prints it. */
void table_add(struct table *table, const struct row *row);

/* The same of a pair. */
void table_add_pair(struct table *table, struct row row, const struct pair *pair);

enum verdict {
	VERDICT_NONE, /* nothing is asked */
	VERDICT_WITHIN,
	VERDICT_OVER,
	VERDICT_UNKNOWN,
};
enum verdict row_verdict(const struct row *row);
const char *verdict_name(enum verdict verdict);

/* "3.1 ms". All write TEXT_SIZE bytes at most. */
void value_text(char *text, double value, enum unit unit);
void ratio_text(char *text, const struct row *row);
void bound_text(char *text, const struct row *row);

#endif
