/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an idle session costs that has read one file, with one lens: memory that is no one else's.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include <stdio.h>

#include "bench.h"
#include "scene.h"

#define BOUND_DAEMON_KIB 2048
#define BOUND_ENGINE_KIB 8192

enum { ENTRIES = 10 };

static long private_kib(pid_t pid)
{
	char path[64], line[256];
	long value, total = 0;
	scoped_file *file = NULL;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "re");
	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Clean: %ld", &value) == 1 ||
		    sscanf(line, "Private_Dirty: %ld", &value) == 1)
			total += value;
	return total;
}

static void add_row(struct bench *bench, const char *what, pid_t pid, double limit)
{
	struct row row = { .section = "memory",
			   .ours = (double)private_kib(pid),
			   .unit = UNIT_KIB,
			   .bound = BOUND_VALUE,
			   .limit = limit,
			   .summary = true };

	snprintf(row.what, sizeof(row.what), "%s", what);
	table_add(&bench->table, &row);
}

void bench_memory(struct bench *bench)
{
	struct scene scene = scene_begin(bench->policy, ENTRIES, true, false);

	add_row(bench, "private memory of exmachinad", scene.server.pid, BOUND_DAEMON_KIB);
	add_row(bench, "private memory of the engine, one lens", server_engine(&scene.server),
		BOUND_ENGINE_KIB);
	scene_end(&scene);
}
