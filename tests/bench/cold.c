/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it takes to have one value of a file that nobody has read yet, beside what else one would
 * start for that.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include "cold.h"

#include <math.h>
#include <stdio.h>

#include "bench.h"
#include "process.h"
#include "scene.h"

#define NODE HOSTS_NODE "/1/ipaddr"
#define GET "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"augeas.get\",\"params\":[\"" NODE "\"]}\n"
#define BOUND_FASTER_THAN_AUGTOOL 60
#define BOUND_START_US 12000.0
#define BOUND_SECOND 1.1
#define SECONDS 8.0

enum { PAIRS = 31 };

/* From exec to the first answer. */
double cold_get(void *data)
{
	const struct scene *scene = data;
	double begin = now_us(), answered;
	struct server server = server_start(scene->policy, "/");

	answered = ask_us(server.fd, GET);
	if (!isnan(answered))
		answered = now_us() - begin;
	server_stop(&server);
	return answered;
}

/* While another one has its session. */
static double cold_second_get(void *data)
{
	const struct scene *scene = data;
	struct server first = server_start(scene->policy, "/");
	double second;

	(void)ask_us(first.fd, GET);
	second = cold_get(data);
	server_stop(&first);
	return second;
}

double cold_augtool(void *data)
{
	struct program augtool = { .words = { "augtool", "get", NODE } };

	(void)data;
	return program_us(&augtool);
}

/* As augtool does it when it is told what is wanted. */
static double cold_augtool_one_lens(void *data)
{
	struct program augtool = { .words = { "augtool", "--noautoload", "--transform",
					      "Hosts.lns incl " HOSTS, "get", NODE } };

	(void)data;
	return program_us(&augtool);
}

static double cold_python(void *data)
{
	struct program python = { .words = { "/usr/bin/python3", "-c",
					     "import augeas; augeas.Augeas().get('" NODE "')" } };

	(void)data;
	return program_us(&python);
}

static double cold_in_process(void *data)
{
	double begin = now_us();
	augeas *aug = aug_init("/", NULL, AUG_NONE);
	const char *value;

	(void)data;
	if (!aug || aug_get(aug, NODE, &value) != 1)
		die("libaugeas");
	begin = now_us() - begin;
	aug_close(aug);
	return begin;
}

/* No slower, but for noise. */
static void second_session(struct bench *bench, struct scene *scene, const struct side *first)
{
	const struct side second = { cold_second_get, scene, 1 };
	struct pair pair = measure_pair(&second, first, PAIRS, SECONDS);

	table_add_pair(&bench->table,
		       (struct row){ .section = "cold",
				     .what = "the same of a second session",
				     .peer = "of the first",
				     .bound = BOUND_RATIO,
				     .limit = BOUND_SECOND,
				     .summary = true },
		       &pair);
}

void bench_cold(struct bench *bench)
{
	static const struct {
		const char *name;
		measure *measure;
		double faster;
	} peers[] = {
		{ "augtool get", cold_augtool, BOUND_FASTER_THAN_AUGTOOL },
		{ "augtool get, told the lens", cold_augtool_one_lens, 0 },
		{ "python3-augeas", cold_python, 0 },
		{ "libaugeas in process, from aug_init", cold_in_process, 0 },
	};
	struct scene scene = { .policy = bench->policy };
	const struct side ours = { cold_get, &scene, 1 };
	struct pair pair = measure_pair(&ours, NULL, PAIRS, SECONDS);

	table_add_pair(&bench->table,
		       (struct row){ .section = "cold",
				     .what = "from exec to the first answer",
				     .bound = BOUND_VALUE,
				     .limit = BOUND_START_US,
				     .summary = true },
		       &pair);
	second_session(bench, &scene, &ours);
	for (size_t i = 0; i < ARRAY_SIZE(peers); i++) {
		const struct side peer = { peers[i].measure, NULL, 1 };
		struct row row = { .section = "cold",
				   .what = "cold get of one node",
				   .bound = peers[i].faster > 0 ? BOUND_FASTER : BOUND_NONE,
				   .limit = peers[i].faster,
				   .summary = true };

		progress("cold get beside %s", peers[i].name);
		pair = measure_pair(&ours, &peer, PAIRS, SECONDS);
		snprintf(row.peer, sizeof(row.peer), "%s", peers[i].name);
		table_add_pair(&bench->table, row, &pair);
	}
}
