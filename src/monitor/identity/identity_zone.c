/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. The zone's name comes from the client; the tree
 * of zones may be an image's, whose links must not lead out of it.
 */
#include "monitor/identity/identity_zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "common/root_open.h"
#include "common/target.h"

#define TREE "usr/share/zoneinfo"
#define MAGIC "TZif"

/* Components of letters, digits, '_', '+' and '-', none of which begins with '-'. */
static bool is_plain(const char *zone)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-";

	if (strlen(zone) >= ZONE_SIZE)
		return false;
	for (;;) {
		size_t length = strspn(zone, allowed);

		if (length == 0 || zone[0] == '-')
			return false;
		if (zone[length] == '\0')
			return true;
		if (zone[length] != '/')
			return false;
		zone += length + 1;
	}
}

static int look(int root_fd, const char *zone)
{
	scoped_fd tree = root_open(root_fd, TREE, O_PATH | O_DIRECTORY), fd = -1;
	char magic[sizeof(MAGIC) - 1];
	struct stat st;

	if (tree < 0)
		return tree;
	fd = root_open_beneath(tree, zone, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || read(fd, magic, sizeof(magic)) != (ssize_t)sizeof(magic) ||
	    memcmp(magic, MAGIC, sizeof(magic)) != 0)
		return -ENOENT;
	return 0;
}

enum job_outcome identity_zone_check(int root_fd, const char *zone, struct identity_why *why)
{
	int r;

	if (!is_plain(zone))
		return identity_why_not(why, JOB_BAD_VALUE, 0,
					"that is no time zone's name; it is written as in "
					"Europe/Berlin, a path below /" TREE);
	r = look(root_fd, zone);
	if (r == 0)
		return JOB_DONE;
	if (r == -ENOENT || r == -ENOTDIR || r == -EXDEV || r == -ELOOP)
		return identity_why_not(why, JOB_BAD_VALUE, 0,
					"there is no time zone %s below /" TREE, zone);
	return identity_why_not(why, JOB_FAILED, -r, "time zone %s: %s", zone, strerror(-r));
}

/* The name that the link has for its zone, or "". */
static int read_link(int root_fd, char zone[static ZONE_SIZE])
{
	char to[sizeof("../" TREE "/") + ZONE_SIZE], *name;
	scoped_target target = TARGET_NONE;
	ssize_t length;
	int r = target_open(root_fd, "/etc/localtime", &target);

	if (r < 0)
		return r;
	length = readlinkat(target.dir, target.name, to, sizeof(to) - 1);
	if (length < 0)
		return -errno;
	to[length] = '\0';
	name = strncmp(to, "..", 2) == 0 ? to + 2 : to;
	if (strncmp(name, "/" TREE "/", sizeof("/" TREE "/") - 1) != 0)
		return 0;
	name += sizeof("/" TREE "/") - 1;
	if (is_plain(name))
		snprintf(zone, ZONE_SIZE, "%s", name);
	return 0;
}

int identity_zone_read(int root_fd, char ret_zone[static ZONE_SIZE])
{
	scoped_ptr char *text = NULL;
	int r;

	ret_zone[0] = '\0';
	r = read_link(root_fd, ret_zone);
	if (r == -ENOENT) {
		snprintf(ret_zone, ZONE_SIZE, "UTC"); /* as localtime(5) has it */
		return 0;
	}
	/* a copy of a zone in the place of the link has its name in Debian's file, or nowhere */
	if (r != -EINVAL)
		return r;
	r = identity_file_read(root_fd, "etc/timezone", &text);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	if (is_plain(text))
		snprintf(ret_zone, ZONE_SIZE, "%s", text);
	return 0;
}

/* A link beside the old one, renamed over it. */
static int replace_link(const struct target *target, const char *to)
{
	char temporary[64];
	scoped_fd dir = -1;
	int r;

	snprintf(temporary, sizeof(temporary), ".exmachina-localtime-%d.tmp", (int)getpid());
	if (unlinkat(target->dir, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	if (symlinkat(to, target->dir, temporary) < 0)
		return -errno;
	if (renameat(target->dir, temporary, target->dir, target->name) < 0) {
		r = -errno;
		unlinkat(target->dir, temporary, 0);
		return r;
	}
	dir = openat(target->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 || fsync(dir) < 0 ? -errno : 0;
}

static enum job_outcome write_link(int root_fd, const char *zone, struct identity_why *why)
{
	char to[sizeof("../" TREE "/") + ZONE_SIZE];
	scoped_target target = TARGET_NONE;
	int r = target_open(root_fd, "/etc/localtime", &target);

	snprintf(to, sizeof(to), "../" TREE "/%s", zone);
	if (r == 0)
		r = replace_link(&target, to);
	if (r == 0)
		return JOB_DONE;
	return identity_why_not(why, JOB_FAILED, -r, "/etc/localtime: %s", strerror(-r));
}

enum job_outcome identity_zone_write(int root_fd, const char *zone, struct identity_why *why)
{
	scoped_ptr char *before = NULL;
	struct identity_why unused;
	enum job_outcome outcome = JOB_DONE;
	char line[ZONE_SIZE + 1];
	int r = identity_file_read(root_fd, "etc/timezone", &before);

	if (r < 0 && r != -ENOENT)
		return identity_why_not(why, JOB_FAILED, -r, "/etc/timezone: %s", strerror(-r));
	snprintf(line, sizeof(line), "%s\n", zone);
	if (before)
		outcome = identity_file_write(root_fd, "/etc/timezone", line, why);
	if (outcome != JOB_DONE)
		return outcome;
	outcome = write_link(root_fd, zone, why);
	if (outcome != JOB_DONE && before &&
	    identity_file_write(root_fd, "/etc/timezone", before, &unused) != JOB_DONE)
		identity_why_not(why, outcome, why->error,
				 "/etc/timezone says %s now, but /etc/localtime: %s", zone,
				 strerror(why->error));
	return outcome;
}
