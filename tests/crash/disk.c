/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the crash tests: what is found when the power has failed. */
#include "disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "must.h"

/* What a disk writes at once, and less, so that pieces of a head are apart, too. */
enum { SECTOR = 512, SMALL = 16, SMALL_UP_TO = 512 };

/* ---- what happens ---------------------------------------------------------------------------- */

size_t disk_file(struct disk *disk, ino_t inode)
{
	for (size_t i = disk->file_count; i-- > 0;)
		if (disk->inode[i] == inode)
			return i;
	MUST(disk->file_count < DISK_FILES_MAX);
	disk->inode[disk->file_count] = inode;
	return disk->file_count++;
}

void disk_begin(struct disk *disk, int root_fd)
{
	*disk = (struct disk){ 0 };
	tree_read(root_fd, &disk->base);
	for (size_t i = 0; i < disk->base.count; i++) {
		const struct tree_file *file = &disk->base.file[i];
		char path[PATH_MAX];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", tree_path(file->place), file->name);
		MUST(fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0);
		MUST(disk_file(disk, st.st_ino) == i);
	}
}

void disk_clear(struct disk *disk)
{
	for (size_t i = 0; i < disk->event_count; i++) {
		free(disk->event[i].data);
		free(disk->event[i].metadata.attributes);
	}
	tree_clear(&disk->base);
	disk->event_count = disk->file_count = 0;
}

struct disk_event *disk_add(struct disk *disk, enum disk_kind kind)
{
	struct disk_event *event = &disk->event[disk->event_count];

	MUST(disk->event_count++ < DISK_EVENTS_MAX);
	*event = (struct disk_event){ .kind = kind };
	return event;
}

void disk_unname(struct disk *disk, enum tree_place place, const char *name)
{
	const struct tree_file *file = tree_find(&disk->base, place, name);
	struct disk_event *event = disk_add(disk, DISK_CREATE);

	MUST(file);
	event->place = place;
	strcpy(event->name, name);
	event->file = (size_t)(file - disk->base.file);
	disk->is_unnamed[event->file] = true;
}

/* ---- what is certain, and what is not -------------------------------------------------------- */

static bool is_of_names(const struct disk_event *event)
{
	return event->kind == DISK_CREATE || event->kind == DISK_NAMES ||
	       event->kind == DISK_REMOVE || event->kind == DISK_HISTORY;
}

static bool brings(const struct disk_event *sync, const struct disk_event *event)
{
	if (is_of_names(event))
		return sync->kind == DISK_SYNC_DIRECTORY && sync->place == event->place;
	if (sync->kind == DISK_SYNC_DATA && event->kind == DISK_METADATA)
		return false;
	return (sync->kind == DISK_SYNC || sync->kind == DISK_SYNC_DATA) &&
	       sync->file == event->file;
}

static bool is_certain(const struct disk *disk, size_t index, size_t events)
{
	for (size_t i = index + 1; i < events; i++)
		if (brings(&disk->event[i], &disk->event[index]))
			return true;
	return false;
}

static size_t write_pieces(const struct disk *disk, size_t index, struct disk_piece *pieces)
{
	const struct disk_event *event = &disk->event[index];
	size_t count = 0, end = event->at + event->size;

	pieces[count++] = (struct disk_piece){ index, true, event->at, event->size };
	for (size_t at = event->at; at < end;) {
		size_t unit = at < SMALL_UP_TO ? SMALL : SECTOR;
		size_t next = (at / unit + 1) * unit;

		if (next > end)
			next = end;
		pieces[count++] = (struct disk_piece){ index, false, at, next - at };
		at = next;
		MUST(count < DISK_PIECES_MAX / 2);
	}
	return count;
}

size_t disk_pieces(const struct disk *disk, size_t events, struct disk_piece *pieces)
{
	size_t count = 0;

	for (size_t i = 0; i < events; i++) {
		const struct disk_event *event = &disk->event[i];

		if (event->kind >= DISK_SYNC || is_certain(disk, i, events))
			continue;
		MUST(count < DISK_PIECES_MAX / 2);
		if (event->kind == DISK_WRITE)
			count += write_pieces(disk, i, pieces + count);
		else
			pieces[count++] = (struct disk_piece){ .event = i };
	}
	return count;
}

/* ---- what is found --------------------------------------------------------------------------- */

/* Files without names, and names of files. */
struct found {
	struct tree_file file[DISK_FILES_MAX];
	size_t room[DISK_FILES_MAX]; /* bytes that were written, whatever its length is */
	struct {
		enum tree_place place;
		char name[NAME_MAX + 1];
		size_t file;
	} name[DISK_FILES_MAX];
	size_t name_count;
	bool has_history;
};

static size_t *name_of(struct found *found, enum tree_place place, const char *name)
{
	size_t i = 0;

	while (i < found->name_count &&
	       (found->name[i].place != place || strcmp(found->name[i].name, name) != 0))
		i++;
	if (i == found->name_count) {
		MUST(found->name_count++ < DISK_FILES_MAX);
		found->name[i].place = place;
		strcpy(found->name[i].name, name);
		found->name[i].file = DISK_NOBODY;
	}
	return &found->name[i].file;
}

static void make_room(struct found *found, size_t index, size_t size)
{
	struct tree_file *file = &found->file[index];

	if (size <= found->room[index])
		return;
	file->data = realloc(file->data, size);
	MUST(file->data);
	memset(file->data + found->room[index], 0, size - found->room[index]);
	found->room[index] = size;
}

static void set_length(struct found *found, size_t index, size_t size)
{
	struct tree_file *file = &found->file[index];

	make_room(found, index, size);
	/* what was cut off does not come back */
	if (size < file->size)
		memset(file->data + size, 0, found->room[index] - size);
	file->size = size;
}

static void set_metadata(struct tree_file *file, const struct tree_file *from)
{
	file->mode = from->mode;
	file->uid = from->uid;
	file->gid = from->gid;
	free(file->attributes);
	file->attributes = malloc(from->attributes_size + 1);
	MUST(file->attributes);
	if (from->attributes_size > 0)
		memcpy(file->attributes, from->attributes, from->attributes_size);
	file->attributes_size = from->attributes_size;
}

static void found_begin(struct found *found, const struct disk *disk)
{
	*found = (struct found){ .has_history = disk->base.has_history };
	for (size_t i = 0; i < disk->base.count; i++) {
		const struct tree_file *from = &disk->base.file[i];

		set_length(found, i, from->size);
		if (from->size > 0)
			memcpy(found->file[i].data, from->data, from->size);
		set_metadata(&found->file[i], from);
		if (!disk->is_unnamed[i])
			*name_of(found, from->place, from->name) = i;
	}
}

static void write_piece(struct found *found, const struct disk_event *event,
			const struct disk_piece *piece)
{
	struct tree_file *file = &found->file[event->file];
	size_t end = piece->at + piece->size;

	make_room(found, event->file, end);
	if (piece->is_length)
		file->size = end > file->size ? end : file->size;
	else
		memcpy(file->data + piece->at, event->data + (piece->at - event->at), piece->size);
}

static void write_all(struct found *found, const struct disk_event *event)
{
	const struct disk_piece length = { 0, true, event->at, event->size };
	const struct disk_piece bytes = { 0, false, event->at, event->size };

	write_piece(found, event, &length);
	write_piece(found, event, &bytes);
}

static void apply(struct found *found, const struct disk_event *event)
{
	switch (event->kind) {
	case DISK_CREATE:
		*name_of(found, event->place, event->name) = event->file;
		break;
	case DISK_NAMES:
		*name_of(found, event->place, event->name) = event->second;
		*name_of(found, event->place, event->other) = event->file;
		break;
	case DISK_REMOVE:
		*name_of(found, event->place, event->name) = DISK_NOBODY;
		break;
	case DISK_HISTORY:
		found->has_history = true;
		break;
	case DISK_WRITE:
		write_all(found, event);
		break;
	case DISK_TRUNCATE:
		set_length(found, event->file, event->size);
		break;
	case DISK_METADATA:
		set_metadata(&found->file[event->file], &event->metadata);
		break;
	default:
		break;
	}
}

/* A name, and a copy of its file. */
static void name_files(struct found *found, struct tree *tree)
{
	for (size_t i = 0; i < found->name_count; i++) {
		const struct tree_file *from;
		struct tree_file *file;

		/* what is in a directory without a name is lost with it */
		if (found->name[i].file == DISK_NOBODY ||
		    (found->name[i].place == TREE_HISTORY && !found->has_history))
			continue;
		from = &found->file[found->name[i].file];
		file = tree_add(tree, found->name[i].place, found->name[i].name);
		file->data = malloc(from->size + 1);
		MUST(file->data);
		if (from->size > 0)
			memcpy(file->data, from->data, from->size);
		file->size = from->size;
		set_metadata(file, from);
		if (!file->mode)
			file->mode = S_IFREG | 0600;
	}
}

void disk_found(const struct disk *disk, size_t events, const struct disk_piece *pieces,
		const bool *is_on_disk, size_t count, struct tree *tree)
{
	scoped_ptr struct found *found = malloc(sizeof(*found));
	size_t at = 0;

	MUST(found);
	found_begin(found, disk);
	for (size_t i = 0; i < events; i++) {
		const struct disk_event *event = &disk->event[i];

		if (at == count || pieces[at].event != i) {
			apply(found, event);
			continue;
		}
		for (; at < count && pieces[at].event == i; at++) {
			if (!is_on_disk[at])
				continue;
			if (event->kind == DISK_WRITE)
				write_piece(found, event, &pieces[at]);
			else
				apply(found, event);
		}
	}
	tree_clear(tree);
	tree->has_history = found->has_history;
	name_files(found, tree);
	tree_sort(tree);
	for (size_t i = 0; i < DISK_FILES_MAX; i++) {
		free(found->file[i].data);
		free(found->file[i].attributes);
	}
}
