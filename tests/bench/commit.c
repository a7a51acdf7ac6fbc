/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the verification of a commit costs: the same commits of the same file with
 * it and without it (Verify=no), in turn, for files of several sizes. Each
 * commit changes one value. Beside it, how long libaugeas takes to parse the file.
 *
 *     commit POLICY-DIRECTORY POLICY-DIRECTORY-WITHOUT
 *
 * Both policies name /etc/hosts, which is overwritten: this runs in the sandbox.
 */
#include <augeas.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/memfd.h"
#include "config.h"
#include "peer.h"
#include "verify/verify.h"

/* What verification may add to the commit of a file of 100 lines. */
#define BOUND_ADDED_MS 10.0
/* And to that of a large file, in times of its parse; and how that may grow with the file. */
#define BOUND_PARSES 4.0
#define BOUND_EXPONENT 1.1

static const char *verdict(bool good)
{
	return good ? "within" : "OVER";
}

static void print_hosts(FILE *file, int entries)
{
	for (int i = 0; i < entries; i++)
		fprintf(file, "10.%d.%d.%d\th%d.example.com h%d\n", i >> 16, i >> 8 & 255, i & 255,
			i, i);
	if (fclose(file) != 0)
		die("hosts");
}

static void write_hosts(int entries)
{
	FILE *file = fopen("/etc/hosts", "w");

	if (!file)
		die("/etc/hosts");
	print_hosts(file, entries);
}

static char *hosts_text(int entries)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		die("hosts");
	print_hosts(file, entries);
	return text;
}

/* Of this process, whatever else the machine does. */
static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The text, parsed by libaugeas. */
static double parse_ms(const char *text)
{
	augeas *aug = aug_init("/", LENS_PATH, AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD);
	double begin;

	/* the lens is compiled for an empty text */
	if (!aug || aug_set(aug, "/text", "\n") < 0 ||
	    aug_text_store(aug, "Hosts.lns", "/text", "/tree") < 0 ||
	    aug_set(aug, "/text", text) < 0)
		die("libaugeas");
	begin = cpu_ms();
	if (aug_text_store(aug, "Hosts.lns", "/text", "/tree") < 0)
		die("parse");
	begin = cpu_ms() - begin;
	aug_close(aug);
	return begin;
}

/* What exmachina-verify does between the two texts and its end. */
static double verification_ms(const char *before, const char *after)
{
	struct verification verification = { 0 };
	int old = memfd_of("old", before, strlen(before));
	int new = memfd_of("new", after, strlen(after)), list = memfd_new("list");
	double begin;

	if (old < 0 || new < 0 || list < 0 ||
	    verify_prepare(&verification, "Hosts.lns", LENS_PATH) < 0)
		die("verification");
	begin = cpu_ms();
	if (verify_run(&verification, old, new, list) != VERIFY_DONE)
		die("verification");
	begin = cpu_ms() - begin;
	verification_clear(&verification);
	close(old);
	close(new);
	close(list);
	return begin;
}

struct cost {
	double parse, verification;
};

/* Of a file of which one value changes, in the middle. */
static struct cost cost_of(int entries, size_t rounds)
{
	char *before = hosts_text(entries), *after = hosts_text(entries), *at = after;
	double parse[ROUND_MAX], verification[ROUND_MAX];

	for (int line = 0; line < entries / 2; line++)
		at = strchr(at, '\n') + 1;
	*strchr(at, 'h') = 'x';
	for (size_t i = 0; i < rounds; i++) {
		parse[i] = parse_ms(before);
		verification[i] = verification_ms(before, after);
	}
	free(before);
	free(after);
	return (struct cost){ median(parse, rounds), median(verification, rounds) };
}

/* One changed value, and how long its commit takes. */
static double commit_ms(int fd, int entry, int round)
{
	char request[256], answer[LINE];
	double begin;

	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.set\",\"params\":"
		 "[\"/files/etc/hosts/%d/alias\",\"r%d\"]}\n",
		 entry, round);
	exchange(fd, request, answer);
	begin = now_us();
	exchange(fd, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"config.commit\"}\n", answer);
	return (now_us() - begin) / 1e3;
}

static void load(int fd)
{
	char answer[LINE];

	exchange(fd, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.load\"}\n", answer);
	exchange(fd,
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.get\",\"params\":"
		 "[\"/files/etc/hosts/1/ipaddr\"]}\n",
		 answer);
}

/* Both servers write the same file, so each reads it anew before its commit. */
static double measure(const struct server *with, const struct server *without, int entries,
		      int rounds)
{
	double checked[ROUND_MAX], plain[ROUND_MAX], added[ROUND_MAX], result;

	write_hosts(entries);
	for (int i = 0; i < rounds; i++) {
		load(with->fd);
		checked[i] = commit_ms(with->fd, entries / 2, 2 * i);
		load(without->fd);
		plain[i] = commit_ms(without->fd, entries / 2, 2 * i + 1);
		added[i] = checked[i] - plain[i];
	}
	result = median(added, (size_t)rounds);
	printf("commit of one value, %6d entries         %8.1f ms   without verification %.1f ms, "
	       "added %.1f ms",
	       entries, median(checked, (size_t)rounds), median(plain, (size_t)rounds), result);
	return result;
}

static bool measure_growth(void)
{
	enum { SMALL = 1000, LARGE = 10000 };
	const struct cost small = cost_of(SMALL, 11), large = cost_of(LARGE, 5);
	double parses = large.verification / large.parse;
	double exponent = log(large.verification / small.verification) / log(LARGE / SMALL);
	bool good = parses <= BOUND_PARSES, linear = exponent <= BOUND_EXPONENT;

	printf("verification itself, %6d entries         %8.2f x    its parse of %.1f ms, bound "
	       "%.0f: %s\n",
	       LARGE, parses, large.parse, BOUND_PARSES, verdict(good));
	printf("growth of that from %d entries            %8.2f      the exponent, bound %.1f: "
	       "%s\n",
	       SMALL, exponent, BOUND_EXPONENT, verdict(linear));
	return good && linear;
}

int main(int argc, char **argv)
{
	struct server with, without;
	bool good;

	if (argc != 3) {
		fprintf(stderr, "usage: commit POLICY-DIRECTORY POLICY-DIRECTORY-WITHOUT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	with = start_daemon(argv[1]);
	authenticate(&with);
	without = start_daemon(argv[2]);
	authenticate(&without);
	good = measure(&with, &without, 100, 41) <= BOUND_ADDED_MS;
	printf(", bound %.0f: %s\n", BOUND_ADDED_MS, verdict(good));
	(void)measure(&with, &without, 1000, 15);
	puts("");
	(void)measure(&with, &without, 10000, 3);
	puts("");
	stop(&with);
	stop(&without);
	return measure_growth() && good ? 0 : 1;
}
