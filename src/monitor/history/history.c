/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The directory is root's alone, which is asked of it; what else somebody of
 * root's has put there is passed over, and never followed.
 */
#include "monitor/history/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memfd.h"
#include "monitor/journal/journal_entry.h"

#define DIRECTORY "history"
#define PREPARED "prepared"
#define LAST "last"

enum { NAME_SIZE = 24, COPY_MAX = INT32_MAX };

static void name_of(uint64_t number, char name[static NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%" PRIu64, number);
}

/* 0 for what is no such name. */
static uint64_t number_of(const char *name)
{
	size_t length = strlen(name);
	uint64_t number;

	if (length == 0 || length > 19 || name[0] == '0' || strspn(name, "0123456789") != length)
		return 0;
	number = strtoull(name, NULL, 10);
	return number <= HISTORY_LAST_MAX ? number : 0;
}

static int sync_directory(int dir)
{
	return fsync(dir) < 0 ? -errno : 0;
}

/* ---- the directory ---------------------------------------------------------------- */

int history_open(int state_fd)
{
	scoped_fd dir =
		openat(state_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (dir < 0 || fstat(dir, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || st.st_mode & (S_IRWXG | S_IRWXO))
		return -EPERM;
	return take_fd(&dir);
}

int history_make(int state_fd)
{
	int dir = history_open(state_fd), r;

	if (dir != -ENOENT)
		return dir;
	if (mkdirat(state_fd, DIRECTORY, 0700) < 0 && errno != EEXIST)
		return -errno;
	r = fsync(state_fd) < 0 ? -errno : 0;
	return r < 0 ? r : history_open(state_fd);
}

static int ascending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int add_number(uint64_t **numbers, size_t *count, uint64_t number)
{
	/* room doubles: it is full whenever the count is a power of two */
	if ((*count & (*count - 1)) == 0) {
		uint64_t *longer =
			reallocarray(*numbers, *count ? 2 * *count : 1, sizeof(**numbers));

		if (!longer)
			return -ENOMEM;
		*numbers = longer;
	}
	(*numbers)[(*count)++] = number;
	return 0;
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static int read_names(int dir, uint64_t **numbers, size_t *count)
{
	int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped(close_directory) DIR *directory = own < 0 ? NULL : fdopendir(own);
	const struct dirent *entry;
	int r = 0;

	if (!directory) {
		r = -errno;
		close_fd(own);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(directory))) {
		uint64_t number = number_of(entry->d_name);

		if (number > 0)
			r = add_number(numbers, count, number);
	}
	return r == 0 && errno != 0 ? -errno : r;
}

int history_numbers(int dir, uint64_t **ret_numbers, size_t *ret_count)
{
	scoped_ptr uint64_t *numbers = NULL;
	size_t count = 0;
	int r = read_names(dir, &numbers, &count);

	if (r < 0)
		return r;
	if (count > 0)
		qsort(numbers, count, sizeof(*numbers), ascending);
	*ret_numbers = take_ptr(numbers);
	*ret_count = count;
	return 0;
}

/* ---- files in it ------------------------------------------------------------------ */

static int open_own(int dir, const char *name)
{
	scoped_fd fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_nlink > 1 ||
	    st.st_mode & (S_IRWXG | S_IRWXO))
		return -EPERM;
	return take_fd(&fd);
}

int history_revision(int dir, uint64_t number)
{
	char name[NAME_SIZE];

	name_of(number, name);
	return open_own(dir, name);
}

/* An empty file of that name, whatever was there. A descriptor or -errno. */
static int make_file(int dir, const char *name)
{
	int fd;

	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* ---- the highest number ----------------------------------------------------------- */

/* 0 if no file says it. */
static int read_last(int dir, uint64_t *ret_number)
{
	scoped_fd fd = open_own(dir, LAST);
	scoped_ptr char *text = NULL;
	uint64_t number;
	int r;

	*ret_number = 0;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = fd_read_text(fd, NAME_SIZE, &text, NULL);
	if (r < 0)
		return r == -EFBIG ? -EBADMSG : r;
	text[strcspn(text, "\n")] = '\0';
	number = number_of(text);
	if (number == 0)
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

/* On disk, before the revision goes that has shown it until now. */
static int write_last(int dir, uint64_t number)
{
	scoped_fd fd = make_file(dir, LAST ".new");
	char text[NAME_SIZE];
	int r;

	if (fd < 0)
		return fd;
	name_of(number, text);
	r = fd_write_all(fd, text, strlen(text));
	if (r < 0)
		return r;
	if (fsync(fd) < 0 || renameat(dir, LAST ".new", dir, LAST) < 0)
		return -errno;
	return sync_directory(dir);
}

int history_next(int dir, uint64_t *ret_number)
{
	scoped_ptr uint64_t *numbers = NULL;
	uint64_t highest;
	size_t count = 0;
	int r = read_last(dir, &highest);

	if (r == 0)
		r = history_numbers(dir, &numbers, &count);
	if (r < 0)
		return r;
	if (count > 0 && numbers[count - 1] > highest)
		highest = numbers[count - 1];
	if (highest >= HISTORY_LAST_MAX)
		return -EOVERFLOW;
	*ret_number = highest + 1;
	return 0;
}

/* ---- adding ----------------------------------------------------------------------- */

/* Whole, but not on disk yet. */
static int copy_entry(int journal, int copy)
{
	int r = fd_copy(journal, copy, COPY_MAX, NULL);

	return r == 0 ? journal_entry_set_phase(copy, JOURNAL_OVER) : r;
}

int history_prepare(int dir, int journal)
{
	scoped_fd copy = make_file(dir, PREPARED);
	int r = copy < 0 ? copy : copy_entry(journal, copy);

	if (r < 0)
		history_drop(dir);
	return r;
}

int history_add(int dir, uint64_t number)
{
	char name[NAME_SIZE];

	name_of(number, name);
	if (renameat2(dir, PREPARED, dir, name, RENAME_NOREPLACE) < 0) {
		if (errno != EEXIST)
			return -errno;
		history_drop(dir);
	}
	return 0;
}

int history_sync(int dir, uint64_t number)
{
	scoped_fd revision = history_revision(dir, number);

	/* one that is not to be kept was pruned already */
	if (revision < 0 && revision != -ENOENT)
		return revision;
	if (revision >= 0 && fsync(revision) < 0)
		return -errno;
	return sync_directory(dir);
}

void history_drop(int dir)
{
	/* if that fails: the next one to prepare takes it away as well */
	if (unlinkat(dir, PREPARED, 0) == 0)
		(void)!sync_directory(dir);
}

/* A failure of power may have left the name with some of the bytes. 1, 0 or -errno. */
static int is_whole(int revision, int journal)
{
	scoped_fd wanted = memfd_new("exmachina-revision");
	int r = wanted < 0 ? wanted : copy_entry(journal, wanted);

	return r < 0 ? r : fd_same_content(revision, wanted);
}

static int replace_revision(int dir, int journal, uint64_t number)
{
	char name[NAME_SIZE];
	int r = history_prepare(dir, journal);

	name_of(number, name);
	return r == 0 && renameat(dir, PREPARED, dir, name) < 0 ? -errno : r;
}

int history_complete(int dir, int journal, uint64_t number)
{
	scoped_fd there = history_revision(dir, number);
	int r = there == -ENOENT ? 0 : there < 0 ? there : is_whole(there, journal);

	if (r == 0)
		r = replace_revision(dir, journal, number);
	return r < 0 ? r : history_sync(dir, number);
}

/* ---- pruning ---------------------------------------------------------------------- */

static int remove_revision(int dir, const uint64_t *numbers, size_t count, size_t index)
{
	char name[NAME_SIZE];
	int r = index == count - 1 ? write_last(dir, numbers[index]) : 0;

	if (r < 0)
		return r;
	name_of(numbers[index], name);
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static bool is_old(const struct stat *st, uint64_t seconds)
{
	time_t now = time(NULL);

	return seconds > 0 && now > st->st_mtim.tv_sec &&
	       (uint64_t)(now - st->st_mtim.tv_sec) > seconds;
}

/* From the newest to the oldest: the first that is too much, and all before it, go. */
int history_prune(int dir, const struct policy_history *limits, uint64_t keep_from)
{
	scoped_ptr uint64_t *numbers = NULL;
	uint64_t bytes = 0;
	size_t count = 0;
	bool full = false;
	int r = history_numbers(dir, &numbers, &count);

	for (size_t i = count; r == 0 && i-- > 0;) {
		char name[NAME_SIZE];
		struct stat st;

		name_of(numbers[i], name);
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			r = errno == ENOENT ? 0 : -errno;
			continue;
		}
		bytes += (uint64_t)st.st_size;
		if (numbers[i] >= keep_from)
			continue;
		full = full || count - i > limits->count || bytes > limits->bytes ||
		       is_old(&st, limits->seconds);
		if (full)
			r = remove_revision(dir, numbers, count, i);
	}
	return r;
}
