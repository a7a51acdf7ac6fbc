/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Scripts and links are the administrator's. A
 * file with a process ID may be a daemon's own: what it says is looked at, told, and
 * nothing is done with it.
 */
#include "monitor/initd/initd_script.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/root_open.h"

#define SUFFIX ".service"
#define PID_SUFFIX ".pid"
#define PATH_CHARACTERS \
	"/.-_+@" \
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { SCRIPT_SIZE_MAX = 256 << 10, PIDFILE_CONTENT_MAX = 64, PATH_SIZE = 320 };

bool initd_script_name(const char *unit, char name[static INITD_NAME_SIZE])
{
	size_t length = strlen(unit), suffix = strlen(SUFFIX);

	if (length <= suffix || length - suffix >= INITD_NAME_SIZE ||
	    strcmp(unit + length - suffix, SUFFIX) != 0 || strchr(unit, '/'))
		return false;
	memcpy(name, unit, length - suffix);
	name[length - suffix] = '\0';
	return true;
}

/* A regular file as a new string. 0 or -errno. */
static int read_file(int fd, size_t max, char **ret_text)
{
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return fd_read_text(fd, max, ret_text, NULL);
}

/*
 * Scripts without this action end with whatever their usage text ends with, often 3,
 * which would mean "stopped". service(8) looks into them in the same way.
 */
static bool has_status(const char *text)
{
	if (strstr(text, "init-d-script"))
		return true;
	for (const char *at = text; (at = strstr(at, "status")); at++) {
		char before = at == text ? '\n' : at[-1];
		const char *after = at + strlen("status");

		if (isalnum((unsigned char)before) || before == '_' || before == '-')
			continue;
		after += strspn(after, "\"' \t");
		if (*after == ')' || *after == '|')
			return true;
	}
	return false;
}

/* Every path in its text that ends as such files do. */
static void find_pidfiles(const char *text, struct initd_script *script)
{
	while (*text && script->pidfile_count < INITD_PIDFILES_MAX) {
		size_t length = strspn(text, PATH_CHARACTERS), suffix = strlen(PID_SUFFIX);

		if (length == 0) {
			text++;
			continue;
		}
		/* behind '$', '}' or '~' it is the rest of one that only the shell knows */
		if (text[0] == '/' && length > suffix && length < INITD_PIDFILE_SIZE &&
		    strncmp(text + length - suffix, PID_SUFFIX, suffix) == 0)
			snprintf(script->pidfiles[script->pidfile_count++], INITD_PIDFILE_SIZE,
				 "%.*s", (int)length, text);
		text += length;
		if (*text == '$' || *text == '{' || *text == '}' || *text == '~')
			text += 1 + strspn(text + 1, PATH_CHARACTERS "$}");
	}
}

void initd_script_look(const char *text, struct initd_script *ret_script)
{
	*ret_script = (struct initd_script){ .has_status = has_status(text) };
	find_pidfiles(text, ret_script);
}

int initd_script_read(int root_fd, const char *name, struct initd_script *ret_script)
{
	scoped_ptr char *text = NULL;
	char path[PATH_SIZE];
	scoped_fd fd = -1;
	int r;

	snprintf(path, sizeof(path), "etc/init.d/%s", name);
	fd = root_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	r = read_file(fd, SCRIPT_SIZE_MAX, &text);
	if (r < 0)
		return r;
	initd_script_look(text, ret_script);
	return 0;
}

/* 0: no such file, or no such process. */
static uint32_t read_pid(int root_fd, const char *path)
{
	scoped_fd fd = root_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	scoped_ptr char *text = NULL;
	char *end;
	long pid;

	if (read_file(fd, PIDFILE_CONTENT_MAX, &text) < 0)
		return 0;
	pid = strtol(text, &end, 10);
	if (end == text || pid <= 1 || pid > INT32_MAX)
		return 0;
	return kill((pid_t)pid, 0) == 0 || errno == EPERM ? (uint32_t)pid : 0;
}

uint32_t initd_script_main_pid(int root_fd, const char *name, const struct initd_script *script)
{
	char path[2 * PATH_SIZE];
	uint32_t pid;

	snprintf(path, sizeof(path), "run/%s.pid", name);
	pid = read_pid(root_fd, path);
	snprintf(path, sizeof(path), "run/%s/%s.pid", name, name);
	if (pid == 0)
		pid = read_pid(root_fd, path);
	for (size_t i = 0; pid == 0 && i < script->pidfile_count; i++)
		pid = read_pid(root_fd, script->pidfiles[i]);
	return pid;
}

/* The link of one runlevel, if it has one: S or K, two digits, the name. */
static void find_link(int root_fd, char level, const char *name, char *links)
{
	char path[] = "etc/rc?.d";
	const struct dirent *entry;
	int fd;
	DIR *dir;

	path[strlen("etc/rc")] = level;
	fd = root_open(root_fd, path, O_RDONLY | O_DIRECTORY);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		close_fd(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		const char *link = entry->d_name;
		size_t used = strlen(links);

		if ((link[0] == 'S' || link[0] == 'K') && isdigit((unsigned char)link[1]) &&
		    isdigit((unsigned char)link[2]) && strcmp(link + 3, name) == 0)
			snprintf(links + used, INITD_LINKS_SIZE - used, "/%s/%s\n", path, link);
	}
	closedir(dir);
}

void initd_script_links(int root_fd, const char *name, char links[static INITD_LINKS_SIZE])
{
	links[0] = '\0';
	for (const char *level = "0123456S"; *level; level++)
		find_link(root_fd, *level, name, links);
}

bool initd_links_enabled(const char *links)
{
	static const char *const starts[] = { "/rc2.d/S", "/rc3.d/S", "/rc4.d/S", "/rc5.d/S",
					      "/rcS.d/S" };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (strstr(links, starts[i]))
			return true;
	return false;
}

static bool has_line(const char *lines, const char *line, size_t length)
{
	/* the last one may have been cut, and its end with it */
	for (const char *end; (end = strchr(lines, '\n')); lines = end + 1)
		if ((size_t)(end - lines) == length && memcmp(lines, line, length) == 0)
			return true;
	return false;
}

/* The lines of `from` that are not in `other`. */
static void add_missing(const char *from, const char *other, const char *word, char *changes)
{
	for (size_t length; (length = strcspn(from, "\n")) > 0 && from[length] == '\n';
	     from += length + 1) {
		size_t used = strlen(changes);

		if (!has_line(other, from, length))
			snprintf(changes + used, MESSAGE_CHANGES_MAX + 1 - used, "%s%s %.*s",
				 used ? "\n" : "", word, (int)length, from);
	}
}

void initd_links_compare(const char *before, const char *after,
			 char changes[static MESSAGE_CHANGES_MAX + 1])
{
	changes[0] = '\0';
	add_missing(before, after, "unlink", changes);
	add_missing(after, before, "symlink", changes);
}
