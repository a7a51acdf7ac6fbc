/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, for one check, as root. The tree below the root directory may be
 * anybody's; its links are not followed. What is mounted here is seen by this process and by what
 * it starts, and goes with them, however they end.
 */
#include "run/check_place.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "common/landlock.h"
#include "common/root_open.h"
#include "run/check_layer.h"
#include "run/check_mount.h"

/* Bytes of the files of a commit, and of what a check writes. */
#define STORE_OPTIONS "size=320m", "nr_inodes=64k", "mode=0700"

void check_place_clear(struct check_place *place)
{
	close_fd(place->store);
	close_fd(place->root);
}

void check_place_name(struct check_place *place, char name[static 16])
{
	snprintf(name, 16, "%u", place->stored++);
}

static int make_namespaces(int root_fd)
{
	/* a descriptor stays where it was; the working directory comes along */
	if (fchdir(root_fd) < 0 || unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID |
					   CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) < 0)
		return -errno;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

/* ---- devices ---- */

static const char *const devices[] = { "null", "zero", "full", "random", "urandom", "tty" };

struct devices {
	int fd[ARRAY_SIZE(devices)];
};

static void devices_clear(struct devices *taken)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		close_fd(taken->fd[i]);
}

/* Ours, since the root directory may be an image without any. What there is not is left out. */
static void take_devices(struct devices *taken)
{
	char path[32];

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		taken->fd[i] = mount_clone(AT_FDCWD, path, false);
	}
}

static int put_device(int dev, const char *name, int device)
{
	scoped_fd place = openat(dev, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	int r = place < 0 ? -errno : mount_restrict(device, true, false);

	return r < 0 ? r : mount_attach(device, dev, name);
}

static int make_devices(const struct check_place *place, const struct devices *taken)
{
	static const char *const options[] = { "size=64k", "nr_inodes=64", "mode=0755", NULL };
	static const char *const links[][2] = { { "fd", "/proc/self/fd" },
						{ "stdin", "fd/0" },
						{ "stdout", "fd/1" },
						{ "stderr", "fd/2" } };
	scoped_fd old = root_open_plain(place->root, "dev", O_PATH | O_DIRECTORY), dev = -1;
	int r;

	if (old < 0)
		return old == -ENOENT || old == -ELOOP || old == -ENOTDIR ? 0 : old;
	dev = mount_new("tmpfs", options);
	r = dev < 0 ? dev : mount_attach(dev, old, "");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(devices); i++)
		if (taken->fd[i] >= 0)
			r = put_device(dev, devices[i], taken->fd[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++)
		r = symlinkat(links[i][1], dev, links[i][0]) < 0 ? -errno : 0;
	return r < 0 ? r : mount_restrict(dev, false, false);
}

/* ---- the tree ---- */

/* What is stored is above the root directory, and so out of reach. */
static int make_store(struct check_place *place, int tree)
{
	static const char *const options[] = { STORE_OPTIONS, NULL };
	int r;

	place->store = mount_new("tmpfs", options);
	r = place->store < 0 ? place->store : mount_attach(place->store, AT_FDCWD, "/");
	if (r == 0 && mkdirat(place->store, "root", 0700) < 0)
		r = -errno;
	if (r == 0)
		r = mount_attach(tree, place->store, "root");
	if (r == 0)
		r = mount_pivot(place->store);
	if (r == 0 && (chroot("root") < 0 || chdir("/") < 0))
		r = -errno;
	if (r < 0)
		return r;
	place->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return place->root < 0 ? -errno : 0;
}

int check_place_enter(struct check_place *place, int root_fd, int proc_fd, const char **ret_step)
{
	scoped(devices_clear) struct devices taken = { { -1, -1, -1, -1, -1, -1 } };
	scoped_fd tree = -1;
	int r;

	place->proc = proc_fd;
	*ret_step = "make namespaces for it";
	r = make_namespaces(root_fd);
	if (r < 0)
		return r;
	*ret_step = "show it the machine read-only";
	take_devices(&taken);
	tree = mount_clone(AT_FDCWD, "", true);
	r = tree < 0 ? tree : mount_restrict(tree, false, true);
	if (r == 0)
		r = make_store(place, tree);
	if (r < 0)
		return r;
	*ret_step = "make a /dev for it";
	return make_devices(place, &taken);
}

/* ---- what may be written to ---- */

/* Programs that are asked to test their configuration open logs, and make files and directories. */
static const char *const soft[] = { "/run", "/var/cache", "/var/lib", "/var/log", "/var/spool" };

static int make_empty(const struct check_place *place, const char *path)
{
	static const char *const options[] = { "size=16m", "nr_inodes=4k", "mode=1777", NULL };
	scoped_fd old = root_open_plain(place->root, path, O_PATH | O_DIRECTORY), made = -1;

	if (old < 0)
		return old == -ENOENT || old == -ELOOP || old == -ENOTDIR ? 0 : old;
	made = mount_new("tmpfs", options);
	return made < 0 ? made : mount_attach(made, old, "");
}

static int soften(struct check_place *place, const char *path)
{
	scoped_fd origin = root_open_plain(place->root, path + 1, O_RDONLY | O_DIRECTORY);

	if (origin < 0)
		return origin == -ENOENT || origin == -ELOOP || origin == -ENOTDIR ? 0 : origin;
	return layer_soften(place, path, origin);
}

int check_place_soften(struct check_place *place, const char **ret_step)
{
	int r = make_empty(place, "tmp");

	*ret_step = "make a /tmp for it";
	if (r == 0)
		r = make_empty(place, "var/tmp");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(soft); i++) {
		*ret_step = "make what daemons keep look as if it could be written to";
		r = soften(place, soft[i]);
	}
	return r;
}

#define WRITING (LANDLOCK_ALL_BUT_READ & ~LANDLOCK_ACCESS_FS_EXECUTE)

static int permit(const struct landlock *landlock, int root, const char *path, uint64_t access)
{
	scoped_fd fd = root_open_plain(root, path, O_PATH | O_DIRECTORY);

	if (fd < 0)
		return fd == -ENOENT || fd == -ELOOP || fd == -ENOTDIR ? 0 : fd;
	return landlock_permit(landlock, fd, access);
}

int check_place_guard(void)
{
	scoped_landlock landlock = LANDLOCK_NONE;
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = root < 0 ? -errno : landlock_begin(WRITING, LANDLOCK_FILES_ONLY, &landlock);

	/* without it all is read-only all the same */
	if (r == -ENOSYS || r == -EOPNOTSUPP)
		return 0;
	if (r == 0)
		r = permit(&landlock, root, "dev",
			   LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE);
	if (r == 0)
		r = permit(&landlock, root, "tmp", WRITING);
	if (r == 0)
		r = permit(&landlock, root, "var/tmp", WRITING);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(soft); i++)
		r = permit(&landlock, root, soft[i] + 1, WRITING);
	return r < 0 ? r : landlock_enter(&landlock);
}
