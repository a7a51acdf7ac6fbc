/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures what a get costs among 1000 in one batch, end to end: made, sent, answered and read by
 * the library. Runs as root inside the sandbox, trusts all.
 *
 * usage: batch POLICY-DIRECTORY
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "exmachina.h"
#include "peer.h"

enum { GETS = 1000, RUNS = 21 };

#define BOUND_GET_US 15.0
#define ROOT "/run/bench-batch"

static void must(const char *what, int r)
{
	if (r >= 0)
		return;
	fprintf(stderr, "bench: %s: %d\n", what, r);
	exit(1);
}

static void make_root(void)
{
	scoped_file *file = NULL;

	if (mkdir(ROOT, 0755) < 0 || mkdir(ROOT "/etc", 0755) < 0)
		die(ROOT);
	file = fopen(ROOT "/etc/hosts", "we");
	if (!file)
		die(ROOT "/etc/hosts");
	for (int i = 1; i <= GETS; i++)
		fprintf(file, "10.0.%d.%d\thost%d\n", i / 250, i % 250 + 1, i);
}

static struct exm *connect_server(const struct server *server)
{
	struct exm *session = NULL;

	must("session", exm_new(&session));
	must("connect", exm_connect_fds(session, server->fd, secret_fd(), 0));
	return session;
}

/* From the first request to the last value. */
static double one_run_us(struct exm *session, bool same)
{
	struct exm_batch *batch = NULL;
	double begin = now_us();

	must("batch", exm_batch_new(&batch));
	for (int i = 1; i <= GETS; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/files/etc/hosts/%d/canonical", same ? 1 : i);
		must("add", exm_batch_get(batch, path));
	}
	if (exm_batch_run(session, batch) != 0)
		must("run", -1);
	for (int i = 0; i < GETS; i++) {
		scoped_ptr char *text = NULL;

		must("result", exm_batch_text(batch, i, &text));
	}
	exm_batch_free(batch);
	return now_us() - begin;
}

static bool measure(struct exm *session, bool same, const char *what)
{
	double times[RUNS], each;

	for (size_t i = 0; i < RUNS; i++)
		times[i] = one_run_us(session, same) / GETS;
	each = median(times, RUNS);
	printf("batch  %-36s%8.1f us   bound %.0f us: %s\n", what, each, BOUND_GET_US,
	       each <= BOUND_GET_US ? "within" : "OVER");
	return each <= BOUND_GET_US;
}

/* The same without a batch, for comparison. */
static void measure_single(struct exm *session)
{
	double times[GETS];

	for (int i = 0; i < GETS; i++) {
		scoped_ptr char *text = NULL;
		double begin = now_us();

		must("get", exm_get(session, "/files/etc/hosts/1/canonical", &text));
		times[i] = now_us() - begin;
	}
	printf("       one by one, p50                    %8.1f us\n", median(times, GETS));
}

int main(int argc, char **argv)
{
	struct server server;
	struct exm *session;
	bool good;

	if (argc != 2) {
		fprintf(stderr, "usage: batch POLICY-DIRECTORY\n");
		return 2;
	}
	make_root();
	pin_to_one_core();
	server = start_daemon_at(argv[1], ROOT);
	session = connect_server(&server);
	good = measure(session, true, "one node, each of 1000 gets");
	good = measure(session, false, "1000 nodes, each of 1000 gets") && good;
	measure_single(session);
	exm_free(session);
	server.fd = -1; /* the session's, and closed */
	stop(&server);
	return good ? 0 : 1;
}
