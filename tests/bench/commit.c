/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the verification of a commit costs: the same commits of the same file with
 * it and without it (Verify=no), in turn, for files of several sizes. Each
 * commit changes one value.
 *
 *     commit POLICY-DIRECTORY POLICY-DIRECTORY-WITHOUT
 *
 * Both policies name /etc/hosts, which is overwritten: this runs in the sandbox.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"

/* What verification may add to the commit of a file of 100 lines. */
#define BOUND_ADDED_MS 10.0

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
	return good ? 0 : 1;
}
