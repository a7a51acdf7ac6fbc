/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. The files are journald's and are trusted; what
 * services wrote into them is not, and is bounded here. Only fields that
 * journald itself sets (with an underscore) tell who wrote an entry.
 */
#include "monitor/systemd/unit_journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/root_open.h"
#include "monitor/text.h"

enum {
	MACHINE_ID_LENGTH = 32, /* hexadecimal digits */
	FIELD_MAX = 65536,      /* bytes of a compressed field that are unpacked */
};

struct journal_file {
	int fd;
	struct timespec written;
};

/* The newest ones that were found. */
struct journal_files {
	struct journal_file file[JOURNAL_FILES_MAX];
	unsigned int count;
};

static void files_close(struct journal_files *files)
{
	while (files->count > 0)
		close_fd(files->file[--files->count].fd);
}

static void directory_close(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static bool worth_reading(const char *name, const struct stat *st, time_t oldest)
{
	size_t length = strlen(name);

	if (!S_ISREG(st->st_mode) || st->st_size == 0 || length < 8 ||
	    strcmp(name + length - 8, ".journal") != 0)
		return false;
	/* one that is not archived may be written to without its time being set */
	return !strchr(name, '@') || st->st_mtime >= oldest;
}

static bool is_older(const struct journal_file *one, const struct journal_file *other)
{
	if (one->written.tv_sec != other->written.tv_sec)
		return one->written.tv_sec < other->written.tv_sec;
	return one->written.tv_nsec < other->written.tv_nsec;
}

/* Takes the descriptor over. With all places taken the oldest one has to go. */
static void keep(struct journal_files *files, struct journal_file file)
{
	struct journal_file *place = &files->file[0];

	if (files->count < JOURNAL_FILES_MAX) {
		files->file[files->count++] = file;
		return;
	}
	for (unsigned int i = 1; i < files->count; i++)
		if (is_older(&files->file[i], place))
			place = &files->file[i];
	if (is_older(place, &file)) {
		close_fd(place->fd);
		*place = file;
	} else {
		close_fd(file.fd);
	}
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
	while ((entry = readdir(entries)) != NULL) {
		struct stat st;
		int file;

		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !worth_reading(entry->d_name, &st, oldest))
			continue;
		file = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (file >= 0)
			keep(files, (struct journal_file){ file, st.st_mtim });
	}
}

static int open_all(const struct journal_files *files, sd_journal **ret_journal)
{
	int fds[JOURNAL_FILES_MAX];

	if (files->count == 0)
		return -ENOENT;
	for (unsigned int i = 0; i < files->count; i++)
		fds[i] = files->file[i].fd;
	return sd_journal_open_files_fd(ret_journal, fds, files->count, 0);
}

/* A file that is damaged or just being made would keep the others from being read. */
static void drop_damaged(struct journal_files *files)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < files->count; i++) {
		scoped_journal *journal = NULL;
		scoped_fd copy = fcntl(files->file[i].fd, F_DUPFD_CLOEXEC, 0);

		if (copy >= 0 && sd_journal_open_files_fd(&journal, &copy, 1, 0) >= 0) {
			copy = -1;
			files->file[kept++] = files->file[i];
		} else {
			close_fd(files->file[i].fd);
		}
	}
	files->count = kept;
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

int unit_journal_open(int root_fd, const char *unit, time_t oldest, sd_journal **ret_journal)
{
	scoped(files_close) struct journal_files files = { .count = 0 };
	scoped_journal *journal = NULL;
	char id[MACHINE_ID_LENGTH + 1];
	int r = machine_id(root_fd, id);

	if (r < 0)
		return r;
	collect(root_fd, "run/log/journal", id, oldest, &files);
	collect(root_fd, "var/log/journal", id, oldest, &files);
	r = open_all(&files, &journal);
	if (r < 0 && files.count > 1) {
		drop_damaged(&files);
		r = open_all(&files, &journal);
	}
	if (r < 0)
		return r;
	files.count = 0; /* the descriptors are the journal's now */
	r = sd_journal_set_data_threshold(journal, FIELD_MAX);
	if (r >= 0)
		r = match_unit(journal, unit);
	if (r < 0)
		return r;
	*ret_journal = take_ptr(journal);
	return 0;
}

size_t unit_journal_field(sd_journal *journal, const char *name, char *text, size_t size)
{
	size_t length, skip = strlen(name) + 1;
	const void *data;

	text[0] = '\0';
	if (sd_journal_get_data(journal, name, &data, &length) < 0 || length < skip)
		return 0;
	return text_copy(text, size, (const char *)data + skip, length - skip);
}
