/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same work on files of several sizes, ours and Augeas's in turn. Nothing is done that would
 * take longer than the limit, by what the sizes before took: then Augeas's time is extrapolated,
 * and ours is not there.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "cold.h"
#include "gets.h"
#include "reads.h"
#include "scene.h"

#define BOUND_EXPONENT 1.1
#define MATCH_FASTER 100
#define EDIT_FASTER 15
#define LARGE_EDIT_FASTER 80
#define PAIR_SECONDS 2.0

enum { PAIRS = 15, COMPARED = 10000, LARGEST = 50000, FEW = 7 };

/* How many times faster than Augeas it is to be, at which size. */
struct asked {
	int entries;
	double faster;
};

struct work {
	const char *name, *peer_name;
	measure *ours, *peer; /* of a struct scene */
	bool at_root;         /* of the sandbox itself; they start by themselves what they need */
	bool one_core, plotted;
	size_t turns; /* how often in a row, unless that takes too long */
	struct asked asked[2];
};

static const struct work works[] = {
	{ .name = "cold get",
	  .peer_name = "augtool get",
	  .ours = cold_get,
	  .peer = cold_augtool,
	  .at_root = true,
	  .plotted = true,
	  .turns = 1 },
	{ .name = "warm get",
	  .peer_name = "aug_get, in process",
	  .ours = reads_get,
	  .peer = reads_aug_get,
	  .one_core = true,
	  .plotted = true,
	  .turns = 500 },
	{ .name = "1000 gets in a batch",
	  .peer_name = "the same, in process and json-c",
	  .ours = gets_spread,
	  .peer = gets_in_process,
	  .one_core = true,
	  .turns = 1 },
	{ .name = "match //*",
	  .peer_name = "aug_match",
	  .ours = reads_match,
	  .peer = reads_aug_match,
	  .plotted = true,
	  .turns = FEW,
	  .asked = { { COMPARED, MATCH_FASTER } } },
	{ .name = "print",
	  .peer_name = "aug_print",
	  .ours = reads_print,
	  .peer = reads_aug_print,
	  .plotted = true,
	  .turns = FEW },
	{ .name = "dump",
	  .peer_name = "aug_to_xml",
	  .ours = reads_dump,
	  .peer = reads_aug_to_xml,
	  .turns = FEW },
	{ .name = "change one value and commit",
	  .peer_name = "aug_set, aug_save",
	  .ours = scene_change,
	  .peer = scene_peer_change,
	  .plotted = true,
	  .turns = FEW,
	  .asked = { { COMPARED, EDIT_FASTER }, { LARGEST, LARGE_EDIT_FASTER } } },
	{ .name = "append an entry and commit",
	  .peer_name = "aug_set twice, aug_save",
	  .ours = scene_append,
	  .peer = scene_peer_append,
	  .plotted = true,
	  .turns = FEW,
	  .asked = { { COMPARED, EDIT_FASTER } } },
};

/* ---- one size ---------------------------------------------------------------------------- */

static const struct asked *asked_at(const struct work *work, int entries)
{
	for (size_t i = 0; i < ARRAY_SIZE(work->asked); i++)
		if (work->asked[i].entries == entries)
			return &work->asked[i];
	return NULL;
}

static bool too_long(const double *times, size_t size, double limit)
{
	/* where the one before is missing there is nothing to go by, but it was too long already */
	return (size > 0 && isnan(times[size - 1])) || growth_guess(times, size) > limit * 1e6;
}

/* A number that is asked for is worth a longer wait. */
static double patience_at(const struct work *work, int entries)
{
	return asked_at(work, entries) ? 12 : 1;
}

/* As many as fit into the time of a pair, by the guess; one at least. */
static size_t turns_of(const struct work *work, const double *times, size_t size)
{
	double fit = PAIR_SECONDS * 1e6 / growth_guess(times, size);

	if (isnan(fit) || fit > (double)work->turns)
		return work->turns;
	return fit < 1 ? 1 : (size_t)fit;
}

/* One side only is there for the other's sake: its own number counts as well. */
static struct pair measure_sides(const struct side *ours, const struct side *peer, double seconds)
{
	struct pair pair;

	if (ours)
		return measure_pair(ours, peer, PAIRS, seconds);
	pair = measure_pair(peer, NULL, 1, seconds);
	return (struct pair){ NAN, pair.ours, NAN, pair.count };
}

static struct pair measure_at(const struct bench *bench, const struct work *work,
			      const struct growth *growth, size_t size)
{
	int entries = growth_entries(size);
	double patience = patience_at(work, entries);
	bool ours = !too_long(growth->ours, size, bench->limit * patience);
	bool peer = !too_long(growth->peers, size, bench->limit * patience);
	struct scene scene = { .policy = bench->policy, .entries = entries, .server.fd = -1 };
	const struct side our_side = { work->ours, &scene, turns_of(work, growth->ours, size) };
	const struct side peer_side = { work->peer, &scene, turns_of(work, growth->peers, size) };
	struct pair pair = { NAN, NAN, NAN, 0 };

	progress("%s, %d entries%s%s", work->name, entries, ours ? "" : ", ours would be too slow",
		 peer ? "" : ", Augeas would be too slow");
	if (!ours && !peer)
		return pair;
	if (work->at_root)
		hosts_write("/", entries);
	else
		scene = scene_begin(bench->policy, entries, ours, peer);
	pair = measure_sides(ours ? &our_side : NULL, peer ? &peer_side : NULL,
			     PAIR_SECONDS * patience);
	scene_end(&scene);
	return pair;
}

static void add_size_row(struct bench *bench, const struct work *work, const struct growth *growth,
			 size_t size, const struct pair *pair)
{
	const struct asked *asked = asked_at(work, growth_entries(size));
	struct row row = {
		.section = "growth",
		.ours = growth->ours[size],
		.peers = growth->peers[size],
		.guessed = growth->guessed[size],
		.ratio =
			isnan(pair->ratio) ? growth->ours[size] / growth->peers[size] : pair->ratio,
		.count = pair->count,
		.bound = asked ? BOUND_FASTER : BOUND_NONE,
		.limit = asked ? asked->faster : 0,
		.summary = asked,
	};

	snprintf(row.what, sizeof(row.what), "%s, %d entries", work->name, growth_entries(size));
	snprintf(row.peer, sizeof(row.peer), "%s", work->peer_name);
	table_add(&bench->table, &row);
}

/* ---- one kind of work ----------------------------------------------------------------------- */

static void add_exponent_row(struct bench *bench, const struct growth *growth, size_t sizes)
{
	int largest, peers_largest;
	struct row row = {
		.section = "growth",
		.ours = growth_exponent(growth->ours, NULL, &largest),
		.unit = UNIT_PLAIN,
		.peers = growth_exponent(growth->peers, growth->guessed, &peers_largest),
		.bound = BOUND_VALUE,
		.limit = BOUND_EXPONENT,
		.summary = true,
	};

	if (sizes < SIZES_MAX)
		return;
	/* what could not be measured at the largest size has not grown as it should */
	if (largest < growth_entries(SIZES_MAX - 1))
		row.ours = NAN;
	snprintf(row.what, sizeof(row.what), "exponent of %s", growth->work);
	if (!isnan(row.peers))
		snprintf(row.peer, sizeof(row.peer), "%.64s (to %d)", growth->peer, peers_largest);
	table_add(&bench->table, &row);
}

static void grow(struct bench *bench, const struct work *work, size_t sizes)
{
	struct growth *growth = &bench->growth[bench->grown++];
	struct pair pairs[SIZES_MAX] = { 0 };

	*growth = growth_new(work->name, work->peer_name, work->plotted);
	for (size_t i = 0; i < sizes; i++) {
		pairs[i] = measure_at(bench, work, growth, i);
		growth->ours[i] = pairs[i].ours;
		growth->peers[i] = pairs[i].peer;
	}
	growth_extrapolate(growth, sizes);
	for (size_t i = 0; i < sizes; i++)
		add_size_row(bench, work, growth, i, &pairs[i]);
	add_exponent_row(bench, growth, sizes);
}

void bench_growth(struct bench *bench)
{
	size_t sizes = bench->quick ? 2 : SIZES_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(works); i++) {
		cpu_set_t cores;

		if (works[i].one_core)
			cores = pin_to_one_core();
		grow(bench, &works[i], sizes);
		if (works[i].one_core)
			pin_to(&cores);
	}
}
