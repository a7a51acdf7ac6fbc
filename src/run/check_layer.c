/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, for one check, as root and in the check's own mount namespace. Names and
 * contents of the directories are anybody's, and are not followed anywhere.
 */
#include "run/check_layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/metadata.h"
#include "common/root_open.h"
#include "run/check_carry.h"
#include "run/check_mount.h"

enum {
	LINK_SIZE = 4096,
	SHADOW_MAX = 20000,  /* entries of a directory that is made anew */
	SKELETON_MAX = 2000, /* directories of one of which nothing but these is kept */
};

static void close_directory(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The entries of a directory, from its beginning; NULL with errno. */
static DIR *list(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close_fd(fd);
	return dir;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A directory in the store with owner, mode and attributes of that one. */
static int make_like(struct check_place *place, int origin)
{
	char name[16];
	scoped_fd fd = -1;
	struct stat st;
	int r;

	check_place_name(place, name);
	if (fstat(origin, &st) < 0 || mkdirat(place->store, name, 0700) < 0)
		return -errno;
	fd = openat(place->store, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = metadata_copy(origin, &st, fd);
	if (r == -EOPNOTSUPP)
		r = metadata_set(fd, st.st_uid, st.st_gid, st.st_mode);
	return r < 0 ? r : take_fd(&fd);
}

/* The mount is what is seen at the path, with all that is mounted below it now. */
static int put_over(const struct check_place *place, const char *path, int origin, int mount_fd)
{
	scoped_carried carried = { 0 };
	scoped_fd old =
		root_open_plain(place->root, path[1] ? path + 1 : ".", O_PATH | O_DIRECTORY);
	int r = old < 0 ? old : carry_find(place->proc, path, &carried);

	if (r == 0)
		r = mount_attach(mount_fd, old, "");
	return r < 0 ? r : carry_over(&carried, origin, mount_fd);
}

/* ---- overlays ---- */

/* Descriptors have names below /proc, which is the working directory meanwhile. */
static int new_overlay(const struct check_place *place, const char *const *options)
{
	int r = fchdir(place->proc) < 0 ? -errno : mount_new("overlay", options);

	if (chdir("/") < 0 && r >= 0)
		close_fd(r), r = -errno;
	return r;
}

static int overlay_to_see(const struct check_place *place, int upper, int origin)
{
	char lower[64];
	const char *const options[] = { lower, NULL };

	snprintf(lower, sizeof(lower), "lowerdir=self/fd/%d:self/fd/%d", upper, origin);
	return new_overlay(place, options);
}

static int overlay_to_write(struct check_place *place, int origin)
{
	char lower[48], upper_option[48], work_option[48], name[16];
	const char *const options[] = { lower, upper_option, work_option, NULL };
	scoped_fd upper = make_like(place, origin), work = -1;

	if (upper < 0)
		return upper;
	check_place_name(place, name);
	if (mkdirat(place->store, name, 0700) < 0)
		return -errno;
	work = openat(place->store, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (work < 0)
		return -errno;
	snprintf(lower, sizeof(lower), "lowerdir=self/fd/%d", origin);
	snprintf(upper_option, sizeof(upper_option), "upperdir=self/fd/%d", upper);
	snprintf(work_option, sizeof(work_option), "workdir=self/fd/%d", work);
	return new_overlay(place, options);
}

static int make_directory(int dir, const char *name, const struct candidate_owner *owner)
{
	if (mkdirat(dir, name, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (fchownat(dir, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dir, name, owner->mode, 0) < 0)
		return -errno;
	return 0;
}

static int put_file(const struct check_place *place, int dir, const struct layer_entry *entry)
{
	scoped_ptr char *way = strdup(entry->name);
	int r = way ? 0 : -ENOMEM;

	for (char *at = way; r == 0 && (at = strchr(at, '/')); at++) {
		*at = '\0';
		r = make_directory(dir, way, entry->dirs);
		*at = '/';
	}
	if (r == 0 && linkat(place->store, entry->stored, dir, entry->name, 0) < 0)
		r = -errno;
	return r;
}

static int put_entry(const struct check_place *place, int upper, const struct layer_entry *entry)
{
	if (entry->stored)
		return put_file(place, upper, entry);
	/* the mark of an overlay for what is not there */
	return mknodat(upper, entry->name, S_IFCHR, makedev(0, 0)) < 0 ? -errno : 0;
}

static int show_by_overlay(struct check_place *place, const char *path, int origin,
			   const struct layer_entry *entries, size_t count)
{
	scoped_fd upper = make_like(place, origin), overlay = -1;
	int r = upper < 0 ? upper : 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_entry(place, upper, &entries[i]);
	if (r < 0)
		return r;
	overlay = overlay_to_see(place, upper, origin);
	r = overlay < 0 ? overlay : mount_restrict(overlay, false, false);
	return r < 0 ? r : put_over(place, path, origin, overlay);
}

/* ---- without overlays ---- */

static int copy_link(int origin, int shadow, const char *name, const struct stat *st)
{
	char target[LINK_SIZE];
	ssize_t length = readlinkat(origin, name, target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	if (symlinkat(target, shadow, name) < 0 ||
	    fchownat(shadow, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* What is there is shown by a mount over something of its kind. */
static int show_entry(int origin, int shadow, const char *name)
{
	scoped_fd mount_fd = -1;
	struct stat st;
	int r;

	if (fstatat(origin, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISLNK(st.st_mode))
		return copy_link(origin, shadow, name, &st);
	r = S_ISDIR(st.st_mode) ? mkdirat(shadow, name, 0700)
				: mknodat(shadow, name, S_IFREG | 0600, 0);
	if (r < 0)
		return -errno;
	mount_fd = mount_clone(origin, name, true);
	return mount_fd < 0 ? mount_fd : mount_attach(mount_fd, shadow, name);
}

static bool is_entry(const struct layer_entry *entries, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(entries[i].name, name) == 0)
			return true;
	return false;
}

static int show_others(int origin, int shadow, const struct layer_entry *entries, size_t count)
{
	scoped(close_directory) DIR *dir = list(origin);
	const struct dirent *entry;
	int r = dir ? 0 : -errno;

	for (size_t seen = 0; r == 0 && (entry = readdir(dir)); seen++) {
		if (seen == SHADOW_MAX)
			return -E2BIG;
		if (!is_dots(entry->d_name) && !is_entry(entries, count, entry->d_name))
			r = show_entry(origin, shadow, entry->d_name);
	}
	return r;
}

static int show_by_shadow(struct check_place *place, const char *path, int origin,
			  const struct layer_entry *entries, size_t count)
{
	scoped_fd shadow = make_like(place, origin), mount_fd = -1, old = -1;
	int r = shadow < 0 ? shadow : show_others(origin, shadow, entries, count);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (entries[i].stored)
			r = put_file(place, shadow, &entries[i]);
	if (r < 0)
		return r;
	mount_fd = mount_clone(shadow, "", true);
	r = mount_fd < 0 ? mount_fd : mount_restrict(mount_fd, false, true);
	if (r < 0)
		return r;
	old = root_open_plain(place->root, path[1] ? path + 1 : ".", O_PATH | O_DIRECTORY);
	return old < 0 ? old : mount_attach(mount_fd, old, "");
}

int layer_show(struct check_place *place, const char *path, int origin,
	       const struct layer_entry *entries, size_t count)
{
	int r = show_by_overlay(place, path, origin, entries, count);

	if (r == 0 || r == -ENOMEM || r == -ENOSPC)
		return r;
	return show_by_shadow(place, path, origin, entries, count);
}

/* ---- to be written to ---- */

static int copy_directories(int origin, int copy, size_t *count)
{
	scoped(close_directory) DIR *dir = list(origin);
	const struct dirent *entry;
	int r = dir ? 0 : -errno;

	while (r == 0 && *count < SKELETON_MAX && (entry = readdir(dir))) {
		scoped_fd from = -1, to = -1;
		struct stat st;

		if (is_dots(entry->d_name) || entry->d_type != DT_DIR)
			continue;
		from = root_open_plain(origin, entry->d_name, O_RDONLY | O_DIRECTORY);
		if (from < 0 || fstat(from, &st) < 0)
			continue;
		if (mkdirat(copy, entry->d_name, 0700) < 0)
			return -errno;
		to = root_open_plain(copy, entry->d_name, O_RDONLY | O_DIRECTORY);
		r = to < 0 ? to : metadata_set(to, st.st_uid, st.st_gid, st.st_mode);
		++*count;
		if (r == 0)
			r = copy_directories(from, to, count);
	}
	return r;
}

/* No file, but every directory, so that files can be made there. */
static int soften_by_copy(struct check_place *place, const char *path, int origin)
{
	scoped_fd copy = make_like(place, origin), mount_fd = -1, old = -1;
	size_t count = 0;
	int r = copy < 0 ? copy : copy_directories(origin, copy, &count);

	if (r < 0)
		return r;
	mount_fd = mount_clone(copy, "", false);
	old = root_open_plain(place->root, path + 1, O_PATH | O_DIRECTORY);
	if (mount_fd < 0 || old < 0)
		return mount_fd < 0 ? mount_fd : old;
	return mount_attach(mount_fd, old, "");
}

int layer_soften(struct check_place *place, const char *path, int origin)
{
	scoped_fd overlay = overlay_to_write(place, origin);

	if (overlay >= 0)
		return put_over(place, path, origin, overlay);
	if (overlay == -ENOMEM || overlay == -ENOSPC)
		return overlay;
	/* logs and what is of this boot is seldom read; of the rest the content counts more */
	if (strcmp(path, "/run") == 0 || strcmp(path, "/var/log") == 0)
		return soften_by_copy(place, path, origin);
	return 0;
}
