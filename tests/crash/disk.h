/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CRASH_DISK_H
#define EXM_CRASH_DISK_H

/*
 * A disk that keeps its promises and no more. Bytes of a file are on it once that file was synced
 * (its owner, mode and attributes only by fsync, not by fdatasync), names once their directory was.
 * Whatever else was done since may be on it or not, each thing by itself, in any order: a write by
 * pieces, its length apart from them. Only a rename is one thing.
 */
#include "trial.h"

enum disk_kind {
	DISK_CREATE,  /* the name is an empty file's */
	DISK_NAMES,   /* two names of one directory change at once */
	DISK_REMOVE,  /* the name is nobody's */
	DISK_HISTORY, /* its directory is made */
	DISK_WRITE,
	DISK_TRUNCATE,
	DISK_METADATA,
	DISK_SYNC, /* of a file */
	DISK_SYNC_DATA,
	DISK_SYNC_DIRECTORY,
	DISK_ANSWER, /* the client was told that it is done */
};

struct disk_event {
	enum disk_kind kind;
	enum tree_place place;
	size_t file; /* the number of it */
	char name[NAME_MAX + 1];
	/* of DISK_NAMES: it gets this name, and whose that was gets the first one, or DISK_NOBODY
	 */
	char other[NAME_MAX + 1];
	size_t second;
	size_t at, size;
	char *data;
	struct tree_file metadata;
};

enum { DISK_EVENTS_MAX = 512, DISK_FILES_MAX = 64, DISK_NOBODY = DISK_FILES_MAX };

struct disk {
	struct tree base;            /* was on it before */
	ino_t inode[DISK_FILES_MAX]; /* those of the base come first, in its order */
	bool is_unnamed[DISK_FILES_MAX];
	size_t file_count;
	struct disk_event event[DISK_EVENTS_MAX];
	size_t event_count;
};

/* What is there now is on disk. */
void disk_begin(struct disk *disk, int root_fd);
void disk_clear(struct disk *disk);

/* But for this name, which has just been given. */
void disk_unname(struct disk *disk, enum tree_place place, const char *name);

/* Part of what has happened that may be on disk or not. */
struct disk_piece {
	size_t event;
	bool is_length; /* of a write: that the file is so long */
	size_t at, size;
};

enum { DISK_PIECES_MAX = 4096 };

/* Those that there are when the power fails behind that many events. */
size_t disk_pieces(const struct disk *disk, size_t events, struct disk_piece *pieces);

/* What is found then if just the pieces that are marked were on disk. */
void disk_found(const struct disk *disk, size_t events, const struct disk_piece *pieces,
		const bool *is_on_disk, size_t count, struct tree *tree);

/* What has happened so far; used by those that note it. */
struct disk_event *disk_add(struct disk *disk, enum disk_kind kind);
size_t disk_file(struct disk *disk, ino_t inode);

/* A hook's part: notes what each call has done. One that it does not know ends the test. */
struct disk_watch {
	struct disk *disk;
	const struct ground *ground;
	/* before the call */
	bool is_new;
	size_t at, first, second;
};

void disk_watch(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop);

#endif
