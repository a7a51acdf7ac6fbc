/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * augtool(1) over a session beside augtool with Augeas's own library: dropin.py measures whole
 * processes over the files that Debian has made, and what it prints becomes rows.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define BOUND_GET_FASTER 15.0
#define BOUND_PRINT_RATIO 1.5

/* In the order in which dropin.py prints them. */
static const struct row rows[] = {
	{ .what = "augtool get, in a session", .bound = BOUND_FASTER, .limit = BOUND_GET_FASTER },
	{ .what = "augtool get, with a server's start" },
	{ .what = "augtool print, with a server's start",
	  .bound = BOUND_RATIO,
	  .limit = BOUND_PRINT_RATIO },
	{ .what = "augtool print, in a session" },
};

void bench_dropin(struct bench *bench)
{
	char command[PATH_MAX], line[128];
	FILE *output;

	snprintf(command, sizeof(command), "/usr/bin/python3 '%s/dropin.py' %s", bench->scripts,
		 bench->quick ? "2 1" : "9 3");
	output = popen(command, "re");
	if (!output)
		die("dropin.py");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pair pair;
		struct row row = rows[i];

		if (!fgets(line, sizeof(line), output) ||
		    sscanf(line, "%lf %lf %lf %zu", &pair.ours, &pair.peer, &pair.ratio,
			   &pair.count) != 4)
			die("dropin.py");
		row.section = "dropin";
		snprintf(row.peer, sizeof(row.peer), "augtool with libaugeas");
		table_add_pair(&bench->table, row, &pair);
	}
	if (pclose(output) != 0)
		die("dropin.py");
}
