/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. The name comes from the client; the archive may
 * be an image's, so that no number in it is believed. It is read and not mapped,
 * because a mapped file that somebody shortens kills its reader.
 */
#include "monitor/identity/locale_tree.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "common/root_open.h"

#define TREE "usr/lib/locale"
#define ARCHIVE TREE "/locale-archive"

enum {
	NAME_SIZE = 256,
	ARCHIVE_NAMES_MAX = 1 << 16,
};

static const uint32_t ARCHIVE_MAGIC = 0xde020109;

/* How glibc's archive begins; all offsets count from the file's beginning. */
struct archive_head {
	uint32_t magic;
	uint32_t serial;
	uint32_t names_offset; /* of a hash table of struct archive_name */
	uint32_t names_used;
	uint32_t names_size;
};

struct archive_name {
	uint32_t hash;
	uint32_t name_offset;
	uint32_t locale_offset; /* 0: an empty place of the table */
};

bool locale_tree_is_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.@-";

	return strlen(name) < NAME_SIZE && name[0] != '\0' && !strchr("_.@-", name[0]) &&
	       name[strspn(name, allowed)] == '\0';
}

/* Puts the character set between '.' and '@' as glibc has it in its files: "UTF-8" is "utf8". */
static void normalize(const char *name, char normal[static NAME_SIZE])
{
	size_t used = strcspn(name, ".");
	const char *set = name + used, *end = set + strcspn(set, "@");

	memcpy(normal, name, used);
	if (*set == '.')
		normal[used++] = *set++;
	for (; set < end; set++)
		if (isalnum((unsigned char)*set))
			normal[used++] = (char)tolower((unsigned char)*set);
	strcpy(normal + used, end); /* no longer than the name, which locale_tree_is_name() took */
}

static bool is_built_in(const char *normal)
{
	return strcmp(normal, "C") == 0 || strcmp(normal, "POSIX") == 0 ||
	       strcmp(normal, "C.utf8") == 0;
}

static int has_directory(int root_fd, const char *name)
{
	char path[sizeof(TREE "/") + NAME_SIZE];
	scoped_fd fd = -1;

	snprintf(path, sizeof(path), TREE "/%s", name);
	fd = root_open(root_fd, path, O_PATH | O_DIRECTORY);
	if (fd >= 0)
		return 1;
	return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
}

/* Has the archive's table this name at this place of it? */
static bool is_at(int archive, const struct archive_name *entry, const char *normal)
{
	char name[NAME_SIZE], other[NAME_SIZE];
	ssize_t length = pread(archive, name, sizeof(name) - 1, entry->name_offset);

	if (entry->locale_offset == 0 || length <= 0)
		return false;
	name[length] = '\0';
	if (!locale_tree_is_name(name))
		return false;
	normalize(name, other);
	return strcmp(other, normal) == 0;
}

static int has_in_archive(int root_fd, const char *normal)
{
	scoped_fd archive = root_open(root_fd, ARCHIVE, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	scoped_ptr struct archive_name *names = NULL;
	struct archive_head head;
	ssize_t length;

	if (archive < 0)
		return archive == -ENOENT ? 0 : archive;
	length = pread(archive, &head, sizeof(head), 0);
	if (length != (ssize_t)sizeof(head) || head.magic != ARCHIVE_MAGIC ||
	    head.names_size > ARCHIVE_NAMES_MAX)
		return 0;
	names = calloc((size_t)head.names_size + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	length = pread(archive, names, head.names_size * sizeof(*names), head.names_offset);
	if (length < 0)
		return -errno;
	for (size_t i = 0; i < (size_t)length / sizeof(*names); i++)
		if (is_at(archive, &names[i], normal))
			return 1;
	return 0;
}

int locale_tree_has(int root_fd, const char *name)
{
	char normal[NAME_SIZE];
	int r;

	if (!locale_tree_is_name(name))
		return 0;
	normalize(name, normal);
	if (is_built_in(normal))
		return 1;
	r = has_directory(root_fd, name);
	if (r == 0)
		r = has_directory(root_fd, normal);
	return r == 0 ? has_in_archive(root_fd, normal) : r;
}
