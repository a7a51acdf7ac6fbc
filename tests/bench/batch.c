/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures what a get costs among 1000 in one batch, end to end: made, sent, answered and read by
 * the library. Runs as root inside the sandbox, trusts all.
 *
 * usage: batch POLICY-DIRECTORY
 */
#include <errno.h>
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

enum { ENTRIES = GETS / 4 };

static void make_root(int entries)
{
	scoped_file *file = NULL;

	if ((mkdir(ROOT, 0755) < 0 || mkdir(ROOT "/etc", 0755) < 0) && errno != EEXIST)
		die(ROOT);
	file = fopen(ROOT "/etc/hosts", "we");
	if (!file)
		die(ROOT "/etc/hosts");
	for (int i = 1; i <= entries; i++)
		fprintf(file, "10.0.%d.%d\thost%d a%d b%d\n", i / 250, i % 250 + 1, i, i, i);
}

/* Which nodes are read. */
enum which {
	SAME,      /* one, again and again */
	DIFFERENT, /* each another one, four of an entry */
	LONG_LIST, /* each another one, of 1000: Augeas walks along the list for each */
};

static void write_path(enum which which, int i, char *path, size_t size)
{
	static const char *const nodes[] = { "ipaddr", "canonical", "alias[1]", "alias[2]" };

	if (which == DIFFERENT)
		snprintf(path, size, "/files/etc/hosts/%d/%s", i / 4 + 1, nodes[i % 4]);
	else
		snprintf(path, size, "/files/etc/hosts/%d/canonical", which == SAME ? 1 : i + 1);
}

static struct exm *connect_server(const struct server *server)
{
	struct exm *session = NULL;

	must("session", exm_new(&session));
	must("connect", exm_connect_fds(session, server->fd, secret_fd(), 0));
	return session;
}

/* From the first request to the last value. */
static double one_run_us(struct exm *session, enum which which)
{
	struct exm_batch *batch = NULL;
	double begin = now_us();

	must("batch", exm_batch_new(&batch));
	for (int i = 0; i < GETS; i++) {
		char path[64];

		write_path(which, i, path, sizeof(path));
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

static double measure(struct exm *session, enum which which)
{
	double times[RUNS];

	for (size_t i = 0; i < RUNS; i++)
		times[i] = one_run_us(session, which) / GETS;
	return median(times, RUNS);
}

static bool judge(struct exm *session, enum which which, const char *what)
{
	double each = measure(session, which);

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

/* With a file of so many entries. */
static bool measure_all(const char *policy, int entries)
{
	struct server server;
	struct exm *session;
	bool good = true;

	make_root(entries);
	server = start_daemon_at(policy, ROOT);
	session = connect_server(&server);
	if (entries == ENTRIES) {
		good = judge(session, SAME, "one node, each of 1000 gets");
		good = judge(session, DIFFERENT, "1000 nodes, each of 1000 gets") && good;
		measure_single(session);
	} else {
		printf("       1000 nodes of a list as long       %8.1f us\n",
		       measure(session, LONG_LIST));
	}
	exm_free(session);
	server.fd = -1; /* the session's, and closed */
	stop(&server);
	return good;
}

int main(int argc, char **argv)
{
	bool good;

	if (argc != 2) {
		fprintf(stderr, "usage: batch POLICY-DIRECTORY\n");
		return 2;
	}
	pin_to_one_core();
	good = measure_all(argv[1], ENTRIES);
	(void)measure_all(argv[1], GETS);
	return good ? 0 : 1;
}
