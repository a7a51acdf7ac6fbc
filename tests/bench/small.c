/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a commit of a small file costs where nothing waits for a disk: of an edit that was made a
 * moment before, and of one behind the other.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include "bench.h"
#include "scene.h"

#define BOUND_US 12000.0
#define SECONDS 6.0

enum { PAIRS = 41, LINES = 50 };

void bench_small(struct bench *bench)
{
	struct scene scene = scene_begin(bench->policy, LINES, true, true);
	const struct side ours = { scene_change, &scene, 1 };
	const struct side peer = { scene_peer_change, &scene, 1 };
	struct row row = { .section = "small",
			   .what = "change and commit, 50 lines, in memory",
			   .peer = "aug_set, aug_save",
			   .bound = BOUND_VALUE,
			   .limit = BOUND_US,
			   .summary = true };
	struct pair pair;

	scene.pause = true;
	pair = measure_pair(&ours, &peer, PAIRS, SECONDS);
	table_add_pair(&bench->table, row, &pair);
	scene.pause = false;
	pair = measure_pair(&ours, NULL, PAIRS, SECONDS);
	table_add_pair(&bench->table,
		       (struct row){ .section = "small", .what = "the same, one behind the other" },
		       &pair);
	scene_end(&scene);
}
