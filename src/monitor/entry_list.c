/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Walks only directories that the entry's
 * pattern names, beneath the held root and over no symbolic link. The names
 * found are whatever somebody put there and go on as bytes.
 */
#include "monitor/entry_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/glob.h"
#include "common/memfd.h"
#include "common/root_open.h"

int entry_join(const char *pattern, const char *name, char **ret_path)
{
	scoped_ptr char *path = NULL;

	if (!glob_has_wildcard(pattern)) {
		if (name[0] != '\0')
			return -EPROTO;
		path = strdup(pattern);
		if (!path)
			return -ENOMEM;
	} else {
		if (name[0] == '\0' || name[0] == '/')
			return -EPROTO;
		if (asprintf(&path, "%.*s/%s", (int)glob_fixed_length(pattern), pattern, name) < 0)
			return -ENOMEM;
	}
	*ret_path = take_ptr(path);
	return 0;
}

struct walk {
	const struct policy *policy;
	uint32_t entry;
	size_t skip; /* bytes of each path before its name */
	char *name[ENTRY_NAMES_MAX];
	uint32_t count;
};

static int add_name(struct walk *walk, const char *path)
{
	if (policy_find_file(walk->policy, path) != (ssize_t)walk->entry)
		return 0;
	if (walk->count == ENTRY_NAMES_MAX)
		return -E2BIG;
	walk->name[walk->count] = strdup(path + walk->skip);
	if (!walk->name[walk->count])
		return -ENOMEM;
	walk->count++;
	return 0;
}

/* Nothing is there, or a link, which is not followed; any other error is one of the list. */
static bool is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

static int walk_directory(struct walk *walk, int parent, const char *name, const char *path,
			  const char *rest);

static int visit(struct walk *walk, int dir, const char *path, const char *name,
		 const char *pattern)
{
	const char *end = strchrnul(pattern, '/');
	scoped_ptr char *component = strndup(pattern, (size_t)(end - pattern));
	scoped_ptr char *below = NULL;
	struct stat st;

	if (!component || asprintf(&below, "%s/%s", path, name) < 0)
		return -ENOMEM;
	if (!glob_match_path(component, name))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return is_absent(errno) ? 0 : -errno;
	if (*end == '\0')
		return S_ISREG(st.st_mode) ? add_name(walk, below) : 0;
	return S_ISDIR(st.st_mode) ? walk_directory(walk, dir, name, below, end + 1) : 0;
}

/* Depth is that of the pattern, which the administrator wrote. */
static int walk_directory(struct walk *walk, int parent, const char *name, const char *path,
			  const char *rest)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *item;

	if (!dir) {
		r = is_absent(errno) ? 0 : -errno;
		close_fd(fd);
		return r;
	}
	/* the end and a failure look the same but for errno, which a visit may set */
	while (r == 0 && (errno = 0, item = readdir(dir)))
		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
			r = visit(walk, dirfd(dir), path, item->d_name, rest);
	if (r == 0)
		r = -errno;
	closedir(dir);
	return r;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int write_names(const struct walk *walk, int *ret_memfd)
{
	scoped_ptr char *text = NULL;
	scoped_file *out = NULL;
	size_t size = 0;
	int fd;

	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < walk->count; i++)
		fwrite(walk->name[i], 1, strlen(walk->name[i]) + 1, out);
	if (fclose(take_ptr(out)) != 0)
		return -ENOMEM;
	fd = memfd_of("exmachina-names", text, size);
	if (fd < 0)
		return fd;
	*ret_memfd = fd;
	return 0;
}

int entry_list(int root_fd, const struct policy *policy, uint32_t entry, int *ret_memfd,
	       uint32_t *ret_count)
{
	const char *pattern = policy->files[entry].path;
	scoped_ptr char *fixed = strndup(pattern, glob_fixed_length(pattern));
	scoped_ptr struct walk *walk = calloc(1, sizeof(*walk));
	scoped_fd dir = -1;
	int r = 0;

	if (!fixed || !walk)
		return -ENOMEM;
	walk->policy = policy;
	walk->entry = entry;
	walk->skip = strlen(fixed) + 1;
	dir = root_open_plain(root_fd, fixed[0] ? fixed + 1 : ".", O_PATH | O_DIRECTORY);
	if (dir >= 0)
		r = walk_directory(walk, dir, ".", fixed, pattern + walk->skip);
	else if (!is_absent(-dir))
		r = dir;
	qsort(walk->name, walk->count, sizeof(walk->name[0]), by_bytes);
	if (r == 0)
		r = write_names(walk, ret_memfd);
	if (r == 0)
		*ret_count = walk->count;
	for (uint32_t i = 0; i < walk->count; i++)
		free(walk->name[i]);
	return r;
}
