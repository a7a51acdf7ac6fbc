/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exchanges a name in a directory with others beside it, in turn and back again, as fast as it
 * can, until a signal ends it; each group of names has a thread of its own. It stands for whoever
 * wants the monitor to look at one thing and to write to another: tests/system/test_races.py.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"

enum { GROUPS_MAX = 8 };

struct group {
	int dir;
	char **names; /* the first is the one that is exchanged; up to the NULL */
	mode_t kind;  /* of what was there at first */
	bool failed;
};

static void exchange(struct group *group, const char *other)
{
	/* the monitor may have one of them elsewhere for a moment */
	if (renameat2(group->dir, group->names[0], group->dir, other, RENAME_EXCHANGE) < 0 &&
	    errno != ENOENT) {
		fprintf(stderr, "exchange with %s: %s\n", other, strerror(errno));
		group->failed = true;
	}
}

/* Is this what was there at first, or took its place? */
static bool is_first(const struct group *group, const char *name)
{
	struct stat st;

	return fstatat(group->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & S_IFMT) == group->kind && (S_ISDIR(st.st_mode) || st.st_nlink == 1);
}

static void *run(void *data)
{
	struct group *group = data;

	while (!group->failed) {
		for (char **other = group->names + 1; *other && !group->failed; other++) {
			exchange(group, *other);
			exchange(group, *other);
			/* the monitor's own exchange has come in between */
			if (!is_first(group, group->names[0]) && is_first(group, *other))
				exchange(group, *other);
		}
	}
	return NULL;
}

static bool take(struct group *group, char **arguments)
{
	struct stat st;

	group->names = arguments + 1;
	group->dir = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group->dir < 0 || fstatat(group->dir, group->names[0], &st, AT_SYMLINK_NOFOLLOW) < 0) {
		fprintf(stderr, "%s: %s\n", arguments[0], strerror(errno));
		return false;
	}
	group->kind = st.st_mode & S_IFMT;
	return true;
}

int main(int argc, char **argv)
{
	static struct group groups[GROUPS_MAX];
	size_t count = 0;
	int begin = 1;

	for (int i = 1; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], "--") != 0)
			continue;
		argv[i] = NULL;
		if (i - begin < 3 || count == GROUPS_MAX) {
			fprintf(stderr, "usage: swap DIRECTORY NAME OTHER... [-- ...]...\n");
			return 2;
		}
		if (!take(&groups[count++], argv + begin))
			return 1;
		begin = i + 1;
	}
	/* only now: what one exchanges may lead to the directory of another */
	for (size_t i = 0; i < count; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, run, &groups[i]) != 0)
			return 1;
	}
	pthread_exit(NULL);
}
