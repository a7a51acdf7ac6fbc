/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the crash tests, which run as root in the sandbox and trust all. */
#include "tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fd.h"
#include "must.h"

enum {
	ATTRIBUTES_MAX = 8192,
	NAMES_MAX = 32,
};

const char *tree_path(enum tree_place place)
{
	static const char *const paths[TREE_PLACE_MAX] = {
		[TREE_ONE] = "etc/one.d",
		[TREE_TWO] = "etc/two.d",
		[TREE_STATE] = "var/lib/exmachina",
		[TREE_HISTORY] = ("var/lib/exmachina/" TREE_HISTORY_NAME),
	};

	return paths[place];
}

void tree_clear(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->file[i].data);
		free(tree->file[i].attributes);
	}
	tree->count = 0;
	tree->has_history = false;
}

struct tree_file *tree_find(struct tree *tree, enum tree_place place, const char *name)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree->file[i].place == place && strcmp(tree->file[i].name, name) == 0)
			return &tree->file[i];
	return NULL;
}

struct tree_file *tree_add(struct tree *tree, enum tree_place place, const char *name)
{
	struct tree_file *file = &tree->file[tree->count];

	MUST(tree->count++ < TREE_FILES_MAX);
	*file = (struct tree_file){ .place = place };
	strcpy(file->name, name);
	return file;
}

static char *copy_of(const char *data, size_t size)
{
	char *copy = malloc(size + 1);

	MUST(copy);
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

void tree_copy(const struct tree *from, struct tree *tree)
{
	tree_clear(tree);
	*tree = *from;
	for (size_t i = 0; i < tree->count; i++) {
		struct tree_file *file = &tree->file[i];

		file->data = copy_of(file->data, file->size);
		file->attributes = copy_of(file->attributes, file->attributes_size);
	}
}

/* ---- reading ------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t read_attribute(int fd, const char *name, char *at)
{
	size_t length = strlen(name) + 1;
	ssize_t size = fgetxattr(fd, name, at + length + sizeof(size), ATTRIBUTES_MAX / 4);

	MUST(size >= 0);
	memcpy(at, name, length);
	memcpy(at + length, &size, sizeof(size));
	return length + sizeof(size) + (size_t)size;
}

static void read_attributes(int fd, struct tree_file *file)
{
	char list[ATTRIBUTES_MAX], all[ATTRIBUTES_MAX];
	const char *names[NAMES_MAX];
	ssize_t size = flistxattr(fd, list, sizeof(list));
	size_t count = 0, used = 0;

	MUST(size >= 0);
	for (char *name = list; name < list + size; name += strlen(name) + 1) {
		MUST(count < NAMES_MAX);
		names[count++] = name;
	}
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i < count; i++) {
		MUST(used < ATTRIBUTES_MAX / 2);
		used += read_attribute(fd, names[i], all + used);
	}
	free(file->attributes);
	file->attributes = copy_of(all, used);
	file->attributes_size = used;
}

void tree_read_metadata(int fd, struct tree_file *file)
{
	struct stat st;

	MUST(fstat(fd, &st) == 0);
	file->mode = st.st_mode;
	file->uid = st.st_uid;
	file->gid = st.st_gid;
	read_attributes(fd, file);
}

static void read_file(int dir, struct tree_file *file)
{
	scoped_fd fd = openat(dir, file->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	ssize_t got;

	MUST(fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
	file->size = (size_t)st.st_size;
	file->data = malloc(file->size + 1);
	MUST(file->data);
	got = pread(fd, file->data, file->size, 0);
	MUST(got == st.st_size);
	tree_read_metadata(fd, file);
}

/* NULL if there is no history. */
static DIR *open_place(int root_fd, enum tree_place place)
{
	int fd = openat(root_fd, tree_path(place), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	MUST(dir || (place == TREE_HISTORY && errno == ENOENT));
	return dir;
}

/* The next file. */
static const char *next_name(DIR *dir)
{
	const struct dirent *entry;

	do {
		entry = readdir(dir);
	} while (entry && entry->d_type == DT_DIR);
	return entry ? entry->d_name : NULL;
}

static int by_place_and_name(const void *a, const void *b)
{
	const struct tree_file *x = a, *y = b;

	return x->place != y->place ? (int)x->place - (int)y->place : strcmp(x->name, y->name);
}

void tree_sort(struct tree *tree)
{
	qsort(tree->file, tree->count, sizeof(*tree->file), by_place_and_name);
}

void tree_read(int root_fd, struct tree *tree)
{
	tree_clear(tree);
	for (enum tree_place place = 0; place < TREE_PLACE_MAX; place++) {
		DIR *dir = open_place(root_fd, place);

		if (!dir)
			continue;
		tree->has_history |= place == TREE_HISTORY;
		for (const char *name; (name = next_name(dir));)
			read_file(dirfd(dir), tree_add(tree, place, name));
		closedir(dir);
	}
	tree_sort(tree);
}

/* ---- writing ------------------------------------------------------------------------- */

static void write_attributes(int fd, const struct tree_file *file)
{
	const char *at = file->attributes, *end = at + file->attributes_size;

	while (at < end) {
		const char *name = at;
		ssize_t size;

		at += strlen(name) + 1;
		memcpy(&size, at, sizeof(size));
		at += sizeof(size);
		MUST(fsetxattr(fd, name, at, (size_t)size, 0) == 0);
		at += size;
	}
}

static void write_file(int root_fd, const struct tree_file *file)
{
	DIR *dir = open_place(root_fd, file->place);
	scoped_fd fd =
		openat(dirfd(dir), file->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	MUST(fd >= 0);
	MUST(fd_write_all(fd, file->data, file->size) == 0);
	MUST(fchown(fd, file->uid, file->gid) == 0);
	write_attributes(fd, file);
	MUST(fchmod(fd, file->mode & 07777) == 0);
	closedir(dir);
}

static void empty(int root_fd, enum tree_place place)
{
	DIR *dir = open_place(root_fd, place);

	if (!dir)
		return;
	for (const char *name; (name = next_name(dir));)
		MUST(unlinkat(dirfd(dir), name, 0) == 0);
	closedir(dir);
}

void tree_write(int root_fd, const struct tree *tree)
{
	for (enum tree_place place = 0; place < TREE_PLACE_MAX; place++)
		empty(root_fd, place);
	if (tree->has_history)
		MUST(mkdirat(root_fd, tree_path(TREE_HISTORY), 0700) == 0 || errno == EEXIST);
	else
		MUST(unlinkat(root_fd, tree_path(TREE_HISTORY), AT_REMOVEDIR) == 0 ||
		     errno == ENOENT);
	for (size_t i = 0; i < tree->count; i++)
		write_file(root_fd, &tree->file[i]);
}

/* ---- comparing ----------------------------------------------------------------------- */

static const char *difference(const struct tree_file *a, const struct tree_file *b)
{
	if (a->size != b->size || memcmp(a->data, b->data, a->size) != 0)
		return "has other bytes";
	if (a->mode != b->mode)
		return "has another mode";
	if (a->uid != b->uid || a->gid != b->gid)
		return "has another owner";
	if (a->attributes_size != b->attributes_size ||
	    memcmp(a->attributes, b->attributes, a->attributes_size) != 0)
		return "has other attributes";
	return NULL;
}

static bool all_in(const struct tree *a, struct tree *b, const char *absent, char *ret_why,
		   size_t size)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct tree_file *file = &a->file[i], *other;
		const char *what = absent;

		if (file->place >= TREE_STATE)
			continue;
		other = tree_find(b, file->place, file->name);
		if (other)
			what = difference(file, other);
		if (!what)
			continue;
		snprintf(ret_why, size, "%s/%s %s", tree_path(file->place), file->name, what);
		return false;
	}
	return true;
}

bool tree_same(const struct tree *a, const struct tree *b, char *ret_why, size_t size)
{
	struct tree *x = (struct tree *)(uintptr_t)a, *y = (struct tree *)(uintptr_t)b;

	return all_in(a, y, "is too much", ret_why, size) &&
	       all_in(b, x, "is not there", ret_why, size);
}

static bool is_audit(const struct tree_file *file)
{
	return file->place == TREE_STATE && strncmp(file->name, "audit", 5) == 0;
}

static uint64_t hash_more(uint64_t hash, const void *data, size_t size)
{
	const char *at = data;

	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		size_t part = size - i < sizeof(uint64_t) ? size - i : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, at + i, part);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return (hash ^ size) * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t tree_hash(const struct tree *tree)
{
	uint64_t hash = UINT64_C(14695981039346656037) + tree->has_history;

	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_file *file = &tree->file[i];
		const uint32_t numbers[] = { file->place, file->mode, file->uid, file->gid };

		if (is_audit(file))
			continue;
		hash = hash_more(hash, numbers, sizeof(numbers));
		hash = hash_more(hash, file->name, strlen(file->name));
		hash = hash_more(hash, file->data, file->size);
		hash = hash_more(hash, file->attributes, file->attributes_size);
	}
	return hash;
}

static bool is_left(const struct tree_file *file, char *ret_why, size_t size)
{
	const char *name = file->name;

	/* what waits is asked for by who knows whether it should; one that is new is nothing yet */
	if (file->place == TREE_STATE && strncmp(name, TREE_PENDING, strlen(TREE_PENDING)) == 0)
		return false;
	if (file->place == TREE_HISTORY ? strspn(name, "0123456789") == strlen(name)
					: strcmp(name, TREE_JOURNAL) == 0 || is_audit(file)) {
		/* one that has just been made is empty */
		if (is_audit(file) || file->size <= TREE_PHASE_AT || file->data[TREE_PHASE_AT] == 0)
			return false;
		snprintf(ret_why, size, "%s is in phase %d", name, file->data[TREE_PHASE_AT]);
		return true;
	}
	snprintf(ret_why, size, "%s is in %s", name, tree_path(file->place));
	return true;
}

bool tree_state_clean(const struct tree *tree, size_t *ret_revisions, char *ret_why, size_t size)
{
	*ret_revisions = 0;
	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_file *file = &tree->file[i];

		if (file->place >= TREE_STATE && is_left(file, ret_why, size))
			return false;
		*ret_revisions += file->place == TREE_HISTORY;
	}
	return true;
}
