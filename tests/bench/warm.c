/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one call costs once everything is there, with both ends on one core: beside a server that
 * does nothing, and beside no server at all.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "reads.h"
#include "scene.h"

#define BOUND_ECHO 2.0
#define SECONDS 4.0

enum { PAIRS = 15, ROUND = 2000, ENTRIES = 10 };

/* An expression that was never read before, so that Augeas has to parse it. */
static double another_get(void *data)
{
	struct scene *scene = data;
	char request[256];

	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"augeas.get\","
		 "\"params\":[\"" HOSTS_NODE "/%d/canonical[. != '%06d']\"]}\n",
		 scene->entries / 2, scene->round++);
	return ask_us(scene->server.fd, request);
}

static struct row row_of(const char *what, const char *peer)
{
	struct row row = { .section = "warm" };

	snprintf(row.what, sizeof(row.what), "%s", what);
	snprintf(row.peer, sizeof(row.peer), "%s", peer);
	return row;
}

static void beside_echo(struct bench *bench, const struct side *get)
{
	const struct scene *scene = get->data;
	struct question question = { .fd = -1 };
	const struct side peer = { question_us, &question, ROUND };
	char answer[LINE];
	struct server echo;
	struct row row = row_of("warm get of one node, p50", "bare echo over a socketpair");
	struct pair pair;

	/* as many bytes there and back */
	snprintf(question.request, sizeof(question.request),
		 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"augeas.get\",\"params\":[\"" HOSTS_NODE
		 "/%d/canonical\"]}\n",
		 scene->entries / 2);
	echo = echo_start(exchange(scene->server.fd, question.request, answer));
	question.fd = echo.fd;
	pair = measure_pair(get, &peer, PAIRS, SECONDS);
	server_stop(&echo);
	row.bound = BOUND_RATIO;
	row.limit = BOUND_ECHO;
	row.summary = true;
	table_add_pair(&bench->table, row, &pair);
}

void bench_warm(struct bench *bench)
{
	cpu_set_t cores = pin_to_one_core();
	struct scene scene = scene_begin(bench->policy, ENTRIES, true, true);
	const struct side get = { reads_get, &scene, ROUND };
	const struct side direct = { reads_aug_get, &scene, ROUND };
	const struct side another = { another_get, &scene, ROUND };
	struct pair pair;

	beside_echo(bench, &get);
	pair = measure_pair(&get, &direct, PAIRS, SECONDS);
	table_add_pair(&bench->table, row_of("warm get of one node, p50", "aug_get in process"),
		       &pair);
	pair = measure_pair(&another, &get, PAIRS, SECONDS);
	table_add_pair(&bench->table, row_of("another expression each time", "the same one again"),
		       &pair);
	scene_end(&scene);
	pin_to(&cores);
}
