/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it takes to read many nodes: the same expression asked of a server and of libaugeas in this
 * process, in turn, for hosts files of several sizes. Both only evaluate and tell the paths; the
 * server also writes them as JSON and sends them. Runs as root inside the sandbox, trusts all.
 *
 *     read POLICY-DIRECTORY
 *
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

enum { ROUNDS = 5, COMPARED = 10000, ANSWER_SIZE = 32 << 20 };

static const int sizes[] = { 100, 1000, 10000, 50000 };

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

static double first_ms(int fd, const char *method, const char *expr)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		change(fd, i);
		times[i] = ask_ms(fd, method, expr);
	}
	return median(times, ROUNDS);
}

static double again_ms(int fd, const char *method, const char *expr)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		times[i] = ask_ms(fd, method, expr);
	return median(times, ROUNDS);
}

struct times {
	double match, again, print;
};

static struct times measure(const char *policy, int entries)
{
	struct server server;
	struct times t;

	write_hosts(entries);
	server = start_daemon(policy);
	authenticate(&server);
	t.match = first_ms(server.fd, "augeas.match", NODE "//*");
	t.again = again_ms(server.fd, "augeas.match", NODE "//*");
	t.print = first_ms(server.fd, "augeas.print", NODE);
	printf("read   match //* of %6d entries          %8.1f ms   again %.1f ms, print %.1f ms\n",
	       entries, t.match, t.again, t.print);
	stop(&server);
	return t;
}

static bool compare(const struct times *t)
{
	augeas *aug;
	double match, print;

	write_hosts(COMPARED);
	aug = load_hosts();
	match = augeas_match_ms(aug);
	print = augeas_print_ms(aug);
	aug_close(aug);
	printf("       aug_match, aug_print of %d        %8.1f ms, %.1f ms: %.0f and %.0f times "
	       "as long, bound %.0f: %s\n",
	       COMPARED, match, print, match / t->match, print / t->print, BOUND_MATCH_RATIO,
	       verdict(match / t->match >= BOUND_MATCH_RATIO));
	return match / t->match >= BOUND_MATCH_RATIO;
}

static bool growth(const char *what, double few, double many)
{
	double exponent = log(many / few) / log(50);

	printf("       %s grows from 1000 to 50000 with exponent %.2f, bound %.1f: %s\n", what,
	       exponent, BOUND_EXPONENT, verdict(exponent <= BOUND_EXPONENT));
	return exponent <= BOUND_EXPONENT;
}

int main(int argc, char **argv)
{
	struct times times[ARRAY_SIZE(sizes)];
	bool good;

	if (argc != 2) {
		fprintf(stderr, "usage: read POLICY-DIRECTORY\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		times[i] = measure(argv[1], sizes[i]);
	good = compare(&times[2]);
	good = growth("match", times[1].match, times[3].match) && good;
	good = growth("print", times[1].print, times[3].print) && good;
	puts(good ? "reads: all within their bounds" : "reads: something is over its bound");
	return good ? 0 : 1;
}
