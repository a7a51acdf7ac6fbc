/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the verification of a commit costs: the same commits of the same file with it and without it
 * (Verify=no), in turn. Beside it, how long libaugeas takes to parse the file.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "common/memfd.h"
#include "config.h"
#include "scene.h"
#include "verify/verify.h"

/* What verification may add to the commit of a file of 100 lines. */
#define BOUND_ADDED_US 10000.0
/* And to that of a large file, in times of its parse; and how that may grow with the file. */
#define BOUND_PARSES 4.0
#define BOUND_EXPONENT 1.1
#define SECONDS 6.0

enum { PAIRS = 41, ENTRIES = 100, SMALL = 1000, LARGE = 10000 };

/* ---- by itself ------------------------------------------------------------------------- */

/* Of a file of which one value changes, in the middle. */
struct texts {
	char *before, *after;
};

static struct texts make_texts(int entries)
{
	size_t size;
	struct texts texts = { hosts_text(entries, &size), hosts_text(entries, &size) };
	char *at = texts.after;

	for (int line = 0; line < entries / 2; line++)
		at = strchr(at, '\n') + 1;
	*strchr(at, 'h') = 'x';
	return texts;
}

static void free_texts(struct texts *texts)
{
	free(texts->before);
	free(texts->after);
}

/* The text, parsed by libaugeas. */
static double parse_us(void *data)
{
	const struct texts *texts = data;
	augeas *aug = aug_init("/", LENS_PATH, AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD);
	double begin;

	/* the lens is compiled for an empty text */
	if (!aug || aug_set(aug, "/text", "\n") < 0 ||
	    aug_text_store(aug, "Hosts.lns", "/text", "/tree") < 0 ||
	    aug_set(aug, "/text", texts->before) < 0)
		die("libaugeas");
	begin = cpu_us();
	if (aug_text_store(aug, "Hosts.lns", "/text", "/tree") < 0)
		die("parse");
	begin = cpu_us() - begin;
	aug_close(aug);
	return begin;
}

/* What exmachina-verify does between the two texts and its end. */
static double verify_us(void *data)
{
	const struct texts *texts = data;
	struct verification verification = { 0 };
	int old = memfd_of("old", texts->before, strlen(texts->before));
	int new = memfd_of("new", texts->after, strlen(texts->after)), list = memfd_new("list");
	double begin;

	if (old < 0 || new < 0 || list < 0 ||
	    verify_prepare(&verification, "Hosts.lns", LENS_PATH) < 0)
		die("verification");
	begin = cpu_us();
	verify_read_before(&verification, old);
	if (verify_run(&verification, new, list) != VERIFY_DONE)
		die("verification");
	begin = cpu_us() - begin;
	verification_clear(&verification);
	close(old);
	close(new);
	close(list);
	return begin;
}

static struct pair measure_entries(int entries, size_t pairs)
{
	struct texts texts = make_texts(entries);
	const struct side ours = { verify_us, &texts, 1 }, peer = { parse_us, &texts, 1 };
	struct pair pair = measure_pair(&ours, &peer, pairs, SECONDS);

	free_texts(&texts);
	return pair;
}

static void measure_growth(struct bench *bench)
{
	const struct pair small = measure_entries(SMALL, 11), large = measure_entries(LARGE, 5);
	struct row row = {
		.section = "verify",
		.what = "verification, 10000 entries",
		.peer = "libaugeas parses the file once",
		.bound = BOUND_RATIO,
		.limit = BOUND_PARSES,
	};

	table_add_pair(&bench->table, row, &large);
	table_add(&bench->table,
		  &(struct row){ .section = "verify",
				 .what = "exponent of that, from 1000",
				 .ours = log(large.ours / small.ours) / log((double)LARGE / SMALL),
				 .unit = UNIT_PLAIN,
				 .bound = BOUND_VALUE,
				 .limit = BOUND_EXPONENT });
}

/* ---- in a commit ------------------------------------------------------------------------ */

static void measure_commit(struct bench *bench)
{
	struct scene with = scene_begin(bench->policy, ENTRIES, true, false), without;
	const struct side ours = { scene_change, &with, 1 };
	const struct side peer = { scene_change, &without, 1 };
	struct row row = { .section = "verify",
			   .what = "commit of one value, 100 entries",
			   .peer = "the same with Verify=no" };
	struct pair pair;

	with.pause = true;
	without = with;
	/* another root, so that neither changes the other one's file */
	hosts_write(SCENE_PEER_ROOT, ENTRIES);
	without.server = server_start(bench->unverified, SCENE_PEER_ROOT);
	pair = measure_pair(&ours, &peer, PAIRS, SECONDS);
	table_add_pair(&bench->table, row, &pair);
	table_add(&bench->table, &(struct row){ .section = "verify",
						.what = "added by the verification",
						.ours = pair.peer * (pair.ratio - 1),
						.bound = BOUND_VALUE,
						.limit = BOUND_ADDED_US });
	scene_end(&with);
	scene_end(&without);
}

void bench_verification(struct bench *bench)
{
	measure_commit(bench);
	measure_growth(bench);
}
