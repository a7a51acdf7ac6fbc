/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The directory is root's alone; what else somebody has put there is passed
 * over.
 */
#include "monitor/history/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"

#define DIRECTORY "history"

enum { DIGITS = 10, NAME_SIZE = DIGITS + 1 };

static void name_of(uint32_t number, char name[static NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%0*u", DIGITS, number);
}

/* 0 for what is no such name. */
static uint32_t number_of(const char *name)
{
	unsigned long long number;

	if (strlen(name) != DIGITS || strspn(name, "0123456789") != DIGITS)
		return 0;
	number = strtoull(name, NULL, 10);
	return number <= UINT32_MAX ? (uint32_t)number : 0;
}

static int open_directory(int state_fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(state_fd, DIRECTORY, flags);

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(state_fd, DIRECTORY, 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(state_fd, DIRECTORY, flags);
	}
	return fd < 0 ? -errno : fd;
}

static int ascending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int add_number(uint32_t **numbers, size_t *count, uint32_t number)
{
	/* room doubles: it is full whenever the number is a power of two */
	if ((*count & (*count - 1)) == 0) {
		uint32_t *longer =
			reallocarray(*numbers, *count ? 2 * *count : 1, sizeof(**numbers));

		if (!longer)
			return -ENOMEM;
		*numbers = longer;
	}
	(*numbers)[(*count)++] = number;
	return 0;
}

static int read_names(int fd, uint32_t **numbers, size_t *count)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		close_fd(fd);
		return -errno;
	}
	errno = 0;
	while (r == 0 && (entry = readdir(dir))) {
		uint32_t number = number_of(entry->d_name);

		if (number > 0)
			r = add_number(numbers, count, number);
	}
	if (r == 0 && errno != 0)
		r = -errno;
	closedir(dir);
	return r;
}

int history_list(int state_fd, uint32_t **ret_numbers, size_t *ret_count)
{
	scoped_ptr uint32_t *numbers = NULL;
	size_t count = 0;
	int fd = open_directory(state_fd);
	int r = fd < 0 ? fd : read_names(fd, &numbers, &count);

	if (r < 0)
		return r;
	if (count > 0)
		qsort(numbers, count, sizeof(*numbers), ascending);
	*ret_numbers = take_ptr(numbers);
	*ret_count = count;
	return 0;
}

int history_next(int state_fd, uint32_t *ret_number)
{
	scoped_ptr uint32_t *numbers = NULL;
	size_t count = 0;
	int r = history_list(state_fd, &numbers, &count);

	if (r < 0)
		return r;
	if (count > 0 && numbers[count - 1] == UINT32_MAX)
		return -EOVERFLOW;
	*ret_number = count ? numbers[count - 1] + 1 : 1;
	return 0;
}

int history_add(int state_fd, const char *name, uint32_t number)
{
	scoped_fd directory = open_directory(state_fd);
	char entry[NAME_SIZE];

	if (directory < 0)
		return directory;
	name_of(number, entry);
	if (renameat2(state_fd, name, directory, entry, RENAME_NOREPLACE) < 0)
		return -errno;
	return 0;
}

int history_open(int state_fd, uint32_t number)
{
	scoped_fd directory = open_directory(state_fd);
	char entry[NAME_SIZE];
	int fd;

	if (directory < 0)
		return directory;
	name_of(number, entry);
	fd = openat(directory, entry, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Walks from the newest to the oldest; the first that is too much, and all before it, go. */
int history_prune(int state_fd, const struct history_limits *limits, uint32_t kept)
{
	scoped_ptr uint32_t *numbers = NULL;
	scoped_fd directory = open_directory(state_fd);
	size_t count = 0;
	uint64_t bytes = 0, now = (uint64_t)time(NULL);
	bool full = false;
	int r = directory < 0 ? directory : history_list(state_fd, &numbers, &count);

	for (size_t i = count; r == 0 && i-- > 0;) {
		char entry[NAME_SIZE];
		struct stat st;

		name_of(numbers[i], entry);
		if (fstatat(directory, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		bytes += (uint64_t)st.st_size;
		if (numbers[i] >= kept)
			continue;
		full = full || count - i > limits->count || bytes > limits->bytes ||
		       now > (uint64_t)st.st_mtim.tv_sec + limits->seconds;
		if (full && unlinkat(directory, entry, 0) < 0)
			r = -errno;
	}
	return r;
}
