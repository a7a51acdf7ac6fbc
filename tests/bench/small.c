/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a commit of a small file costs where nothing waits for a disk: with the moment that who
 * edits by hand makes before it, and without.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include <stdio.h>

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
			   .what = "commit 50 ms after the edit, 50 lines",
			   .peer = "aug_set, aug_save",
			   .bound = BOUND_VALUE,
			   .limit = BOUND_US,
			   .summary = true };
	struct pair pair;

	scene.pause = true;
	pair = measure_pair(&ours, &peer, PAIRS, SECONDS);
	table_add_pair(&bench->table, row, &pair);
	scene.pause = false;
	snprintf(row.what, sizeof(row.what), "commit right behind the edit, 50 lines");
	pair = measure_pair(&ours, &peer, PAIRS, SECONDS);
	table_add_pair(&bench->table, row, &pair);
	scene_end(&scene);
}
