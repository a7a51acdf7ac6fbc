/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The file is root's, as the lenses are, but may have been cut by a failure of
 * power, or be about other lenses: nothing in it is believed that its hash does not cover, and
 * the hash covers what the directories of lenses hold as well.
 */
#include "monitor/lens_memo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/policy.h"
#include "common/trail.h"
#include "config.h"
#include "monitor/state.h"

#define FILE_NAME "lenses"

/* Longer than any file system's clock stands still. */
enum { SETTLED_SECONDS = 2 };

enum { TEXT_MAX = 64 << 10, HEAD_SIZE = TRAIL_HASH_SIZE };

struct lens_memo {
	int fd;
	char lenses[TRAIL_HASH_SIZE]; /* what the directories hold */
	bool settled;                 /* ... and have held for a while */
	char text[TEXT_MAX];          /* a line each: lens, blank, path */
	size_t length;
	bool changed;
};

/* ---- what the directories hold ------------------------------------------------------ */

static int is_lens(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".aug") == 0;
}

struct look {
	SHA2_CTX context;
	time_t newest; /* when the last of the lenses was changed */
};

static void add_time(SHA2_CTX *context, const struct timespec *at)
{
	SHA256Update(context, (const uint8_t *)&at->tv_sec, sizeof(at->tv_sec));
	SHA256Update(context, (const uint8_t *)&at->tv_nsec, sizeof(at->tv_nsec));
}

/* Whatever is done to a file, its time of change tells; that nobody can set. */
static int add_file(struct look *look, int dir, const char *name)
{
	SHA2_CTX *context = &look->context;
	struct stat st;

	if (fstatat(dir, name, &st, 0) < 0)
		return -errno;
	SHA256Update(context, (const uint8_t *)name, strlen(name) + 1);
	SHA256Update(context, (const uint8_t *)&st.st_ino, sizeof(st.st_ino));
	SHA256Update(context, (const uint8_t *)&st.st_size, sizeof(st.st_size));
	add_time(context, &st.st_mtim);
	add_time(context, &st.st_ctim);
	if (st.st_ctim.tv_sec > look->newest)
		look->newest = st.st_ctim.tv_sec;
	return 0;
}

static int add_directory(struct look *look, const char *path)
{
	scoped_fd dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **entries = NULL;
	int count = dir < 0 ? -1 : scandirat(dir, ".", &entries, is_lens, alphasort);
	/* one that is not there holds none */
	int r = count < 0 && errno != ENOENT ? -errno : 0;

	SHA256Update(&look->context, (const uint8_t *)path, strlen(path) + 1);
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = add_file(look, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/*
 * One that was changed just now may be changed once more, and its time stay the same: what is found
 * out then is not kept.
 */
static int look_at_lenses(struct lens_memo *memo, const char *lens_path, time_t now)
{
	scoped_ptr char *paths = strdup(lens_path);
	char *rest = paths;
	const char *path;
	struct look look = { .newest = 0 };
	int r = paths ? 0 : -ENOMEM;

	SHA256Init(&look.context);
	/* another version may ask otherwise */
	SHA256Update(&look.context, (const uint8_t *)PACKAGE_VERSION, sizeof(PACKAGE_VERSION));
	while (r == 0 && (path = strsep(&rest, ":")))
		r = add_directory(&look, path);
	SHA256End(&look.context, memo->lenses);
	memo->settled = now - look.newest >= SETTLED_SECONDS;
	return r;
}

/* ---- the file ------------------------------------------------------------------------ */

static void hash_of(const struct lens_memo *memo, char text[static TRAIL_HASH_SIZE])
{
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)memo->lenses, sizeof(memo->lenses));
	SHA256Update(&context, (const uint8_t *)memo->text, memo->length);
	SHA256End(&context, text);
}

/* Nothing is known if it is not whole, or about what the lenses were before. */
static void read_file(struct lens_memo *memo)
{
	char head[HEAD_SIZE], wanted[TRAIL_HASH_SIZE];
	ssize_t n = pread(memo->fd, head, sizeof(head), 0);

	if (n != (ssize_t)sizeof(head) || head[HEAD_SIZE - 1] != '\n')
		return;
	n = pread(memo->fd, memo->text, sizeof(memo->text), HEAD_SIZE);
	memo->length = n > 0 ? (size_t)n : 0;
	hash_of(memo, wanted);
	if (memcmp(head, wanted, HEAD_SIZE - 1) != 0)
		memo->length = 0;
}

static void write_file(struct lens_memo *memo)
{
	char head[TRAIL_HASH_SIZE];

	hash_of(memo, head);
	head[HEAD_SIZE - 1] = '\n';
	/* one that is written in part, or by two at once, is not whole */
	if (pwrite(memo->fd, head, HEAD_SIZE, 0) == (ssize_t)HEAD_SIZE &&
	    pwrite(memo->fd, memo->text, memo->length, HEAD_SIZE) == (ssize_t)memo->length)
		(void)!ftruncate(memo->fd, HEAD_SIZE + (off_t)memo->length);
}

struct lens_memo *lens_memo_open(int state_fd, const char *lens_path, time_t now)
{
	scoped_ptr struct lens_memo *memo = calloc(1, sizeof(*memo));

	if (!memo || state_fd < 0 || look_at_lenses(memo, lens_path, now) < 0)
		return NULL;
	memo->fd = state_file_open(state_fd, FILE_NAME);
	if (memo->fd < 0)
		return NULL;
	read_file(memo);
	return take_ptr(memo);
}

struct lens_memo *lens_memo_close(struct lens_memo *memo)
{
	if (!memo)
		return NULL;
	if (memo->changed && memo->settled)
		write_file(memo);
	close_fd(memo->fd);
	free(memo);
	return NULL;
}

/* ---- its lines ----------------------------------------------------------------------- */

char *lens_memo_find(const struct lens_memo *memo, const char *path)
{
	const char *line = memo ? memo->text : NULL, *end, *blank;
	size_t left = memo ? memo->length : 0, length = strlen(path);

	for (; left > 0 && (end = memchr(line, '\n', left)); line = end + 1) {
		left -= (size_t)(end - line) + 1;
		blank = memchr(line, ' ', (size_t)(end - line));
		if (blank && (size_t)(end - blank - 1) == length &&
		    memcmp(blank + 1, path, length) == 0)
			return strndup(line, (size_t)(blank - line));
	}
	return NULL;
}

void lens_memo_note(struct lens_memo *memo, const char *path, const char *lens)
{
	size_t room = memo ? sizeof(memo->text) - memo->length : 0;
	int length;

	if (!memo || policy_lens_fault(lens) || strchr(path, '\n'))
		return;
	length = snprintf(memo->text + memo->length, room, "%s %s\n", lens, path);
	if (length < 0 || (size_t)length >= room)
		return;
	memo->length += (size_t)length;
	memo->changed = true;
}
