/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client, mostly as root. Opens the files of an audit
 * trail for reading and changes nothing. Files that are named may be anybody's.
 */
#include "cli/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

enum { LOCK_TRIES = 2000, LOCK_PAUSE_NSEC = 1000000 };

void log_files_clear(struct log_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		close_fd(files->fd[i]);
		free(files->path[i]);
	}
	files->count = 0;
}

static enum status failed(const struct cli *cli, const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return report_wrong(cli, STATUS_DENIED, "%s: %s; the audit trail is root's to read",
				    path, strerror(error));
	return report_wrong(cli, STATUS_FAILED, "%s: %s", path,
			    error == EINVAL ? "not a regular file" : strerror(error));
}

/* 0 with a regular file, or an errno. */
static int open_regular(int directory, const char *path, int flags, int *ret_fd)
{
	scoped_fd fd =
		openat(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return EINVAL;
	*ret_fd = take_fd(&fd);
	return 0;
}

static void keep(struct log_files *files, int fd, const char *path)
{
	files->fd[files->count] = fd;
	files->path[files->count++] = call_memory(strdup(path));
}

/* While it is held nobody writes or rotates; a writer holds it for less than a millisecond. */
static bool lock(int fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NSEC };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_SH | LOCK_NB) == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static enum status open_all(const struct cli *cli, int directory, struct log_files *files)
{
	for (unsigned int number = TRAIL_FILES_KEPT + 1; number-- > 0;) {
		char name[TRAIL_NAME_SIZE], path[sizeof(STATEDIR) + TRAIL_NAME_SIZE];
		int fd, error;

		trail_name(number, name);
		snprintf(path, sizeof(path), STATEDIR "/%s", name);
		error = open_regular(directory, name, O_NOFOLLOW, &fd);
		if (error == 0)
			keep(files, fd, path);
		else if (error != ENOENT)
			return failed(cli, path, error);
	}
	return STATUS_DONE;
}

enum status log_files_of_system(const struct cli *cli, struct log_files *files)
{
	scoped_fd directory = open(STATEDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped_fd head = -1;
	enum status status;
	int error;

	if (directory < 0)
		return failed(cli, STATEDIR, errno);
	error = open_regular(directory, TRAIL_HEAD, O_NOFOLLOW, &head);
	if (error != 0 && error != ENOENT)
		return failed(cli, STATEDIR "/" TRAIL_HEAD, error);
	if (error == 0 && !lock(head))
		return report_wrong(cli, STATUS_FAILED,
				    STATEDIR "/" TRAIL_HEAD ": a writer keeps it locked");
	files->has_head = error == 0 && trail_head_read(head, &files->head) == 0;
	status = open_all(cli, directory, files);
	if (status == STATUS_DONE && files->count == 0)
		return failed(cli, STATEDIR "/" TRAIL_FILE, ENOENT);
	return status;
}

/* 0: it has none. */
static uint64_t first_number(int fd)
{
	scoped_trail reader = trail_reader_of(fd, 0);
	struct export_record record;
	const char *bytes;
	uint64_t number;

	if (trail_next(&reader, &record, &bytes) <= 0 ||
	    !export_number(export_find(&record, TRAIL_NUMBER), &number))
		return 0;
	return number;
}

static void swap(struct log_files *files, uint64_t *numbers, size_t a, size_t b)
{
	uint64_t number = numbers[a];
	char *path = files->path[a];
	int fd = files->fd[a];

	numbers[a] = numbers[b];
	files->path[a] = files->path[b];
	files->fd[a] = files->fd[b];
	numbers[b] = number;
	files->path[b] = path;
	files->fd[b] = fd;
}

/* A shell names audit before audit.1, and audit.10 before audit.2. */
static void sort(struct log_files *files)
{
	uint64_t numbers[LOG_FILES_MAX];

	for (size_t i = 0; i < files->count; i++) {
		numbers[i] = first_number(files->fd[i]);
		if (numbers[i] == 0)
			return;
	}
	for (size_t i = 1; i < files->count; i++)
		for (size_t k = i; k > 0 && numbers[k] < numbers[k - 1]; k--)
			swap(files, numbers, k, k - 1);
}

static void find_head(struct log_files *files)
{
	scoped_ptr char *path = NULL;
	scoped_fd fd = -1;

	if (asprintf(&path, "%s.head", files->path[files->count - 1]) < 0)
		path = call_memory(NULL);
	files->has_head =
		open_regular(AT_FDCWD, path, 0, &fd) == 0 && trail_head_read(fd, &files->head) == 0;
}

enum status log_files_named(const struct cli *cli, int argc, char **argv, struct log_files *files)
{
	for (size_t i = 0; i < cli->text_count + (size_t)argc; i++) {
		const char *path =
			i < cli->text_count ? cli->texts[i].text : argv[i - cli->text_count];
		int fd, error;

		if (files->count == CLI_TEXTS_MAX)
			return report_wrong(cli, STATUS_USAGE, "log: more than %d files",
					    CLI_TEXTS_MAX);
		error = open_regular(AT_FDCWD, path, 0, &fd);
		if (error != 0)
			return failed(cli, path, error);
		keep(files, fd, path);
	}
	sort(files);
	find_head(files);
	return STATUS_DONE;
}
