/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor before the first client. Policy and command line are root's; the
 * directories that they name may be anybody's, and are opened over no link.
 */
#include "monitor/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>

#include "common/glob.h"
#include "common/landlock.h"
#include "common/root_open.h"
#include "monitor/privileges.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* To write files whoever owns them, and to give them owner, mode and attributes. */
#define CHANGING \
	(CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) | CAP(CHOWN) | CAP(FOWNER) | CAP(FSETID) | \
	 CAP(SETFCAP))

/* Whatever somebody else has put at a name must be able to go back there (replace.c). */
#define PLACING (LANDLOCK_ALL_BUT_READ & ~LANDLOCK_ACCESS_FS_EXECUTE)

/* A file of our own is made, or a socket, and taken away again. */
#define OWN_FILE \
	(LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define OWN_SOCKET (LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)

/* ---- which directories ---- */

static int open_directory(int root_fd, const struct rights_directory *directory)
{
	const char *path = directory->path;
	int fd;

	if (directory->in_root)
		return root_open_plain(root_fd, path[1] ? path + 1 : ".", O_PATH | O_DIRECTORY);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* "/a/b" becomes "/a", and that "/"; a relative path becomes "." */
static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		slash[slash == path] = '\0';
	else
		path[0] = '.', path[1] = '\0';
}

/* Up to what there is, and what no link leads to. */
static int settle(int root_fd, struct rights_directory *directory)
{
	for (;;) {
		scoped_fd fd = open_directory(root_fd, directory);

		if (fd >= 0)
			return 0;
		if ((fd != -ENOENT && fd != -ENOTDIR && fd != -ELOOP) || !directory->path[1])
			return fd;
		cut_last(directory->path);
	}
}

static bool is_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	if (strcmp(above, "/") == 0)
		return path[0] == '/';
	return strncmp(path, above, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static bool has(const struct rights *rights, const struct rights_directory *directory)
{
	for (size_t i = 0; i < rights->count; i++)
		if (rights->directory[i].in_root == directory->in_root &&
		    (directory->access & ~rights->directory[i].access) == 0 &&
		    is_below(directory->path, rights->directory[i].path))
			return true;
	return false;
}

/* Takes the path over. */
static int add(struct rights *rights, int root_fd, struct rights_directory directory)
{
	scoped_ptr char *path = directory.path;
	int r = path ? settle(root_fd, &directory) : -ENOMEM;

	if (r < 0 || has(rights, &directory))
		return r;
	if (rights->count == RIGHTS_DIRECTORIES_MAX)
		return -E2BIG;
	rights->directory[rights->count++] = directory;
	path = NULL;
	return 0;
}

/* Below the root: the first `length` bytes of the path, "/" for none. */
static int add_in_root(struct rights *rights, int root_fd, const char *path, size_t length)
{
	const struct rights_directory directory = {
		.path = length ? strndup(path, length) : strdup("/"),
		.in_root = true,
		.access = PLACING,
	};

	return add(rights, root_fd, directory);
}

/* The system's own, that a file of ours is in. */
static int add_around(struct rights *rights, int root_fd, const char *file, uint64_t access)
{
	const char *slash = strrchr(file, '/');
	const struct rights_directory directory = {
		.path = !slash          ? strdup(".")
			: slash == file ? strdup("/")
					: strndup(file, (size_t)(slash - file)),
		.access = access,
	};

	return add(rights, root_fd, directory);
}

/*
 * The length of the directory's own directory, unless that is the root: packages bring directories
 * and take them away, and a rule is about one that is there now.
 */
static size_t one_above(const char *path, size_t length)
{
	size_t above = length;

	while (above > 0 && path[above - 1] != '/')
		above--;
	return above > 1 ? above - 1 : length;
}

static int add_file(struct rights *rights, const struct rights_wanted *wanted,
		    const struct policy_file *file)
{
	size_t length = glob_fixed_length(file->path);

	if (!glob_has_wildcard(file->path))
		length = (size_t)(strrchr(file->path, '/') - file->path);
	if (wanted->policy->package_count > 0)
		length = one_above(file->path, length);
	return add_in_root(rights, wanted->root_fd, file->path, length);
}

/* ---- the rights of one policy ---- */

static bool may_change(const struct policy_file *file)
{
	return file->may_create || file->may_delete || file->rights[RIGHT_SET].count > 0 ||
	       file->rights[RIGHT_INSERT].count > 0 || file->rights[RIGHT_REMOVE].count > 0;
}

static int compute_files(const struct rights_wanted *wanted, struct rights *rights)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < wanted->policy->file_count; i++) {
		const struct policy_file *file = &wanted->policy->files[i];

		rights->capabilities |= CAP(DAC_READ_SEARCH);
		if (!may_change(file))
			continue;
		rights->capabilities |= CHANGING;
		r = add_file(rights, wanted, file);
	}
	return r;
}

static int compute_identity(const struct rights_wanted *wanted, struct rights *rights)
{
	if (wanted->policy->system_items == 0)
		return 0;
	/* the files are ours to write wherever timedated and its like do not answer */
	rights->capabilities |= CHANGING;
	/* for sethostname(2) */
	if (wanted->policy->system_items & 1u << SYSTEM_HOSTNAME)
		rights->capabilities |= CAP(SYS_ADMIN);
	return add_in_root(rights, wanted->root_fd, "/etc", strlen("/etc"));
}

static int compute(const struct rights_wanted *wanted, struct rights *rights)
{
	int r;

	rights->directory = calloc(RIGHTS_DIRECTORIES_MAX, sizeof(*rights->directory));
	if (!rights->directory)
		return -ENOMEM;
	/* both ends of the session have users of their own */
	rights->capabilities = CAP(KILL);
	if (wanted->secret_file)
		rights->capabilities |= CAP(DAC_READ_SEARCH);
	if (wanted->listen_path)
		rights->capabilities |= CAP(CHOWN);
	r = compute_files(wanted, rights);
	if (r == 0)
		r = compute_identity(wanted, rights);
	if (r == 0 && wanted->state)
		r = add_in_root(rights, wanted->root_fd, wanted->state, strlen(wanted->state));
	if (r == 0 && wanted->listen_path)
		r = add_around(rights, wanted->root_fd, wanted->listen_path, OWN_SOCKET);
	if (r == 0 && wanted->pidfile)
		r = add_around(rights, wanted->root_fd, wanted->pidfile, OWN_FILE);
	return r;
}

int rights_compute(const struct rights_wanted *wanted, struct rights *ret_rights)
{
	scoped(rights_clear) struct rights rights = { 0 };
	int r = compute(wanted, &rights);

	if (r < 0)
		return r;
	*ret_rights = rights;
	rights = (struct rights){ 0 };
	return 0;
}

void rights_clear(struct rights *rights)
{
	for (size_t i = 0; i < rights->count; i++)
		free(rights->directory[i].path);
	free(rights->directory);
	*rights = (struct rights){ 0 };
}

/* ---- nothing but these ---- */

static int enter_landlock(const struct rights *rights, int root_fd)
{
	scoped_landlock landlock = LANDLOCK_NONE;
	int r = landlock_begin(LANDLOCK_ALL_BUT_READ, LANDLOCK_NO_NETWORK, &landlock);

	for (size_t i = 0; r == 0 && i < rights->count; i++) {
		scoped_fd fd = open_directory(root_fd, &rights->directory[i]);

		r = fd < 0 ? fd : landlock_permit(&landlock, fd, rights->directory[i].access);
	}
	return r < 0 ? r : landlock_enter(&landlock);
}

int rights_enter(const struct rights *rights, int root_fd, uint32_t optional, uint32_t *ret_layers,
		 const char **ret_step)
{
	uint32_t layers = LAYER(MONITOR_CAPABILITIES) | LAYER(MONITOR_NO_NEW_PRIVS);
	int r;

	*ret_step = "drop the capabilities that the policy does not take";
	r = privileges_keep(rights->capabilities);
	if (r < 0)
		return r;
	*ret_step = "forbid itself to write elsewhere (layer monitor_landlock)";
	r = enter_landlock(rights, root_fd);
	if (r == 0)
		layers |= LAYER(MONITOR_LANDLOCK);
	else if ((r != -ENOSYS && r != -EOPNOTSUPP) || !(optional & LAYER(MONITOR_LANDLOCK)))
		return r;
	*ret_layers = layers;
	return 0;
}

const char *rights_missing(const struct rights *held, const struct rights *wanted)
{
	if (wanted->capabilities & ~held->capabilities)
		return "capabilities";
	for (size_t i = 0; i < wanted->count; i++)
		if (!has(held, &wanted->directory[i]))
			return wanted->directory[i].path;
	return NULL;
}
