/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_BENCH_H
#define EXM_BENCH_BENCH_H

/* One run: what it is given, and what comes of it. */

#include <stdbool.h>
#include <stddef.h>

#include "growth.h"
#include "table.h"

struct bench {
	const char *policy;     /* directories: /etc/hosts is free, and the unit */
	const char *unverified; /* the same with Verify=no */
	const char *unit;       /* of systemd; it runs */
	const char *disk;       /* an empty directory on a disk */
	const char *scripts;    /* where the pieces are that are no C */
	const char *out;        /* where plot and summary are written */
	const char *only;       /* the one section that is run, or NULL: all */
	bool quick;             /* only the small sizes */
	double limit;           /* seconds that one thing may take before its series ends; where
				 a number is asked for it may take longer */
	struct table table;
	struct growth growth[GROWTH_MAX];
	size_t grown;
};

/* The sections, in the order in which they are run; each adds its rows. */
void bench_dropin(struct bench *bench);
void bench_cold(struct bench *bench);
void bench_warm(struct bench *bench);
void bench_gets(struct bench *bench);
void bench_memory(struct bench *bench);
void bench_growth(struct bench *bench);
void bench_small(struct bench *bench);
void bench_verification(struct bench *bench);
void bench_durable(struct bench *bench);
void bench_audit(struct bench *bench);
void bench_service(struct bench *bench);

#endif
