/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, for one check, as root. The contents come from a client, and are not
 * looked at; the paths are those of the policy, and the machine's files may change under our hands.
 */
#include "run/check_view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/metadata.h"
#include "common/root_open.h"
#include "common/target.h"
#include "run/check_layer.h"
#include "run/check_mount.h"

struct view_file {
	size_t directory;
	const char *name; /* below that; with directories to be made, if there are missing ones */
	bool present;
	char stored[16];
};

struct view_directory {
	char *path;
	int origin; /* without anything of ours */
	bool layered;
};

void view_clear(struct check_view *view)
{
	for (size_t i = 0; i < view->directory_count; i++) {
		free(view->directory[i].path);
		close_fd(view->directory[i].origin);
	}
	free(view->directory);
	free(view->file);
	*view = (struct check_view){ 0 };
}

static int fault_at(struct view_fault *fault, const char *path, const char *reason, int error)
{
	*fault = (struct view_fault){ .path = path, .reason = reason, .error = error };
	return -1;
}

/* ---- finding ---- */

static int open_directory(const struct check_place *place, const char *path, int flags)
{
	return root_open_plain(place->root, path[1] ? path + 1 : ".", flags | O_DIRECTORY);
}

/* The number of the directory that is so long a part of the path, or -errno. */
static ssize_t find_directory(struct check_view *view, const char *path, size_t length)
{
	struct view_directory *made = &view->directory[view->directory_count];
	size_t i;

	for (i = 0; i < view->directory_count; i++)
		if (strlen(view->directory[i].path) == length &&
		    strncmp(view->directory[i].path, path, length) == 0)
			return (ssize_t)i;
	made->path = strndup(path, length);
	if (!made->path)
		return -ENOMEM;
	made->origin = open_directory(view->place, made->path, O_RDONLY);
	if (made->origin < 0) {
		free(made->path);
		return made->origin;
	}
	view->directory_count++;
	return (ssize_t)i;
}

/* The one that it lies in, or that is the nearest where directories may be made. */
static ssize_t find_nearest(struct check_view *view, const struct candidate *candidate,
			    struct view_file *file)
{
	size_t length = (size_t)(strrchr(candidate->path, '/') - candidate->path);
	bool may_make = candidate->may_make_dirs && !candidate->removal;
	ssize_t found = find_directory(view, candidate->path, length ? length : 1);

	while (found == -ENOENT && may_make && length > 0) {
		while (candidate->path[--length] != '/')
			;
		found = find_directory(view, candidate->path, length ? length : 1);
	}
	file->name = candidate->path + length + 1;
	return found;
}

/* The mode comes last, as in a commit. What this file system cannot keep is left out. */
static int dress(int fd, const struct candidate *candidate, int old, const struct stat *old_stat)
{
	int r;

	if (old < 0)
		return metadata_set(fd, candidate->owner.uid, candidate->owner.gid,
				    candidate->owner.mode);
	r = metadata_copy(old, old_stat, fd);
	if (r == -EOPNOTSUPP)
		r = metadata_set(fd, old_stat->st_uid, old_stat->st_gid, old_stat->st_mode);
	return r;
}

static int store(struct check_view *view, const struct candidate *candidate, struct view_file *file,
		 int old, const struct stat *old_stat)
{
	scoped_fd fd = -1;
	int r;

	check_place_name(view->place, file->stored);
	fd = openat(view->place->store, file->stored, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, candidate->content, candidate->size);
	return r < 0 ? r : dress(fd, candidate, old, old_stat);
}

static int find(struct check_view *view, size_t index, struct view_fault *fault)
{
	const struct candidate *candidate = &view->candidates->item[index];
	struct view_file *file = &view->file[index];
	struct target target = TARGET_NONE;
	ssize_t directory = find_nearest(view, candidate, file);
	scoped_fd old = -1;
	struct stat st;
	enum mon_outcome outcome;
	int error = 0, r;

	if (directory < 0)
		return fault_at(fault, candidate->path, target_obstacle((int)-directory),
				(int)-directory);
	file->directory = (size_t)directory;
	target.dir = view->directory[directory].origin;
	target.name = file->name;
	outcome =
		strchr(file->name, '/') ? OUTCOME_ABSENT : target_read(&target, &old, &st, &error);
	if (outcome == OUTCOME_DONE)
		outcome = target_replaceable(old, &st, &error);
	if (outcome != OUTCOME_DONE && outcome != OUTCOME_ABSENT)
		return fault_at(fault, candidate->path, target_obstacle(error), error);
	file->present = outcome == OUTCOME_DONE;
	if (file->present == candidate->removal)
		view->directory[directory].layered = true;
	if (candidate->removal)
		return 0;
	r = store(view, candidate, file, old, &st);
	return r < 0 ? fault_at(fault, candidate->path, NULL, -r) : 0;
}

int view_find(struct check_view *view, struct check_place *place,
	      const struct candidates *candidates, struct view_fault *ret_fault)
{
	int r = 0;

	view->place = place;
	view->candidates = candidates;
	view->file = calloc(candidates->count, sizeof(*view->file));
	view->directory = calloc(candidates->count, sizeof(*view->directory));
	if (!view->file || !view->directory)
		return fault_at(ret_fault, "", NULL, ENOMEM);
	for (size_t i = 0; r == 0 && i < candidates->count; i++)
		r = find(view, i, ret_fault);
	return r;
}

/* ---- showing ---- */

/* What is made there, and what is removed. */
static int show_layer(struct check_view *view, size_t number)
{
	const struct view_directory *directory = &view->directory[number];
	scoped_ptr struct layer_entry *entries = calloc(view->candidates->count, sizeof(*entries));
	size_t count = 0;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < view->candidates->count; i++) {
		const struct view_file *file = &view->file[i];
		bool removal = view->candidates->item[i].removal;

		if (file->directory == number && file->present == removal)
			entries[count++] = (struct layer_entry){
				.name = file->name,
				.stored = removal ? NULL : file->stored,
				.dirs = &view->candidates->item[i].dirs,
			};
	}
	return layer_show(view->place, directory->path, directory->origin, entries, count);
}

/* The next one that is to be layered: what lies in another comes after it. */
static ssize_t next_layer(const struct check_view *view)
{
	ssize_t found = -1;

	for (size_t i = 0; i < view->directory_count; i++)
		if (view->directory[i].layered &&
		    (found < 0 ||
		     strlen(view->directory[i].path) < strlen(view->directory[found].path)))
			found = (ssize_t)i;
	return found;
}

static int show_changed(const struct check_view *view, const struct view_file *file)
{
	scoped_fd mount_fd = mount_clone(view->place->store, file->stored, false), directory = -1;
	int r = mount_fd < 0 ? mount_fd : mount_restrict(mount_fd, false, false);

	if (r < 0)
		return r;
	directory = open_directory(view->place, view->directory[file->directory].path, O_PATH);
	return directory < 0 ? directory : mount_attach(mount_fd, directory, file->name);
}

int view_show(struct check_view *view, struct view_fault *ret_fault)
{
	ssize_t number;

	while ((number = next_layer(view)) >= 0) {
		int r = show_layer(view, (size_t)number);

		if (r < 0)
			return fault_at(ret_fault, view->directory[number].path, NULL, -r);
		view->directory[number].layered = false;
	}
	for (size_t i = 0; i < view->candidates->count; i++) {
		const struct candidate *candidate = &view->candidates->item[i];
		int r = view->file[i].present && !candidate->removal
				? show_changed(view, &view->file[i])
				: 0;

		if (r < 0)
			return fault_at(ret_fault, candidate->path, NULL, -r);
	}
	return 0;
}

/* ---- afterwards ---- */

/* Has the file just this content? 1, 0 or -errno. */
static int has_content(int fd, const struct candidate *candidate)
{
	char data[16384];
	size_t at = 0;

	for (;;) {
		ssize_t n = read(fd, data, sizeof(data));

		if (n < 0)
			return -errno;
		if (n == 0)
			return at == candidate->size;
		if ((size_t)n > candidate->size - at ||
		    memcmp((const char *)candidate->content + at, data, (size_t)n) != 0)
			return 0;
		at += (size_t)n;
	}
}

int view_holds(const struct check_view *view, struct view_fault *ret_fault)
{
	for (size_t i = 0; i < view->candidates->count; i++) {
		const struct candidate *candidate = &view->candidates->item[i];
		scoped_fd fd = root_open_plain(view->place->root, candidate->path + 1,
					       O_RDONLY | O_NONBLOCK | O_NOCTTY);
		int same = fd == -ENOENT        ? candidate->removal
			   : fd < 0             ? 0
			   : candidate->removal ? 0
						: has_content(fd, candidate);

		if (same != 1)
			return fault_at(ret_fault, candidate->path,
					same < 0 ? NULL : "it was replaced while it was checked",
					same < 0 ? -same : EBUSY);
	}
	return 0;
}
