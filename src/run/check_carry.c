/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-run, for one check, as root. The list of mounts is the kernel's. */
#include "run/check_carry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "run/check_mount.h"

enum { CARRIED_MAX = 1024 };

void carried_clear(struct carried *carried)
{
	for (size_t i = 0; i < carried->count; i++)
		free(carried->path[i]);
	free(carried->path);
	*carried = (struct carried){ 0 };
}

/* Blanks, line feeds and backslashes are written as three octal digits. */
static void unescape(char *text)
{
	char *out = text;

	for (const char *at = text; *at;) {
		if (*at == '\\' && strspn(at + 1, "01234567") >= 3) {
			*out++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 4;
		} else {
			*out++ = *at++;
		}
	}
	*out = '\0';
}

/* What follows the directory and its '/', or NULL if it is not below it. */
static const char *below(const char *path, const char *directory)
{
	size_t length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);

	if (strncmp(path, directory, length) != 0 || path[length] != '/' || !path[length + 1])
		return NULL;
	return path + length + 1;
}

static bool is_carried(const struct carried *carried, const char *path)
{
	for (size_t i = 0; i < carried->count; i++)
		if (strcmp(carried->path[i], path) == 0 || below(path, carried->path[i]))
			return true;
	return false;
}

static int carry(struct carried *carried, const char *path)
{
	if (is_carried(carried, path))
		return 0;
	if (carried->count == CARRIED_MAX)
		return -E2BIG;
	if (!carried->path)
		carried->path = calloc(CARRIED_MAX, sizeof(*carried->path));
	if (!carried->path)
		return -ENOMEM;
	carried->path[carried->count] = strdup(path);
	return carried->path[carried->count++] ? 0 : -ENOMEM;
}

/* The fifth word of a line is where it is mounted. */
static char *mount_point(char *line)
{
	char *rest = line, *word = NULL;

	for (int i = 0; i < 5; i++)
		word = strsep(&rest, " ");
	if (word)
		unescape(word);
	return word;
}

int carry_find(int proc_fd, const char *directory, struct carried *ret_carried)
{
	scoped_carried carried = { 0 };
	scoped_fd fd = openat(proc_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	scoped_file *file = fd < 0 ? NULL : fdopen(fd, "r");
	scoped_ptr char *line = NULL;
	size_t room = 0;
	int r = 0;

	if (!file)
		return -errno;
	take_fd(&fd);
	/* a mount stands behind the one that it is in */
	while (r == 0 && getline(&line, &room, file) > 0) {
		const char *point = mount_point(line);
		const char *relative = point ? below(point, directory) : NULL;

		if (relative)
			r = carry(&carried, relative);
	}
	if (r < 0)
		return r;
	*ret_carried = carried;
	carried = (struct carried){ 0 };
	return 0;
}

int carry_over(const struct carried *carried, int from, int to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < carried->count; i++) {
		scoped_fd mount_fd = mount_clone(from, carried->path[i], true);

		r = mount_fd < 0 ? mount_fd : mount_attach(mount_fd, to, carried->path[i]);
	}
	return r;
}
