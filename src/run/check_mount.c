/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-run, for one check, as root, in a mount namespace of its own. */
#include "run/check_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/syscall.h>

/* from <sys/mount.h>, which old C libraries cannot be given together with the kernel's */
enum { DETACH = 2, PRIVATE = 1 << 18 };

static int result_of(long result)
{
	return result < 0 ? -errno : (int)result;
}

int mount_clone(int dir_fd, const char *path, bool recursive)
{
	return result_of(syscall(SYS_open_tree, dir_fd, path,
				 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW |
					 AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0)));
}

static int set_option(int fs_fd, const char *option)
{
	const char *equals = strchr(option, '=');
	scoped_ptr char *name = NULL;

	name = strndup(option, (size_t)(equals - option));
	if (!name)
		return -ENOMEM;
	return result_of(syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, name, equals + 1, 0));
}

int mount_new(const char *type, const char *const *options)
{
	scoped_fd fs_fd = result_of(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));
	int r = fs_fd;

	for (size_t i = 0; r >= 0 && options[i]; i++)
		r = set_option(fs_fd, options[i]);
	if (r >= 0)
		r = result_of(syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	if (r >= 0)
		r = result_of(syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC,
				      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
	return r;
}

int mount_restrict(int mount_fd, bool devices, bool recursive)
{
	struct mount_attr attributes = {
		.attr_set =
			MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | (devices ? 0 : MOUNT_ATTR_NODEV),
		.attr_clr = devices ? MOUNT_ATTR_NODEV : 0,
		.propagation = PRIVATE,
	};

	return result_of(syscall(SYS_mount_setattr, mount_fd, "",
				 AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes,
				 sizeof(attributes)));
}

int mount_attach(int mount_fd, int dir_fd, const char *name)
{
	return result_of(syscall(SYS_move_mount, mount_fd, "", dir_fd, name,
				 MOVE_MOUNT_F_EMPTY_PATH | (*name ? 0 : MOVE_MOUNT_T_EMPTY_PATH)));
}

int mount_pivot(int mount_fd)
{
	int r = fchdir(mount_fd) < 0 ? -errno : 0;

	/* the old root is put over the new one, and comes off again */
	if (r == 0)
		r = result_of(syscall(SYS_pivot_root, ".", "."));
	if (r == 0)
		r = result_of(syscall(SYS_umount2, ".", DETACH));
	return r < 0 ? r : chdir("/") < 0 ? -errno : 0;
}
