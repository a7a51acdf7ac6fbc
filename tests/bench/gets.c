/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one of many gets costs when no answer is waited for before the next request: as lines one
 * after the other, as a batch of the protocol, and by the library, which makes and reads them.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include "gets.h"

#include <errno.h>
#include <json.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"
#include "exmachina.h"
#include "scene.h"

#define ASKED_RATE 80000.0
#define ASKED_RATIO 1.5
#define ASKED "80000 a second or 1.5 times as long"
#define BOUND_LIBRARY_US 15.0
#define SECONDS 3.0

enum { GETS = 1000, PAIRS = 31, ENTRIES = 250 };

/* ---- the requests -------------------------------------------------------------------- */

/* They are all over the file, so that none is like the one before. */
static void write_path(int entries, int i, char *path, size_t size)
{
	static const char *const nodes[] = { "ipaddr", "canonical", "alias", "alias[1]" };

	snprintf(path, size, HOSTS_NODE "/%d/%s", (int)((long)i * entries / GETS) + 1,
		 nodes[i % 4]);
}

static char *requests_text(int entries, bool batch)
{
	char *text = NULL, path[64];
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		die("requests");
	for (int i = 0; i < GETS; i++) {
		write_path(entries, i, path, sizeof(path));
		fprintf(file,
			"%s{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"augeas.get\","
			"\"params\":[\"%s\"]}%s",
			!batch   ? ""
			: i == 0 ? "["
				 : ",",
			i, path, batch ? "" : "\n");
	}
	fputs(batch ? "]\n" : "", file);
	if (fclose(file) != 0)
		die("requests");
	return text;
}

double gets_spread(void *data)
{
	const struct scene *scene = data;
	scoped_ptr char *request = requests_text(scene->entries, true);

	return ask_us(scene->server.fd, request);
}

/* ---- lines -------------------------------------------------------------------------------- */

static size_t lines_in(const char *text, size_t length)
{
	size_t lines = 0;

	for (const char *end = text + length; (text = memchr(text, '\n', (size_t)(end - text)));
	     text++)
		lines++;
	return lines;
}

/* Writes as long as it can, and reads meanwhile. */
static double lines_us(void *data)
{
	const struct scene *scene = data;
	scoped_ptr char *text = requests_text(scene->entries, false);
	size_t left = strlen(text), lines = 0;
	double begin = now_us();
	const char *at = text;
	char answers[LINE];

	while (lines < GETS) {
		struct pollfd event = { scene->server.fd, left > 0 ? POLLIN | POLLOUT : POLLIN, 0 };
		ssize_t n;

		if (poll(&event, 1, -1) < 0)
			die("poll");
		if (event.revents & POLLOUT) {
			n = send(event.fd, at, left, MSG_DONTWAIT);
			at += n > 0 ? n : 0;
			left -= n > 0 ? (size_t)n : 0;
		}
		if (event.revents & ~POLLOUT) {
			n = recv(event.fd, answers, sizeof(answers), 0);
			if (n <= 0 || memmem(answers, (size_t)n, "\"error\"", 7))
				die("gets, at once");
			lines += lines_in(answers, (size_t)n);
		}
	}
	return now_us() - begin;
}

/* ---- in process ------------------------------------------------------------------------------ */

static struct json_object *answer_of(augeas *aug, struct json_object *request)
{
	struct json_object *params, *id, *answer = json_object_new_object();
	const char *value;

	if (!json_object_object_get_ex(request, "params", &params) ||
	    !json_object_object_get_ex(request, "id", &id) ||
	    aug_get(aug, json_object_get_string(json_object_array_get_idx(params, 0)), &value) != 1)
		die("aug_get");
	json_object_object_add(answer, "jsonrpc", json_object_new_string("2.0"));
	json_object_object_add(answer, "id", json_object_get(id));
	json_object_object_add(answer, "result", json_object_new_string(value));
	return answer;
}

double gets_in_process(void *data)
{
	const struct scene *scene = data;
	scoped_ptr char *text = requests_text(scene->entries, false);
	struct json_tokener *tokener = json_tokener_new();
	double begin = now_us();
	char answers[LINE];

	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n") + 1, size;
		struct json_object *request = json_tokener_parse_ex(tokener, line, (int)length);
		struct json_object *answer = answer_of(scene->aug, request);
		const char *out =
			json_object_to_json_string_length(answer, JSON_C_TO_STRING_PLAIN, &size);

		/* it is written somewhere */
		memcpy(answers, out, size);
		json_object_put(answer);
		json_object_put(request);
		line += length;
	}
	begin = now_us() - begin;
	json_tokener_free(tokener);
	return begin;
}

/* ---- the library --------------------------------------------------------------------------- */

struct library {
	struct exm *session;
	bool same; /* one value again and again */
};

/* From the first request to the last value. */
static double library_us(void *data)
{
	const struct library *library = data;
	struct exm_batch *batch = NULL;
	double begin = now_us();

	must("batch", exm_batch_new(&batch));
	for (int i = 0; i < GETS; i++) {
		char path[64];

		write_path(ENTRIES, library->same ? 0 : i, path, sizeof(path));
		must("add", exm_batch_get(batch, path));
	}
	if (exm_batch_run(library->session, batch) != 0)
		must("run", -EIO);
	for (int i = 0; i < GETS; i++) {
		scoped_ptr char *text = NULL;

		must("result", exm_batch_text(batch, i, &text));
	}
	exm_batch_free(batch);
	return now_us() - begin;
}

static double single_us(void *data)
{
	const struct library *library = data;
	scoped_ptr char *text = NULL;
	double begin = now_us();

	must("get", exm_get(library->session, HOSTS_NODE "/1/canonical", &text));
	return now_us() - begin;
}

/* ---- rows --------------------------------------------------------------------------------------
 */

static void add_rate_row(struct bench *bench, struct scene *scene, measure *function,
			 const char *what)
{
	const struct side ours = { function, scene, 1 };
	const struct side peer = { gets_in_process, scene, 1 };
	struct pair pair = measure_pair(&ours, &peer, PAIRS, SECONDS);
	double rate = GETS * 1e6 / pair.ours;
	struct row row = {
		.section = "gets",
		.ours = rate,
		.unit = UNIT_RATE,
		.peer = "in process, libaugeas and json-c",
		.peers = GETS * 1e6 / pair.peer,
		.ratio = pair.ratio,
		.count = pair.count,
		/* one of the two is enough */
		.bound = rate >= ASKED_RATE ? BOUND_VALUE : BOUND_RATIO,
		.limit = rate >= ASKED_RATE ? ASKED_RATE : ASKED_RATIO,
		.asked = ASKED,
		.summary = true,
	};

	snprintf(row.what, sizeof(row.what), "%s", what);
	table_add(&bench->table, &row);
}

static void add_library_row(struct bench *bench, struct library *library, bool same,
			    const char *what)
{
	const struct side ours = { library_us, library, 1 };
	struct row row = { .section = "gets", .bound = BOUND_VALUE, .limit = BOUND_LIBRARY_US };
	struct pair pair;

	library->same = same;
	pair = measure_pair(&ours, NULL, PAIRS, SECONDS);
	pair.ours /= GETS;
	snprintf(row.what, sizeof(row.what), "%s", what);
	table_add_pair(&bench->table, row, &pair);
}

static void measure_library(struct bench *bench)
{
	struct server server;
	struct library library = { 0 };
	const struct side single = { single_us, &library, GETS };
	struct pair pair;

	server = server_start_locked(bench->policy, SCENE_ROOT);
	must("session", exm_new(&library.session));
	must("connect", exm_connect_fds(library.session, server.fd, secret_fd(), 0));
	add_library_row(bench, &library, true, "one of 1000 in a batch of the library");
	add_library_row(bench, &library, false, "the same, each another node");
	pair = measure_pair(&single, NULL, 3, SECONDS);
	table_add_pair(&bench->table,
		       (struct row){ .section = "gets", .what = "one by one by the library" },
		       &pair);
	exm_free(library.session);
	server.fd = -1; /* the session's, and closed */
	server_stop(&server);
}

void bench_gets(struct bench *bench)
{
	cpu_set_t cores = pin_to_one_core();
	struct scene scene = scene_begin(bench->policy, ENTRIES, true, true);

	add_rate_row(bench, &scene, lines_us, "gets, 1000 requests at once");
	add_rate_row(bench, &scene, gets_spread, "gets, 1000 in one batch");
	scene_end(&scene);
	measure_library(bench);
	pin_to(&cores);
}
