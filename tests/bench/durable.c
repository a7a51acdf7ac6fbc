/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it costs that a commit is on disk when it is answered: commits of one file, by a client,
 * with verification and without, and in turn with them the least that any program has to do for the
 * same bytes on the same file system. And what a start costs when there is nothing to recover.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "bench.h"
#include "monitor/commit.h"
#include "monitor/confirm/rollback.h"
#include "monitor/state.h"
#include "process.h"
#include "scene.h"

#define BOUND_TIMES 2.0
#define BOUND_MORE_US 8000.0
#define BOUND_START_US 1000.0
#define SECONDS 12.0

enum { PAIRS = 101, STARTS = 200, ENTRIES = 100, TMPFS = 0x01021994 };

/* ---- the least --------------------------------------------------------------------------- */

struct bare {
	const struct scene *scene; /* beside which it is measured */
	int dir;
	char *text;
	size_t size;
};

static struct bare bare_begin(const struct scene *scene, const char *root)
{
	struct bare bare = { .scene = scene };
	char path[PATH_MAX];

	bare.text = hosts_text(ENTRIES, &bare.size);
	snprintf(path, sizeof(path), "%s/bare", root);
	if (mkdir(path, 0755) < 0)
		die(path);
	bare.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bare.dir < 0)
		die(path);
	return bare;
}

static void bare_end(struct bare *bare, const char *root)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bare", root);
	if (unlinkat(bare->dir, "hosts", 0) < 0 || rmdir(path) < 0)
		die(path);
	close(bare->dir);
	free(bare->text);
}

static double bare_us(void *data)
{
	const struct bare *bare = data;
	double begin;
	int fd;

	scene_wait(bare->scene);
	begin = now_us();
	fd = openat(bare->dir, "hosts.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, bare->text, bare->size) != (ssize_t)bare->size || fsync(fd) < 0 ||
	    close(fd) < 0 || renameat(bare->dir, "hosts.new", bare->dir, "hosts") < 0 ||
	    fsync(bare->dir) < 0)
		die("write");
	return now_us() - begin;
}

/* ---- a commit ---------------------------------------------------------------------------- */

static void measure_commit(struct bench *bench, const char *policy, const char *root,
			   const char *what)
{
	struct scene scene = { .entries = ENTRIES,
			       .pause = true,
			       .server = server_start(policy, root) };
	struct bare bare = bare_begin(&scene, root);
	const struct side ours = { scene_change, &scene, 1 }, peer = { bare_us, &bare, 1 };
	struct row row = { .section = "disk",
			   .peer = "write, fsync, rename, fsync",
			   .bound = BOUND_VALUE,
			   .summary = policy == bench->policy };
	struct pair pair;

	/* the first one of each makes what is there from then on */
	(void)bare_us(&bare);
	(void)scene_change(&scene);
	pair = measure_pair(&ours, &peer, PAIRS, SECONDS);
	server_stop(&scene.server);
	bare_end(&bare, root);
	row.limit = BOUND_TIMES * pair.peer + BOUND_MORE_US;
	snprintf(row.asked, sizeof(row.asked), "at most 2 times, and 8 ms more");
	snprintf(row.what, sizeof(row.what), "%s", what);
	table_add_pair(&bench->table, row, &pair);
}

/* ---- a start ----------------------------------------------------------------------------- */

/* What a server does at its start, with the journal of the last commit there. */
static double recover_us(void *data)
{
	const char *root = data;
	double begin = now_us();
	scoped_fd root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped_fd state = state_open(root_fd, STATEDIR);
	const struct commit_place place = { .root_fd = root_fd, .state_fd = state };
	scoped_rollback rollback = { 0 };

	if (state < 0 || commit_recover(&place, &rollback) < 0)
		die("recover");
	return now_us() - begin;
}

static void measure_start(struct bench *bench, char *root)
{
	/* all of the program that does it at the boot */
	struct program recover = {
		.words = { SBINDIR "/exmachinad", "--root", root, "--recover" },
	};
	const struct side inside = { recover_us, root, STARTS };
	const struct side program = { program_us, &recover, 11 };
	struct pair pair = measure_pair(&inside, NULL, 1, SECONDS);

	pair.count = STARTS;
	table_add_pair(&bench->table,
		       (struct row){ .section = "disk",
				     .what = "recovery at a start, nothing to do",
				     .bound = BOUND_VALUE,
				     .limit = BOUND_START_US },
		       &pair);
	pair = measure_pair(&program, NULL, 1, SECONDS);
	pair.count = program.turns;
	table_add_pair(&bench->table,
		       (struct row){ .section = "disk", .what = "exmachinad --recover" }, &pair);
}

void bench_durable(struct bench *bench)
{
	char root[PATH_MAX];
	struct statfs fs;

	if (statfs(bench->disk, &fs) < 0)
		die(bench->disk);
	if (fs.f_type == TMPFS)
		progress("%s is in memory, and so nothing is said of a disk", bench->disk);
	snprintf(root, sizeof(root), "%s/root", bench->disk);
	hosts_write(root, ENTRIES);
	sync();
	measure_commit(bench, bench->unverified, root,
		       "durable commit 50 ms after the edit, not verified");
	measure_commit(bench, bench->policy, root, "durable commit 50 ms after the edit");
	measure_start(bench, root);
}
