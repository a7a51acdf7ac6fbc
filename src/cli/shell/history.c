/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. The file belongs to the user, whose environment says where it
 * is; what is found there is only ever lines that he may bring back.
 */
#include "cli/shell/history.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"

enum { FILE_MAX = 1 << 20, PATH_LENGTH_MAX = 4096 };

static int file_path(char *path, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int length = -1;

	/* a relative one is to be ignored, as its specification has it */
	if (state && *state == '/')
		length = snprintf(path, size, "%s/exmachina/history", state);
	else if (home && *home == '/')
		length = snprintf(path, size, "%s/.local/state/exmachina/history", home);
	return length < 0 || (size_t)length >= size ? -ENOENT : 0;
}

/* Directories that are missing are made, for the user alone. */
static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}

static int open_own(const char *path)
{
	scoped_fd fd =
		open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return -1;
	if ((st.st_mode & 0777) != 0600 && fchmod(fd, 0600) < 0)
		return -1;
	return take_fd(&fd);
}

/* Where the last lines begin, of those that are whole. */
static char *last_lines(char *text)
{
	char *at = strrchr(text, '\n');
	int lines = 0;

	if (!at)
		return text;
	at[1] = '\0';
	while (at > text)
		if (*--at == '\n' && ++lines == SHELL_HISTORY_LINES)
			return at + 1;
	return text;
}

/* What is more than is brought back is dropped. */
static void shorten(int fd, const char *kept)
{
	/* where there is no room for all of them some are lost */
	if (ftruncate(fd, 0) == 0)
		(void)!fd_write_all(fd, kept, strlen(kept));
}

int shell_history_open(void (*have)(const char *line, void *data), void *data)
{
	char path[PATH_LENGTH_MAX];
	scoped_ptr char *text = NULL;
	scoped_fd fd = -1;
	char *rest, *line;
	size_t length;

	if (file_path(path, sizeof(path)) < 0)
		return -1;
	make_directories(path);
	fd = open_own(path);
	if (fd < 0)
		return -1;
	if (fd_read_text(fd, FILE_MAX, &text, &length) < 0) {
		shorten(fd, "");
		return take_fd(&fd);
	}
	rest = last_lines(text);
	if (rest != text)
		shorten(fd, rest);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			have(line, data);
	return take_fd(&fd);
}

void shell_history_add(int fd, const char *line)
{
	scoped_ptr char *text = NULL;

	/* at once, so that two shells do not mix their lines */
	if (fd >= 0 && asprintf(&text, "%s\n", line) > 0)
		(void)!fd_write_all(fd, text, strlen(text));
}
