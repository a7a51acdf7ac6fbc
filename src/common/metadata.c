/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and in exmachina-run, as root, on a file that was just made. The attributes
 * of the old file are the administrator's; they are copied and not understood.
 */
#include "common/metadata.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/xattr.h>

#include "common/wire.h"

enum { MODE_BITS = 07777 };

/* Hashes and signatures of the old content; the kernel makes them anew. */
static bool belongs_to_content(const char *name)
{
	return strcmp(name, "security.ima") == 0 || strcmp(name, "security.evm") == 0;
}

/* The names one after the other, each with its NUL. A file system without attributes has none. */
static int list_names(int fd, char **ret_names, size_t *ret_size)
{
	scoped_ptr char *names = NULL;
	ssize_t size = flistxattr(fd, NULL, 0);

	if (size < 0)
		return errno == ENOTSUP ? 0 : -errno;
	if (size == 0)
		return 0;
	names = malloc((size_t)size);
	if (!names)
		return -ENOMEM;
	size = flistxattr(fd, names, (size_t)size);
	if (size < 0)
		return -errno;
	*ret_names = take_ptr(names);
	*ret_size = (size_t)size;
	return 0;
}

static int copy_one(int from, int to, const char *name)
{
	scoped_ptr char *value = NULL, *present = NULL;
	ssize_t size = fgetxattr(from, name, NULL, 0), present_size;

	if (size < 0)
		return -errno;
	value = malloc((size_t)size + 1);
	present = malloc((size_t)size + 1);
	if (!value || !present)
		return -ENOMEM;
	size = fgetxattr(from, name, value, (size_t)size);
	if (size < 0)
		return -errno;
	/* a label that is right already may be one that cannot be set */
	present_size = fgetxattr(to, name, present, (size_t)size);
	if (present_size == size && memcmp(value, present, (size_t)size) == 0)
		return 0;
	return fsetxattr(to, name, value, (size_t)size, 0) < 0 ? -errno : 0;
}

/* For instance an ACL that the directory's default ACL gave to the new file. */
static int remove_others(int from, int to)
{
	scoped_ptr char *names = NULL;
	size_t size = 0;
	int r = list_names(to, &names, &size);

	for (const char *name = names; r == 0 && name && name < names + size;
	     name += strlen(name) + 1) {
		if (belongs_to_content(name) || fgetxattr(from, name, NULL, 0) >= 0)
			continue;
		if (fremovexattr(to, name) < 0 && errno != ENODATA)
			r = -errno;
	}
	return r;
}

int metadata_copy(int from, const struct stat *from_stat, int to)
{
	scoped_ptr char *names = NULL;
	size_t size = 0;
	int r = remove_others(from, to);

	/* a change of owner takes capabilities away, so they come after it */
	if (r == 0 && fchown(to, from_stat->st_uid, from_stat->st_gid) < 0)
		r = -errno;
	if (r == 0)
		r = list_names(from, &names, &size);
	for (const char *name = names; r == 0 && name && name < names + size;
	     name += strlen(name) + 1)
		if (!belongs_to_content(name))
			r = copy_one(from, to, name);
	if (r == 0 && fchmod(to, from_stat->st_mode & MODE_BITS) < 0)
		r = -errno;
	return r;
}

/* A name, its NUL, the size of the value, and the value. */
static int export_one(int fd, const char *name, struct wire *w)
{
	scoped_ptr char *value = NULL;
	ssize_t size = fgetxattr(fd, name, NULL, 0);

	if (size < 0)
		return -errno;
	value = malloc((size_t)size + 1);
	if (!value)
		return -ENOMEM;
	size = fgetxattr(fd, name, value, (size_t)size);
	if (size < 0)
		return -errno;
	wire_put_str(w, name, XATTR_NAME_MAX);
	wire_put_bytes(w, value, (size_t)size);
	return w->bad ? -E2BIG : 0;
}

int metadata_export(int fd, size_t max, char **ret_data, uint32_t *ret_size)
{
	scoped_ptr char *names = NULL, *data = malloc(max);
	struct wire w = wire_over(data, max);
	size_t size = 0;
	int r = data ? list_names(fd, &names, &size) : -ENOMEM;

	for (const char *name = names; r == 0 && name && name < names + size;
	     name += strlen(name) + 1)
		if (!belongs_to_content(name))
			r = export_one(fd, name, &w);
	if (r < 0)
		return r;
	*ret_data = take_ptr(data);
	*ret_size = (uint32_t)w.pos;
	return 0;
}

int metadata_import(int fd, const struct stat *st, const char *data, uint32_t size)
{
	struct wire w = wire_over((void *)(uintptr_t)data, size);

	if (fchown(fd, st->st_uid, st->st_gid) < 0)
		return -errno;
	while (!wire_done(&w)) {
		const char *name = wire_get_str(&w, XATTR_NAME_MAX);
		uint32_t length;
		const uint8_t *value = wire_get_bytes(&w, size, &length);

		if (w.bad)
			return -EBADMSG;
		if (fsetxattr(fd, name, value, length, 0) < 0)
			return -errno;
	}
	return fchmod(fd, st->st_mode & MODE_BITS) < 0 ? -errno : 0;
}

int metadata_set(int fd, uid_t uid, gid_t gid, mode_t mode)
{
	if (fchown(fd, uid, gid) < 0)
		return -errno;
	return fchmod(fd, mode & MODE_BITS) < 0 ? -errno : 0;
}
