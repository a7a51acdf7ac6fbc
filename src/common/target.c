/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and in exmachina-run, as root. The path was matched with the policy, but its
 * last components may come from the engine, and the tree below the root may
 * change under our hands: the kernel resolves it beneath a held descriptor and
 * everything is asked of what was opened.
 */
#include "common/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "common/fd.h"
#include "common/memfd.h"
#include "common/root_open.h"

enum { READ_TRIES = 5 };

void target_clear(struct target *target)
{
	target->dir = close_fd(target->dir);
}

int target_open(int root_fd, const char *path, struct target *ret_target)
{
	scoped_ptr char *directory = NULL;
	const char *slash = strrchr(path, '/');
	int fd;

	if (path[0] != '/' || slash[1] == '\0')
		return -EINVAL;
	directory = strndup(path + 1, slash > path ? (size_t)(slash - path - 1) : 0);
	if (!directory)
		return -ENOMEM;
	fd = root_open_plain(root_fd, directory[0] ? directory : ".", O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	*ret_target = (struct target){ .dir = fd, .name = slash + 1 };
	return 0;
}

static enum mon_outcome failed(int error, int *ret_error)
{
	*ret_error = error;
	if (error == ENOENT)
		return OUTCOME_ABSENT;
	return error == ELOOP || error == EINVAL ? OUTCOME_NOT_PLAIN : OUTCOME_IO;
}

enum mon_outcome target_read(const struct target *target, int *ret_fd, struct stat *ret_stat,
			     int *ret_error)
{
	scoped_fd fd = -1;
	struct stat st;

	/* a look before opening: even opening a device node can do something */
	if (fstatat(target->dir, target->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(errno, ret_error);
	if (S_ISLNK(st.st_mode))
		return failed(ELOOP, ret_error);
	if (!S_ISREG(st.st_mode))
		return failed(EINVAL, ret_error);
	fd = root_open_plain(target->dir, target->name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return failed(-fd, ret_error);
	if (fstat(fd, &st) < 0)
		return failed(errno, ret_error);
	if (!S_ISREG(st.st_mode))
		return failed(EINVAL, ret_error);
	*ret_stat = st;
	*ret_fd = take_fd(&fd);
	return OUTCOME_DONE;
}

enum mon_outcome target_replaceable(int fd, const struct stat *st, int *ret_error)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx) < 0)
		return failed(errno, ret_error);
	if (stx.stx_attributes & stx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) {
		*ret_error = EXDEV;
		return OUTCOME_NOT_PLAIN;
	}
	if (st->st_nlink > 1) {
		*ret_error = EMLINK;
		return OUTCOME_NOT_PLAIN;
	}
	if (st->st_nlink == 0) {
		*ret_error = ESTALE;
		return OUTCOME_CONFLICT;
	}
	return OUTCOME_DONE;
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum mon_outcome snapshot_once(const struct target *target, int *ret_memfd, int *ret_error)
{
	scoped_fd fd = -1, memfd = -1;
	struct stat before, after;
	enum mon_outcome outcome = target_read(target, &fd, &before, ret_error);
	size_t size;
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (before.st_size > CONTENT_MAX)
		return OUTCOME_TOO_LARGE;
	memfd = memfd_new("exmachina-file");
	if (memfd < 0)
		return failed(-memfd, ret_error);
	r = fd_copy(fd, memfd, CONTENT_MAX, &size);
	if (r == -EFBIG)
		return OUTCOME_TOO_LARGE;
	if (r == 0 && fstat(fd, &after) < 0)
		r = -errno;
	if (r == 0 && (!unchanged(&before, &after) || size != (size_t)after.st_size))
		r = -EAGAIN;
	if (r == 0)
		r = memfd_seal(memfd);
	if (r < 0) {
		*ret_error = -r;
		return OUTCOME_IO;
	}
	*ret_memfd = take_fd(&memfd);
	return OUTCOME_DONE;
}

enum mon_outcome target_snapshot(const struct target *target, int *ret_memfd, int *ret_error)
{
	enum mon_outcome outcome = OUTCOME_IO;

	for (int i = 0; i < READ_TRIES; i++) {
		outcome = snapshot_once(target, ret_memfd, ret_error);
		if (outcome != OUTCOME_IO || *ret_error != EAGAIN)
			break;
	}
	return outcome;
}

const char *target_obstacle(int error)
{
	switch (error) {
	case ELOOP:
	case ENOTDIR:
		return "there is a symbolic link on its path";
	case EXDEV:
		return "it is a bind mount, which cannot be replaced";
	case EMLINK:
		return "it is a hard link of several names, which replacing would part";
	case ESTALE:
		return "somebody else replaced it at this moment";
	case EINVAL:
		return "it is not a regular file";
	default:
		return NULL;
	}
}
