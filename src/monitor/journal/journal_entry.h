/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_JOURNAL_ENTRY_H
#define EXM_JOURNAL_ENTRY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "monitor/client.h"
#include "monitor/directories.h"

/*
 * A commit as it is written down before it is begun: each of its files before and after, who makes
 * it, and what it changes. As a file:
 *
 *     "EXMJRN2\n", phase (1 byte), 7 bytes 0, size of the header (8 bytes), the header, SHA-256 of
 *     all of this with a phase of 0, for each file the bytes before and the bytes after, the list
 *     of changes
 *
 * The header has the size and the SHA-256 of each of those that follow it.
 *
 * The same file, copied when the commit is done, is its revision in the history
 * (monitor/history/history.h).
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
	JOURNAL_CHANGES_MAX = 1 << 20,      /* bytes of the list of changes */
	JOURNAL_METHOD_MAX = 31,
	JOURNAL_HASH_SIZE = 32,
};

struct journal_side {
	bool exists;
	uint64_t size;
	uint64_t offset; /* of the content, in an entry that was read */
	uint8_t hash[JOURNAL_HASH_SIZE];
};

struct journal_file {
	char *path;
	char *section;                /* of the policy: what stands in [File ...] */
	uint64_t changes;             /* how many nodes it changes, as far as they were looked at */
	char temporary[NAME_MAX + 1]; /* the name beside it, during the commit */
	struct journal_side old, new;
	/* of the old one */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	char *attributes; /* as metadata_export() gives them; NULL: none */
	uint32_t attributes_size;
	uint32_t dirs; /* how many of the path's last directories are made for it */
	struct directory_kind dirs_kind;
};

struct journal_entry {
	enum journal_phase phase;
	struct journal_file *file; /* zeroed room for JOURNAL_FILES_MAX, and owned */
	uint32_t count;
	uint64_t revision; /* what the history calls it; 0: it is not kept there */
	uint64_t reverts;  /* the revision that it takes back; 0: none */
	uint64_t usec;     /* CLOCK_REALTIME */
	struct client who;
	char method[JOURNAL_METHOD_MAX + 1];
	struct journal_side changes; /* a report of REPORT_CHANGE without what is secret */
};

void journal_entry_clear(struct journal_entry *entry);

#define scoped_journal_entry scoped(journal_entry_clear) struct journal_entry

/* An empty one. 0 or -ENOMEM. */
int journal_entry_new(struct journal_entry *ret_entry) must_check;

/*
 * Writes it in place of what the file had, and brings it to disk. content[2 * i] and [2 * i + 1]
 * are sealed memfds with the bytes of file i before and after, or -1 if it does not exist then;
 * changes is one with their list, or -1. 0 or -errno.
 */
int journal_entry_write(int fd, struct journal_entry *entry, const int *content,
			int changes) must_check;

/* Another phase; on disk whenever the kernel likes. 0 or -errno. */
int journal_entry_set_phase(int fd, enum journal_phase phase) must_check;

/* That of the entry, whether it is whole or not; JOURNAL_OVER if there is none; or -errno. */
int journal_entry_phase(int fd) must_check;

/* Reads what was written, but for the contents. 0; -EBADMSG if it is not whole; or -errno. */
int journal_entry_read(int fd, struct journal_entry *ret_entry) must_check;

/*
 * The same, but what is behind the header is only known to have the right length; whether it is
 * whole is asked by whoever takes it.
 */
int journal_entry_read_head(int fd, struct journal_entry *ret_entry) must_check;

/*
 * The bytes of one side, or the list of changes, as a sealed memfd. A descriptor, -EBADMSG if they
 * are not whole, or -errno.
 */
int journal_entry_content(int fd, const struct journal_side *side) must_check;

#endif
