/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachinad (root), at start and on SIGHUP. By the lenses of these directories a change
 * is judged, so they must be root's as the policy is, and nobody else's on the way to them; opens
 * the directories, and none of the files. Engines and verifiers read them, with no right but
 * everybody's, and see all that is in there: so there is nothing else in there.
 */
#include "monitor/policy/policy_lenses.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/glob.h"
#include "common/log.h"
#include "config.h"
#include "monitor/policy/policy_keys.h"
#include "monitor/policy/policy_read.h"

enum { DIRS_MAX = 8, DIR_LENGTH_MAX = 255 };

#define SUFFIX ".aug"

/* What a reader's root directory has at these places is something else. */
static const char *const reserved[] = { RUN_DIR, "/staging" };

static bool is_reserved(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		size_t length = strlen(reserved[i]);

		if (strncmp(path, reserved[i], length) == 0 &&
		    (path[length] == '\0' || path[length] == '/'))
			return true;
	}
	return false;
}

/* What is wrong with the name, or NULL. Augeas has a colon between two directories. */
static const char *name_fault(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+@";
	const char *fault = policy_path_fault(path);

	if (fault)
		return fault;
	if (strlen(path) > DIR_LENGTH_MAX)
		return "is too long; a directory of lenses has 255 bytes at most";
	if (path[strspn(path, plain)])
		return "has a character other than letters, digits and / . _ - + @";
	if (is_reserved(path))
		return "has another meaning for those who read lenses; choose another place, as "
		       "/etc/exmachina/lenses";
	return NULL;
}

static const char *open_fault(int error)
{
	if (error == ENOENT)
		return "is not there; make it, owned by root, with mode 0755";
	if (error == ENOTDIR)
		return "is not a directory; a link to one will not do";
	return strerror(error);
}

/* One component further: the directory, or -1 with what is wrong with it. */
static int enter(int from, const char *name, const char **ret_fault)
{
	scoped_fd fd = openat(from, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		*ret_fault = open_fault(errno);
	else if (fstat(fd, &st) < 0)
		*ret_fault = strerror(errno);
	else
		*ret_fault = policy_trust_fault(&st, S_IFDIR);
	return *ret_fault ? -1 : take_fd(&fd);
}

/* Whoever can rename a directory on the way can put another one in its place. */
static int walk(char *path, const char **ret_fault)
{
	int at = enter(AT_FDCWD, "/", ret_fault);

	for (char *name = path; at >= 0 && name;) {
		char *slash = strchr(++name, '/');
		int next;

		if (slash)
			*slash = '\0';
		next = enter(at, name, ret_fault);
		/* of a fault the path up to there is told */
		if (slash && next >= 0)
			*slash = '/';
		close_fd(at);
		at = next;
		name = slash;
	}
	return at;
}

static const char *file_fault(int directory, const char *name)
{
	size_t length = strlen(name);
	const char *fault;
	struct stat st;

	if (length <= strlen(SUFFIX) || strcmp(name + length - strlen(SUFFIX), SUFFIX) != 0)
		return "is none; only files NAME" SUFFIX " may be in a directory of lenses";
	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return strerror(errno);
	fault = policy_trust_fault(&st, S_IFREG);
	if (!fault && !(st.st_mode & S_IROTH))
		fault = "cannot be read by others than root; chmod o+r";
	return fault;
}

static void look_at_files(struct policy_reader *reader, const char *path, DIR *dir)
{
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		const char *fault;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		fault = file_fault(dirfd(dir), entry->d_name);
		if (fault)
			policy_mistake(reader, "Lenses=%s: " QUOTE " %s", path, entry->d_name,
				       fault);
	}
}

static void look_at_directory(struct policy_reader *reader, const char *path, int directory)
{
	const int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat st;

	if (!dir || fstat(fd, &st) < 0)
		policy_mistake(reader, "Lenses=%s: %s", path, strerror(errno));
	else if ((st.st_mode & (S_IROTH | S_IXOTH)) != (S_IROTH | S_IXOTH))
		policy_mistake(reader, "Lenses=%s cannot be read by others than root; chmod o+rx",
			       path);
	else
		look_at_files(reader, path, dir);
	if (dir)
		closedir(dir);
	else
		close_fd(fd);
}

static bool is_named(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->lens_dirs.count; i++)
		if (strcmp(policy->lens_dirs.item[i], path) == 0)
			return true;
	return false;
}

int policy_key_lenses(struct policy_reader *reader, enum policy_right unused, char *value)
{
	const char *fault = name_fault(value);
	scoped_ptr char *path = NULL;
	scoped_fd directory = -1;

	(void)unused;
	if (fault) {
		policy_mistake(reader, "Lenses=" QUOTE " %s", value, fault);
		return 0;
	}
	if (is_named(reader->policy, value))
		return 0;
	if (reader->policy->lens_dirs.count == DIRS_MAX) {
		policy_mistake(reader, "more than %d directories of lenses", DIRS_MAX);
		return 0;
	}
	path = strdup(value);
	if (!path)
		return -ENOMEM;
	directory = walk(path, &fault);
	if (directory < 0)
		policy_mistake(reader, "Lenses=%s: %s %s", value, path, fault);
	else
		look_at_directory(reader, value, directory);
	return policy_list_add(&reader->policy->lens_dirs, value);
}

char *policy_lens_path(const struct policy *policy)
{
	char *path = strdup(LENS_PATH);

	for (size_t i = policy->lens_dirs.count; path && i > 0; i--) {
		char *longer = NULL;

		if (asprintf(&longer, "%s:%s", policy->lens_dirs.item[i - 1], path) < 0)
			longer = NULL;
		free(path);
		path = longer;
	}
	return path;
}

/* Could it be below the directory? No wildcard stands for a slash. 1, 0, -ENOMEM. */
static int leads_into(const char *path, const char *directory)
{
	scoped_ptr char *above = NULL;
	const char *end = path;

	for (const char *at = directory; end && *at; at++)
		if (*at == '/')
			end = strchr(end + 1, '/');
	if (!end)
		return 0;
	above = strndup(path, (size_t)(end - path));
	return above ? glob_match_path(above, directory) : -ENOMEM;
}

int policy_lenses_concern(const struct policy *policy, const char *path)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->lens_dirs.count; i++)
		r = leads_into(path, policy->lens_dirs.item[i]);
	return r;
}

int policy_lenses_prepared(const struct policy *policy, const char *root)
{
	int r = 0;

	for (size_t i = 0; i < policy->lens_dirs.count; i++) {
		const char *path = policy->lens_dirs.item[i];
		scoped_ptr char *inside = NULL;
		struct stat here, there;

		if (asprintf(&inside, "%s%s", root, path) < 0)
			return -ENOMEM;
		if (stat(path, &here) == 0 && stat(inside, &there) == 0 &&
		    here.st_dev == there.st_dev && here.st_ino == there.st_ino)
			continue;
		log_error("Lenses=%s is not at %s in the root directory that was prepared; the "
			  "unit needs BindReadOnlyPaths=%s:%s",
			  path, inside, path, inside);
		r = -ENOENT;
	}
	return r;
}
