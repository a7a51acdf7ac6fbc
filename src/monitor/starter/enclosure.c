/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in children of the starter, or of the monitor while that has all rights
 * (starter_run_engine()), as root, between fork and exec. Takes no input but their parent's own.
 * Fails closed: a layer that cannot be had ends the child, unless the policy
 * says that it may be missing.
 */
#include "monitor/starter/enclosure.h"

#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#define STAGING RUN_DIR "/staging"

enum { HARMLESS = MS_NOSUID | MS_NODEV | MS_NOEXEC, PATH_SIZE = 4096 };

/* ---- namespaces ---- */

static const struct {
	int flag;
	enum layer layer;
	const char *step;
} namespaces[] = {
	{ CLONE_NEWNS, LAYER_MOUNT_NAMESPACE, "make a mount namespace (layer mount_namespace)" },
	{ CLONE_NEWNET, LAYER_NET_NAMESPACE, "make a network namespace (layer net_namespace)" },
	{ CLONE_NEWIPC, LAYER_IPC_NAMESPACE, "make an IPC namespace (layer ipc_namespace)" },
	{ CLONE_NEWUTS, LAYER_UTS_NAMESPACE, "make a UTS namespace (layer uts_namespace)" },
};

static int make_namespaces(const struct enclosure *enclosure, uint32_t *layers,
			   const char **ret_step)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		uint32_t layer = UINT32_C(1) << namespaces[i].layer;

		*ret_step = namespaces[i].step;
		if (unshare(namespaces[i].flag) == 0)
			*layers |= layer;
		else if (!(enclosure->optional & layer))
			return -errno;
	}
	*ret_step = "keep its mounts to itself";
	if ((*layers & LAYER(MOUNT_NAMESPACE)) &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return 0;
}

/* 1, 0, or -errno. */
static int is_up(int fd, const char *name)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	return (request.ifr_flags & IFF_UP) != 0;
}

/*
 * Is there an interface that is up, and not the one to oneself? Some are made in each new
 * namespace, and are down. A line for each, behind two of headings.
 */
static int look_for_network(void)
{
	scoped_file *file = fopen("/proc/self/net/dev", "re");
	scoped_fd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char line[512];
	int r = 0;

	if (!file || fd < 0)
		return -errno;
	for (unsigned int number = 0; r == 0 && fgets(line, sizeof(line), file); number++) {
		const char *name = line + strspn(line, " ");

		line[strcspn(line, ":")] = '\0';
		if (number >= 2 && strcmp(name, "lo") != 0)
			r = is_up(fd, name);
	}
	return r > 0 ? -ENETUNREACH : ferror(file) ? -EIO : r;
}

/* Those of the server itself, made by who started it. */
static int take_namespaces(const struct enclosure *enclosure, uint32_t *layers,
			   const char **ret_step)
{
	int r = look_for_network();

	*layers |= LAYER(MOUNT_NAMESPACE) | LAYER(IPC_NAMESPACE) | LAYER(UTS_NAMESPACE);
	*ret_step = "be without a network (layer net_namespace)";
	if (r == 0)
		*layers |= LAYER(NET_NAMESPACE);
	else if (enclosure->optional & LAYER(NET_NAMESPACE))
		r = 0;
	return r;
}

/* ---- the root ---- */

static int mount_tmpfs(const char *path, const char *options)
{
	return mount("tmpfs", path, "tmpfs", HARMLESS, options) < 0 ? -errno : 0;
}

static int make_read_only(const char *path)
{
	return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | HARMLESS, NULL) < 0
		       ? -errno
		       : 0;
}

static int make_directories(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (r < 0)
			return r;
	}
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static bool same_directory(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The directory, to be read, at the same path below the new root. */
static int show(const char *directory)
{
	char path[PATH_SIZE];
	int r;

	if ((size_t)snprintf(path, sizeof(path), RUN_DIR "%s", directory) >= sizeof(path))
		return -ENAMETOOLONG;
	/* one that lies in another is there already */
	if (same_directory(directory, path))
		return 0;
	r = make_directories(path, strlen(RUN_DIR) + 1);
	if (r == 0 && mount(directory, path, NULL, MS_BIND, NULL) < 0)
		r = -errno;
	return r < 0 ? r : make_read_only(path);
}

static int show_lenses(const char *lens_path)
{
	scoped_ptr char *paths = strdup(lens_path);
	char *rest = paths;
	const char *path;
	int r = paths ? 0 : -ENOMEM;

	while (r == 0 && (path = strsep(&rest, ":")))
		r = path[0] == '/' ? show(path) : -EINVAL;
	return r;
}

static int make_staging(const struct identity *identity)
{
	char options[96];

	if (mkdir(STAGING, 0700) < 0)
		return -errno;
	snprintf(options, sizeof(options), "mode=0700,uid=%u,gid=%u,size=256m,nr_inodes=16k",
		 (unsigned int)identity->uid, (unsigned int)identity->gid);
	return mount_tmpfs(STAGING, options);
}

/* It hides the run directory that all others see. */
static int make_root(const struct enclosure *enclosure, const char **ret_step)
{
	int r;

	*ret_step = "mount a tmpfs on " RUN_DIR " (layer mount_namespace)";
	r = mount_tmpfs(RUN_DIR, "mode=0755,size=256k,nr_inodes=256");
	if (r == 0 && enclosure->staging)
		r = make_staging(enclosure->identity);
	if (r < 0)
		return r;
	*ret_step = "show the lenses in its root directory (layer private_root)";
	r = show_lenses(enclosure->lens_path);
	return r < 0 ? r : make_read_only(RUN_DIR);
}

/* For all engines together, each of which makes a directory of its own there. */
static int share_staging(const char **ret_step)
{
	*ret_step = "make " STAGING;
	if (mkdir(STAGING, 0700) < 0 && errno != EEXIST)
		return -errno;
	return chmod(STAGING, 01777) < 0 ? -errno : 0;
}

static bool may_change_root(void)
{
	return prctl(PR_CAPBSET_READ, CAP_SYS_CHROOT, 0, 0, 0) == 1;
}

static int prepare_root(const struct enclosure *enclosure, uint32_t layers, const char **ret_step)
{
	if (enclosure->prepared)
		return 0;
	if (layers & LAYER(MOUNT_NAMESPACE))
		return make_root(enclosure, ret_step);
	return enclosure->staging ? share_staging(ret_step) : 0;
}

int enclosure_enter(const struct enclosure *enclosure, uint32_t *ret_layers, const char **ret_step)
{
	const char *root = enclosure->prepared ? enclosure->prepared : RUN_DIR;
	uint32_t layers = 0;
	int r = enclosure->prepared ? take_namespaces(enclosure, &layers, ret_step)
				    : make_namespaces(enclosure, &layers, ret_step);

	if (r == 0)
		r = prepare_root(enclosure, layers, ret_step);
	if (r < 0)
		return r;
	*ret_step = "change its root directory (layer private_root)";
	if ((layers & LAYER(MOUNT_NAMESPACE)) && may_change_root())
		layers |= LAYER(PRIVATE_ROOT);
	else if (!(enclosure->optional & LAYER(PRIVATE_ROOT)))
		return -EPERM;
	if (chdir(layers & LAYER(PRIVATE_ROOT) ? root : "/") < 0)
		return -errno;
	*ret_layers = layers;
	return 0;
}
