/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a record of the audit trail costs the server, to the file and to the journal, and to the
 * journal alone; and what it costs to look that there is room for it.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "monitor/audit/audit.h"
#include "monitor/state.h"

#define STATE "/var/lib/exmachina-bench"

/* Well under a millisecond, and under it also for a commit with the longest list. */
#define BOUND_RECORD_US 250.0
#define BOUND_LARGE_US 1000.0

enum { RECORDS = 2000 };

struct trail {
	struct audit *audit;
	const struct audit_event *event;
};

static double record_us(void *data)
{
	const struct trail *trail = data;
	double begin = now_us();

	audit_record(trail->audit, trail->event);
	return now_us() - begin;
}

static double ready_us(void *data)
{
	const struct trail *trail = data;
	double begin = now_us();

	if (audit_ready(trail->audit, 0) < 0)
		die("audit_ready");
	return now_us() - begin;
}

static void add_row(struct bench *bench, measure *function, struct trail *trail, const char *what,
		    double limit)
{
	const struct side side = { function, trail, RECORDS };
	struct pair pair = measure_pair(&side, NULL, 1, 1);
	struct row row = { .section = "audit",
			   .bound = limit > 0 ? BOUND_VALUE : BOUND_NONE,
			   .limit = limit };

	pair.count = RECORDS;
	snprintf(row.what, sizeof(row.what), "%s", what);
	table_add_pair(&bench->table, row, &pair);
}

static void measure_trails(struct bench *bench, struct audit *file, struct audit *journal)
{
	static char text[AUDIT_CHANGES_SIZE];
	struct audit_changes changes = { .text = text, .length = sizeof(text), .count = 1000 };
	struct client client = client_new("panel");
	struct audit_event event = {
		.client = &client,
		.method = "service.restart",
		.subject = "ssh.service",
		.rule = "[Service ssh.service]",
		.result = AUDIT_DONE,
		.usec = 50000,
	};
	struct trail both = { file, &event }, alone = { journal, &event };

	memset(text, 'x', sizeof(text));
	add_row(bench, record_us, &both, "a record", BOUND_RECORD_US);
	add_row(bench, record_us, &alone, "the same to the journal alone", 0);
	event.changes = &changes;
	add_row(bench, record_us, &both, "with 32 KiB of changes", BOUND_LARGE_US);
	add_row(bench, ready_us, &both, "to look for room", 0);
}

void bench_audit(struct bench *bench)
{
	struct audit *file, *journal;
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), state = -1;

	state = state_open(root, STATE);
	if (state < 0 || audit_new(state, true, &file) < 0 || audit_new(-1, false, &journal) < 0)
		die(STATE);
	measure_trails(bench, file, journal);
	audit_free(file);
	audit_free(journal);
}
