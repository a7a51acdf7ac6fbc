/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it takes to read many nodes: the same expression asked of a server and of libaugeas in this
 * process, in turn, for hosts files of several sizes. Both only evaluate and tell the paths; the
 * server also writes them as JSON and sends them. Runs as root inside the sandbox, trusts all.
 *
 *     read POLICY-DIRECTORY [ENTRIES]
 *
 * libaugeas is asked for files of up to so many entries; of 40000 it takes a minute for each.
 * The policy names /etc/hosts, which is overwritten: this runs in the sandbox.
 */
#include <augeas.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "config.h"
#include "peer.h"

#define NODE "/files/etc/hosts"

/* What the numbers are to stay below, or above. */
#define BOUND_MATCH_RATIO 100.0
#define BOUND_EXPONENT 1.1

enum { ROUNDS = 9, COMPARED = 10000, ANSWER_SIZE = 32 << 20 };

static const int sizes[] = { 100, 1000, 10000, 40000, 50000 };

/* Which of them growth is told of. */
enum { FEW = 1, MANY = 4, SIZES = ARRAY_SIZE(sizes) };

static const char *verdict(bool good)
{
	return good ? "within" : "OVER";
}

static void write_hosts(int entries)
{
	FILE *file = fopen("/etc/hosts", "w");

	if (!file)
		die("/etc/hosts");
	for (int i = 0; i < entries; i++)
		fprintf(file, "10.%d.%d.%d\th%d.example.com h%d\n", i >> 16, i >> 8 & 255, i & 255,
			i, i);
	if (fclose(file) != 0)
		die("/etc/hosts");
}

static augeas *load_hosts(void)
{
	augeas *aug = aug_init("/", LENS_PATH, AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD);

	if (!aug || aug_transform(aug, "Hosts.lns", "/etc/hosts", 0) < 0 || aug_load(aug) < 0)
		die("libaugeas");
	return aug;
}

static double augeas_match_ms(augeas *aug)
{
	char **path;
	double begin = now_us();
	int count = aug_match(aug, NODE "//*", &path);

	begin = now_us() - begin;
	for (int i = 0; i < count; i++)
		free(path[i]);
	free(path);
	return begin / 1e3;
}

static double augeas_print_ms(augeas *aug)
{
	FILE *nowhere = fopen("/dev/null", "w");
	double begin = now_us();

	if (!nowhere || aug_print(aug, nowhere, NODE) < 0)
		die("aug_print");
	fclose(nowhere);
	return (now_us() - begin) / 1e3;
}

/* A long answer, which must not be an error. */
static double ask_ms(int fd, const char *method, const char *expr)
{
	static char answer[ANSWER_SIZE];
	size_t length = 0;
	char request[256];
	double begin;

	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":[\"%s\"]}\n", method,
		 expr);
	begin = now_us();
	send_all(fd, request, strlen(request));
	do {
		ssize_t n = read(fd, answer + length, sizeof(answer) - length);

		if (n <= 0)
			die("read");
		length += (size_t)n;
	} while (answer[length - 1] != '\n');
	begin = now_us() - begin;
	answer[length < 256 ? length : 256] = '\0';
	if (strstr(answer, "\"error\"")) {
		fprintf(stderr, "bench: %s-> %s\n", request, answer);
		exit(1);
	}
	return begin / 1e3;
}

/* The first read after a change, which has to look at all of the tree anew. */
static void change(int fd, int round)
{
	char request[256], answer[LINE];

	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.set\",\"params\":"
		 "[\"" NODE "/1/canonical\",\"r%d\"]}\n",
		 round);
	exchange(fd, request, answer);
}

/*
 * The least of several: what else the machine does adds to a time, and more to one that takes long,
 * so that of growth nothing could be said.
 */
static double least(double *times)
{
	(void)median(times, ROUNDS);
	return times[0];
}

static double first_ms(int fd, const char *method, const char *expr)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		change(fd, i);
		times[i] = ask_ms(fd, method, expr);
	}
	return least(times);
}

static double again_ms(int fd, const char *method, const char *expr)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		times[i] = ask_ms(fd, method, expr);
	return least(times);
}

/* Milliseconds. */
struct times {
	double match, again, print, dump;
	double aug_match, aug_print; /* 0: not asked */
};

static void measure_augeas(struct times *t)
{
	augeas *aug = load_hosts();

	t->aug_match = augeas_match_ms(aug);
	t->aug_print = augeas_print_ms(aug);
	aug_close(aug);
}

static struct times measure(const char *policy, int entries, int most)
{
	struct server server;
	struct times t = { 0 };

	write_hosts(entries);
	server = start_daemon(policy);
	authenticate(&server);
	t.match = first_ms(server.fd, "augeas.match", NODE "//*");
	t.again = again_ms(server.fd, "augeas.match", NODE "//*");
	t.print = first_ms(server.fd, "augeas.print", NODE);
	t.dump = first_ms(server.fd, "augeas.dump", NODE);
	stop(&server);
	if (entries <= most)
		measure_augeas(&t);
	printf("read   %6d entries: match //* %8.1f ms, again %8.1f, print %8.1f, dump %8.1f",
	       entries, t.match, t.again, t.print, t.dump);
	if (t.aug_match > 0)
		printf("; aug_match %.1f (%.0f times), aug_print %.1f (%.0f times)", t.aug_match,
		       t.aug_match / t.match, t.aug_print, t.aug_print / t.print);
	printf("\n");
	return t;
}

static bool compare(const struct times *t)
{
	double ratio = t->aug_match / t->match;

	printf("       aug_match of %d entries takes %.0f times as long, bound %.0f: %s\n",
	       COMPARED, ratio, BOUND_MATCH_RATIO, verdict(ratio >= BOUND_MATCH_RATIO));
	return ratio >= BOUND_MATCH_RATIO;
}

static bool growth(const char *what, double few, double many)
{
	double exponent = log(many / few) / log(1.0 * sizes[MANY] / sizes[FEW]);

	printf("       %s grows from %d to %d with exponent %.2f, bound %.1f: %s\n", what,
	       sizes[FEW], sizes[MANY], exponent, BOUND_EXPONENT,
	       verdict(exponent <= BOUND_EXPONENT));
	return exponent <= BOUND_EXPONENT;
}

int main(int argc, char **argv)
{
	int most = argc == 3 ? atoi(argv[2]) : COMPARED;
	struct times times[SIZES];
	bool good = true;

	if (argc < 2 || argc > 3 || most < COMPARED) {
		fprintf(stderr, "usage: read POLICY-DIRECTORY [ENTRIES]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SIZES; i++) {
		times[i] = measure(argv[1], sizes[i], most);
		if (sizes[i] == COMPARED)
			good = compare(&times[i]);
	}
	good = growth("match", times[FEW].match, times[MANY].match) && good;
	good = growth("print", times[FEW].print, times[MANY].print) && good;
	good = growth("dump", times[FEW].dump, times[MANY].dump) && good;
	puts(good ? "reads: all within their bounds" : "reads: something is over its bound");
	return good ? 0 : 1;
}
