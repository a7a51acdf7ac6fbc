/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a record of the audit trail costs the server, to the file and to the
 * journal, and to the journal alone; and what it costs to look that there is
 * room for it. Runs as root inside the sandbox.
 *
 * usage: audit STATE-DIRECTORY
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "monitor/audit/audit.h"
#include "monitor/state.h"
#include "peer.h"

enum { RECORDS = 2000 };

/* Well under a millisecond, and under it also for a commit with the longest list. */
#define BOUND_RECORD_US 250.0
#define BOUND_LARGE_US 1000.0

static double record_us(struct audit *audit, const struct audit_event *event)
{
	static double times[RECORDS];

	for (size_t i = 0; i < RECORDS; i++) {
		double begin = now_us();

		audit_record(audit, event);
		times[i] = now_us() - begin;
	}
	return median(times, RECORDS);
}

static double ready_us(struct audit *audit)
{
	static double times[RECORDS];

	for (size_t i = 0; i < RECORDS; i++) {
		double begin = now_us();

		if (audit_ready(audit, 0) < 0)
			die("audit_ready");
		times[i] = now_us() - begin;
	}
	return median(times, RECORDS);
}

int main(int argc, char **argv)
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
	struct audit *file, *journal;
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), state = -1;
	double both, alone, large, ready;

	if (argc != 2) {
		fprintf(stderr, "usage: audit STATE-DIRECTORY\n");
		return 2;
	}
	state = state_open(root, argv[1]);
	if (state < 0 || audit_new(state, true, &file) < 0 || audit_new(-1, false, &journal) < 0)
		die(argv[1]);
	memset(text, 'x', sizeof(text));
	both = record_us(file, &event);
	alone = record_us(journal, &event);
	event.changes = &changes;
	large = record_us(file, &event);
	ready = ready_us(file);
	printf("audit  a record, p50                     %9.1f us   bound %.0f: %s\n", both,
	       BOUND_RECORD_US, both <= BOUND_RECORD_US ? "within" : "OVER");
	printf("       the same to the journal alone     %9.1f us\n", alone);
	printf("       with 32 KiB of changes            %9.1f us   bound %.0f: %s\n", large,
	       BOUND_LARGE_US, large <= BOUND_LARGE_US ? "within" : "OVER");
	printf("       to look for room                  %9.1f us\n", ready);
	audit_free(file);
	audit_free(journal);
	return both <= BOUND_RECORD_US && large <= BOUND_LARGE_US ? 0 : 1;
}
