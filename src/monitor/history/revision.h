/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REVISION_H
#define EXM_REVISION_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/message.h"
#include "common/policy.h"
#include "monitor/client.h"

/*
 * A commit, as it is kept: each of its files before and after, with owner, mode and attributes,
 * who made it and when, and the list of changes. The same file is first the journal of the commit
 * (journal.h), and then an entry of the history (history.h).
 *
 *     "EXMREV1\n", phase (1 byte), 7 bytes 0, size of the header (8 bytes), the header, for each
 *     file the bytes before and the bytes after, the list of changes (a report of REPORT_CHANGE, or
 *     nothing), SHA-256 of all of this but the phase
 */
enum revision_phase {
	REVISION_PREPARED = 1, /* what is on disk may be old or new: it goes back */
	REVISION_APPLYING,     /* the same, and services may have the new one */
	REVISION_DONE,         /* everything is new, and stays so */
};

enum revision_kind { REVISION_COMMIT, REVISION_REVERT, REVISION_ROLLBACK, REVISION_KIND_MAX };

enum {
	REVISION_ATTRIBUTES_MAX = 64 << 10, /* bytes of a file's extended attributes, with names */
	REVISION_CONTENT_MAX = 80 << 20,    /* bytes of one side, or of the list of changes */
};

/* A file at one of the two times. */
struct revision_side {
	bool exists;
	uid_t uid;
	gid_t gid;
	mode_t mode;
	char *attributes; /* names and values as metadata_export() gives them; NULL: none */
	uint32_t attributes_size;
	uint64_t size;   /* of the content */
	uint64_t offset; /* of the content, in a revision that was read */
};

struct revision_file {
	char *path;
	char *lens;
	char temporary[NAME_MAX + 1]; /* the name beside it, during the commit */
	struct revision_side old, new;
};

struct revision {
	enum revision_phase phase;
	enum revision_kind kind;
	uint32_t number;
	uint32_t of; /* the revision that it takes back; 0: none */
	uint64_t usec; /* CLOCK_REALTIME */
	uint32_t pid;
	char user[POLICY_USER_MAX + 1];
	char session[CLIENT_SESSION_SIZE];
	struct revision_file *file;
	uint32_t count;
	uint64_t changes_size, changes_offset;
};

void revision_clear(struct revision *revision);

#define scoped_revision scoped(revision_clear) struct revision

/*
 * Writes it whole to an empty file. content[2 * i] and [2 * i + 1] are memfds with the bytes of
 * file i before and after, or -1; changes is the list, or -1. Sizes are taken from these. 0 or
 * -errno.
 */
int revision_write(int fd, struct revision *revision, const int *content, int changes) must_check;

/* Another phase, brought to disk. 0 or -errno. */
int revision_set_phase(int fd, enum revision_phase phase) must_check;

/* Reads what was written, but for the contents. 0; -EBADMSG if it is not whole; or -errno. */
int revision_read(int fd, struct revision *ret_revision) must_check;

/* The bytes of one side, or the list of changes, as a sealed memfd. A descriptor or -errno. */
int revision_content(int fd, const struct revision_side *side) must_check;
int revision_changes(int fd, const struct revision *revision) must_check;

#endif
