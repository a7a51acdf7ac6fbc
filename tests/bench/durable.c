/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it costs that a commit is on disk when it is answered: commits of one file, by a client,
 * with verification and without, and in turn with them the least that any program has to do for the
 * same bytes on the same file system. And what a start costs when there is nothing to recover.
 *
 *     durable POLICY-DIRECTORY POLICY-DIRECTORY-WITHOUT DIRECTORY
 *
 * Both policies name /etc/hosts. The directory is on a disk; what is made in it stays.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "monitor/commit.h"
#include "monitor/confirm/rollback.h"
#include "monitor/state.h"
#include "peer.h"

enum { ROUNDS = 101, STARTS = 200, ENTRIES = 100, PAUSE_USEC = 50000, TMPFS = 0x01021994 };

#define BOUND_TIMES 2.0
#define BOUND_MORE_MS 8.0
#define BOUND_START_MS 1.0

static const char *verdict(bool good)
{
	return good ? "within" : "OVER";
}

static void make_directory(const char *root, const char *path)
{
	char whole[2 * PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	if (mkdir(whole, 0755) < 0)
		die(whole);
}

static void make_root(const char *root)
{
	char path[2 * PATH_MAX];
	FILE *file;

	make_directory(root, "");
	make_directory(root, "/etc");
	make_directory(root, "/bare");
	snprintf(path, sizeof(path), "%s/etc/hosts", root);
	file = fopen(path, "we");
	if (!file)
		die(path);
	for (int i = 0; i < ENTRIES; i++)
		fprintf(file, "10.0.0.%d\th%d.example.com h%d\n", i, i, i);
	if (fclose(file) != 0)
		die(path);
	sync();
}

/* ---- the least --------------------------------------------------------------------------- */

static size_t read_hosts(const char *root, char *data, size_t size)
{
	char path[2 * PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/etc/hosts", root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, data, size);
	if (n < 0)
		die(path);
	close(fd);
	return (size_t)n;
}

static double bare_ms(int dir, const char *data, size_t size)
{
	double begin = now_us();
	int fd = openat(dir, "hosts.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || fsync(fd) < 0 || close(fd) < 0 ||
	    renameat(dir, "hosts.new", dir, "hosts") < 0 || fsync(dir) < 0)
		die("write");
	return (now_us() - begin) / 1e3;
}

/* ---- a commit ---------------------------------------------------------------------------- */

static double commit_ms(const struct server *server, int round)
{
	char request[256], answer[LINE];
	double begin;

	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.set\",\"params\":"
		 "[\"/files/etc/hosts/50/alias\",\"r%05d\"]}\n",
		 round);
	exchange(server->fd, request, answer);
	/* whoever edits takes that long before he commits; meanwhile the verifier gets ready */
	usleep(PAUSE_USEC);
	begin = now_us();
	exchange(server->fd, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"config.commit\"}\n",
		 answer);
	return (now_us() - begin) / 1e3;
}

static bool measure(const char *policy, const char *root, const char *what)
{
	struct server server = start_daemon_at(policy, root);
	double bare[ROUNDS], ours[ROUNDS], least, commit, bound;
	char path[2 * PATH_MAX], data[LINE];
	size_t size = read_hosts(root, data, sizeof(data));
	int dir;

	snprintf(path, sizeof(path), "%s/bare", root);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		die(path);
	authenticate(&server);
	/* the first one of each makes what is there from then on */
	(void)bare_ms(dir, data, size);
	(void)commit_ms(&server, 0);
	for (int i = 0; i < ROUNDS; i++) {
		bare[i] = bare_ms(dir, data, size);
		ours[i] = commit_ms(&server, i + 1);
	}
	close(dir);
	stop(&server);
	least = median(bare, ROUNDS);
	commit = median(ours, ROUNDS);
	bound = BOUND_TIMES * least + BOUND_MORE_MS;
	printf("durable commit, %-24s %8.2f ms   bare write, fsync, rename, fsync %.2f ms, "
	       "ratio %.1f; bound %.0f times and %.0f ms, %.2f: %s\n",
	       what, commit, least, commit / least, BOUND_TIMES, BOUND_MORE_MS, bound,
	       verdict(commit <= bound));
	return commit <= bound;
}

/* ---- a start ----------------------------------------------------------------------------- */

/* What a server does at its start, with the journal of the last commit there. */
static double start_ms(const char *root)
{
	double times[STARTS];

	for (int i = 0; i < STARTS; i++) {
		double begin = now_us();
		scoped_fd root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		scoped_fd state = state_open(root_fd, STATEDIR);
		const struct commit_place place = { .root_fd = root_fd, .state_fd = state };
		scoped_rollback rollback = { 0 };

		if (state < 0 || commit_recover(&place, &rollback) < 0)
			die("recover");
		times[i] = (now_us() - begin) / 1e3;
	}
	return median(times, STARTS);
}

/* All of the program that does it at the boot. */
static double program_ms(const char *root)
{
	double times[STARTS];

	for (int i = 0; i < STARTS; i++) {
		double begin = now_us();
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			execl(SBINDIR "/exmachinad", "exmachinad", "--root", root, "--recover",
			      NULL);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			die("exmachinad --recover");
		times[i] = (now_us() - begin) / 1e3;
	}
	return median(times, STARTS);
}

static bool measure_start(const char *root)
{
	double start = start_ms(root), program = program_ms(root);

	printf("recovery at a start, nothing to do       %8.3f ms   bound %.0f: %s; as a program "
	       "of its own %.2f ms\n",
	       start, BOUND_START_MS, verdict(start <= BOUND_START_MS), program);
	return start <= BOUND_START_MS;
}

int main(int argc, char **argv)
{
	char root[PATH_MAX];
	struct statfs fs;
	bool good;

	if (argc != 4) {
		fprintf(stderr, "usage: durable POLICY-DIRECTORY POLICY-DIRECTORY-WITHOUT "
				"DIRECTORY\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	log_open("durable", LOG_TO_STDERR);
	if (statfs(argv[3], &fs) < 0)
		die(argv[3]);
	if (fs.f_type == TMPFS)
		printf("%s is in memory, and so nothing is said of a disk\n", argv[3]);
	snprintf(root, sizeof(root), "%s/root", argv[3]);
	make_root(root);
	good = measure(argv[2], root, "not verified");
	good &= measure(argv[1], root, "verified");
	good &= measure_start(root);
	return good ? 0 : 1;
}
