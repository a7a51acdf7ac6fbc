/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an edit costs in files of several sizes: one value is changed, or one entry appended, and
 * committed by a server, with all its checks; in turn with libaugeas in this process, that does the
 * same with aug_save(3), as often as there is patience for it.
 *
 *     edit POLICY-DIRECTORY
 *
 * The policy names /etc/hosts, which is overwritten: this runs in the sandbox.
 */
#include <augeas.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "peer.h"

#define ROOT "/run/bench-edit"

enum { ROUNDS = 7, PATIENT_TO = 20000 };

static const int sizes[] = { 100, 1000, 10000, 50000 };

static void write_hosts(const char *path, int entries)
{
	FILE *file = fopen(path, "w");

	if (!file)
		die(path);
	for (int i = 0; i < entries; i++)
		fprintf(file, "10.%d.%d.%d\th%d.example.com h%d\n", i >> 16, i >> 8 & 255, i & 255,
			i, i);
	if (fclose(file) != 0)
		die(path);
}

static void call(int fd, const char *method, const char *params)
{
	char request[1024], answer[LINE];

	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":%s}\n", method,
		 params);
	exchange(fd, request, answer);
}

/* From the edit to the answer that it is in place. */
static double edit_ms(int fd, const char *path, int round)
{
	char params[512];
	double begin = now_us();

	snprintf(params, sizeof(params), "[\"%s/ipaddr\",\"10.9.9.%d\"]", path, round);
	call(fd, "augeas.set", params);
	snprintf(params, sizeof(params), "[\"%s/canonical\",\"r%d\"]", path, round);
	call(fd, "augeas.set", params);
	call(fd, "config.commit", "[]");
	return (now_us() - begin) / 1e3;
}

static double save_ms(augeas *aug, const char *path, int round)
{
	char node[512], value[32];
	double begin = now_us();

	snprintf(node, sizeof(node), "%s/ipaddr", path);
	snprintf(value, sizeof(value), "10.9.9.%d", round);
	if (aug_set(aug, node, value) < 0)
		die(node);
	snprintf(node, sizeof(node), "%s/canonical", path);
	snprintf(value, sizeof(value), "r%d", round);
	if (aug_set(aug, node, value) < 0 || aug_save(aug) < 0)
		die("aug_save");
	return (now_us() - begin) / 1e3;
}

struct cost {
	double ours, theirs; /* theirs is 0 where there was no patience */
};

static augeas *augeas_in_process(int entries)
{
	augeas *aug;

	write_hosts(ROOT "/etc/hosts", entries);
	aug = aug_init(ROOT, LENS_PATH, AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD);
	if (!aug || aug_transform(aug, "Hosts.lns", "/etc/hosts", 0) < 0 || aug_load(aug) < 0)
		die("libaugeas");
	return aug;
}

/* path: the beginning of the entry's. */
static struct cost measure(int fd, int entries, const char *path)
{
	int rounds = entries < 10000 ? ROUNDS : 3;
	augeas *aug = entries <= PATIENT_TO ? augeas_in_process(entries) : NULL;
	double ours[ROUNDS], theirs[ROUNDS];
	char node[64];

	write_hosts("/etc/hosts", entries);
	call(fd, "augeas.load", "[]");
	call(fd, "augeas.get", "[\"/files/etc/hosts/1/ipaddr\"]");
	for (int i = 0; i < rounds; i++) {
		snprintf(node, sizeof(node), "%s%d", path, i + 1);
		ours[i] = edit_ms(fd, node, i);
		theirs[i] = aug ? save_ms(aug, node, i) : 0;
	}
	if (aug)
		aug_close(aug);
	return (struct cost){ median(ours, (size_t)rounds), median(theirs, (size_t)rounds) };
}

static void measure_all(int fd, const char *what, const char *path)
{
	double first = 0, last = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct cost cost = measure(fd, sizes[i], path);

		printf("%s, %6d entries %10.1f ms", what, sizes[i], cost.ours);
		if (cost.theirs > 0)
			printf("   aug_save %10.1f ms, %.2f times", cost.theirs,
			       cost.theirs / cost.ours);
		puts("");
		first = sizes[i] == 1000 ? cost.ours : first;
		last = cost.ours;
	}
	printf("%s, growth from 1000 to 50000 entries: exponent %.2f\n", what,
	       log(last / first) / log(50));
}

int main(int argc, char **argv)
{
	struct server server;

	if (argc != 2) {
		fprintf(stderr, "usage: edit POLICY-DIRECTORY\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (system("mkdir -p " ROOT "/etc") != 0)
		die(ROOT);
	server = start_daemon(argv[1]);
	authenticate(&server);
	measure_all(server.fd, "one value and commit", "/files/etc/hosts/5");
	measure_all(server.fd, "one more entry and commit", "/files/etc/hosts/0");
	stop(&server);
	return 0;
}
