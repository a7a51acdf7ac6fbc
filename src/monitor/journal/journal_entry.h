/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_JOURNAL_ENTRY_H
#define EXM_JOURNAL_ENTRY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/message.h"

/*
 * A commit as it is written down before it is begun: each of its files before and after. As a file:
 *
 *     "EXMJRN1\n", phase (1 byte), 7 bytes 0, size of the header (8 bytes), the header, for each
 *     file the bytes before and the bytes after, SHA-256 of all of this with a phase of 0
 */
enum journal_phase {
	JOURNAL_OVER,      /* done or taken back, and nothing is left of it */
	JOURNAL_WRITING,   /* new files are made beside the old ones, which nobody has touched */
	JOURNAL_SWITCHING, /* each file may be old or new */
	JOURNAL_DONE,      /* each file is new, and that is on disk; old ones are left beside */
	JOURNAL_PHASE_MAX,
};

enum {
	JOURNAL_FILES_MAX = STAGED_MAX,
	JOURNAL_ATTRIBUTES_MAX = 128 << 10, /* bytes of a file's extended attributes, with names */
};

struct journal_side {
	bool exists;
	uint64_t size;
	uint64_t offset; /* of the content, in an entry that was read */
};

struct journal_file {
	char *path;
	char temporary[NAME_MAX + 1]; /* the name beside it, during the commit */
	struct journal_side old, new;
	/* of the old one */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	char *attributes; /* as metadata_export() gives them; NULL: none */
	uint32_t attributes_size;
};

struct journal_entry {
	enum journal_phase phase;
	struct journal_file *file; /* zeroed room for JOURNAL_FILES_MAX, and owned */
	uint32_t count;
};

void journal_entry_clear(struct journal_entry *entry);

#define scoped_journal_entry scoped(journal_entry_clear) struct journal_entry

/* An empty one. 0 or -ENOMEM. */
int journal_entry_new(struct journal_entry *ret_entry) must_check;

/*
 * Writes it in place of what the file had, and brings it to disk. content[2 * i] and [2 * i + 1]
 * are sealed memfds with the bytes of file i before and after, or -1 if it does not exist then. 0
 * or -errno.
 */
int journal_entry_write(int fd, struct journal_entry *entry, const int *content) must_check;

/* Another phase; on disk whenever the kernel likes. 0 or -errno. */
int journal_entry_set_phase(int fd, enum journal_phase phase) must_check;

/* That of the entry, whether it is whole or not; JOURNAL_OVER if there is none; or -errno. */
int journal_entry_phase(int fd) must_check;

/* Reads what was written, but for the contents. 0; -EBADMSG if it is not whole; or -errno. */
int journal_entry_read(int fd, struct journal_entry *ret_entry) must_check;

/* The bytes of one side, as a sealed memfd. A descriptor or -errno. */
int journal_entry_content(int fd, const struct journal_side *side) must_check;

#endif
