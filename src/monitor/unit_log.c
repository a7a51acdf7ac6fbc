/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. The files are journald's and are trusted; what
 * services wrote into them is not, and is bounded here. Only fields that
 * journald itself sets (with an underscore) tell who wrote an entry.
 */
#include "monitor/unit_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "common/root_open.h"
#include "monitor/text.h"

enum {
	FILES_MAX = 64,         /* journal files that are looked into */
	LINE_SIZE = 2048,       /* of one entry, if there is room */
	NAME_BYTES = 64,        /* of who wrote it */
	MTIME_SLACK = 60,       /* seconds that the time of a mapped file may lag behind */
	MACHINE_ID_LENGTH = 32, /* hexadecimal digits */
	USEC = 1000000,
};

struct journal_files {
	int fds[FILES_MAX];
	unsigned int count;
};

static void files_close(struct journal_files *files)
{
	while (files->count > 0)
		close_fd(files->fds[--files->count]);
}

static void journal_close(sd_journal **journal)
{
	if (*journal)
		sd_journal_close(*journal);
}

static void directory_close(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* Archived files that are older than the attempt can't have entries of it. */
static bool worth_reading(const char *name, const struct stat *st, time_t oldest)
{
	size_t length = strlen(name);

	if (!S_ISREG(st->st_mode) || st->st_size == 0 || length < 8 ||
	    strcmp(name + length - 8, ".journal") != 0)
		return false;
	return !strchr(name, '@') || st->st_mtime >= oldest;
}

static int machine_id(int root_fd, char ret_id[MACHINE_ID_LENGTH + 1])
{
	scoped_fd fd = root_open(root_fd, "etc/machine-id", O_RDONLY | O_NONBLOCK);
	char id[MACHINE_ID_LENGTH + 1] = "";

	if (fd < 0)
		return fd;
	if (read(fd, id, MACHINE_ID_LENGTH) != MACHINE_ID_LENGTH)
		return -ENOENT;
	if (strspn(id, "0123456789abcdef") != MACHINE_ID_LENGTH)
		return -ENOENT;
	memcpy(ret_id, id, sizeof(id));
	return 0;
}

static void collect(int root_fd, const char *directory, const char *id, time_t oldest,
		    struct journal_files *files)
{
	scoped(directory_close) DIR *entries = NULL;
	char path[64 + MACHINE_ID_LENGTH];
	const struct dirent *entry;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, id);
	fd = root_open(root_fd, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return;
	entries = fdopendir(fd);
	if (!entries) {
		close_fd(fd);
		return;
	}
	while (files->count < FILES_MAX && (entry = readdir(entries)) != NULL) {
		scoped_fd file = -1;
		struct stat st;

		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !worth_reading(entry->d_name, &st, oldest))
			continue;
		file = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (file >= 0)
			files->fds[files->count++] = take_fd(&file);
	}
}

/* A file that is damaged or just being made would keep the others from being read. */
static void drop_damaged(struct journal_files *files)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < files->count; i++) {
		scoped(journal_close) sd_journal *journal = NULL;
		scoped_fd copy = fcntl(files->fds[i], F_DUPFD_CLOEXEC, 0);

		if (copy >= 0 && sd_journal_open_files_fd(&journal, &copy, 1, 0) >= 0) {
			copy = -1;
			files->fds[kept++] = files->fds[i];
		} else {
			close_fd(files->fds[i]);
		}
	}
	files->count = kept;
}

/* The journal owns the descriptors then, and closes them. */
static int open_files(struct journal_files *files, sd_journal **ret_journal)
{
	int r = -ENOENT;

	if (files->count > 0)
		r = sd_journal_open_files_fd(ret_journal, files->fds, files->count, 0);
	if (r < 0 && files->count > 1) {
		drop_damaged(files);
		if (files->count > 0)
			r = sd_journal_open_files_fd(ret_journal, files->fds, files->count, 0);
	}
	if (r >= 0)
		files->count = 0;
	return r;
}

/*
 * One alternative after another, each of what must hold together. Entries of
 * others that only claim to be about the unit are kept out by _PID and _UID.
 */
static int match_unit(sd_journal *journal, const char *unit)
{
	static const struct {
		const char *field, *proof;
	} alternatives[] = {
		{ "_SYSTEMD_UNIT", NULL },
		{ "UNIT", "_PID=1" },
		{ "OBJECT_SYSTEMD_UNIT", "_UID=0" },
		{ "COREDUMP_UNIT", "_UID=0" },
	};
	char match[512];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(alternatives); i++) {
		int length = snprintf(match, sizeof(match), "%s=%s", alternatives[i].field, unit);

		if (length >= (int)sizeof(match))
			return -ENAMETOOLONG;
		r = sd_journal_add_match(journal, match, (size_t)length);
		if (r >= 0 && alternatives[i].proof)
			r = sd_journal_add_match(journal, alternatives[i].proof, 0);
		if (r >= 0)
			r = sd_journal_add_disjunction(journal);
	}
	return r;
}

/* The value of a field, cut to size; "" if the entry has none. Returns its length. */
static size_t field(sd_journal *journal, const char *name, char *text, size_t size)
{
	size_t length, skip = strlen(name) + 1;
	const void *data;

	text[0] = '\0';
	if (sd_journal_get_data(journal, name, &data, &length) < 0 || length < skip)
		return 0;
	return text_copy(text, size, (const char *)data + skip, length - skip);
}

/* One entry is one line, whatever is in it. */
static size_t format_line(sd_journal *journal, char *line, size_t size)
{
	char who[NAME_BYTES], pid[NAME_BYTES];
	size_t used, length;
	bool with_pid;

	if (field(journal, "SYSLOG_IDENTIFIER", who, sizeof(who)) == 0)
		field(journal, "_COMM", who, sizeof(who));
	with_pid = field(journal, "_PID", pid, sizeof(pid)) > 0;
	used = (size_t)snprintf(line, size, "%s%s%s%s: ", who, with_pid ? "[" : "", pid,
				with_pid ? "]" : "");
	length = field(journal, "MESSAGE", line + used, size - used - 1);
	while (length > 0 && line[used + length - 1] == '\n')
		length--;
	length += used;
	for (char *at = line; (at = memchr(at, '\n', length - (size_t)(at - line))) != NULL;)
		*at = ' ';
	line[length++] = '\n';
	return length;
}

/* Process 1 ends each job with an entry that carries its result. */
static bool ends_job(sd_journal *journal)
{
	char pid[8];
	const void *data;
	size_t length;

	return field(journal, "_PID", pid, sizeof(pid)) > 0 && strcmp(pid, "1") == 0 &&
	       sd_journal_get_data(journal, "JOB_RESULT", &data, &length) >= 0;
}

/*
 * From the newest entry backwards, filling the text from its end. Returns the
 * number of lines, or -ENOBUFS if lines of up to line_size bytes leave no room for as
 * many as are wanted.
 */
static int read_backwards(sd_journal *journal, uint64_t since, size_t line_size, char *text,
			  size_t size, bool *ret_ended)
{
	sd_id128_t boot, entry_boot;
	char line[LINE_SIZE];
	size_t at = size - 1;
	int lines = 0, r;

	*ret_ended = false;
	text[at] = '\0';
	r = sd_id128_get_boot(&boot);
	if (r >= 0)
		r = sd_journal_seek_tail(journal);
	while (r >= 0 && lines < UNIT_LOG_LINES && (r = sd_journal_previous(journal)) > 0) {
		uint64_t when;
		size_t length;

		r = sd_journal_get_monotonic_usec(journal, &when, &entry_boot);
		if (r < 0 || when < since || !sd_id128_equal(boot, entry_boot))
			break;
		*ret_ended = *ret_ended || ends_job(journal);
		length = format_line(journal, line, line_size);
		if (length > at)
			return -ENOBUFS;
		at -= length;
		memcpy(text + at, line, length);
		lines++;
	}
	memmove(text, text + at, size - at);
	return r < 0 ? r : lines;
}

int unit_log_read(int root_fd, const char *unit, uint64_t since, char *text, size_t size,
		  bool *ret_ended)
{
	scoped(files_close) struct journal_files files = { .count = 0 };
	scoped(journal_close) sd_journal *journal = NULL;
	char id[MACHINE_ID_LENGTH + 1];
	struct timespec now;
	time_t oldest;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &now);
	oldest = time(NULL) - (now.tv_sec - (time_t)(since / USEC)) - MTIME_SLACK;
	r = machine_id(root_fd, id);
	if (r < 0)
		return r;
	collect(root_fd, "run/log/journal", id, oldest, &files);
	collect(root_fd, "var/log/journal", id, oldest, &files);
	r = open_files(&files, &journal);
	if (r >= 0)
		r = match_unit(journal, unit);
	if (r >= 0)
		r = read_backwards(journal, since, LINE_SIZE, text, size, ret_ended);
	if (r == -ENOBUFS)
		r = read_backwards(journal, since, size / UNIT_LOG_LINES, text, size, ret_ended);
	return r;
}
