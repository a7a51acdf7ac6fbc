/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TRAIL_H
#define EXM_TRAIL_H

/*
 * The audit trail as its writer, the monitor, and its readers see it: files of
 * records (export.h), each of which has the SHA-256 of the one before. `audit`
 * is written, `audit.1` is what was written before, and so on; the chain goes on
 * across them. `audit.head` says where the last record is and what its hash is, and is
 * what writers lock.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/export.h"

#define TRAIL_FILE "audit"
#define TRAIL_HEAD TRAIL_FILE ".head"

/* The fields that make a chain of records. */
#define TRAIL_NUMBER "EXMACHINA_NUMBER"     /* counted from 1, also across files */
#define TRAIL_PREVIOUS "EXMACHINA_PREVIOUS" /* the hash of all bytes of the record before it */

enum {
	TRAIL_FILE_MAX = 16 << 20, /* bytes of one file, unless one record is larger */
	TRAIL_FILES_KEPT = 16,     /* beside the one that is written */
	TRAIL_HASH_SIZE = 64 + 1,  /* as text: hexadecimal, small letters */
	TRAIL_NAME_SIZE = 16,
};

/* What stands before the first record of all. */
#define TRAIL_NO_HASH "0000000000000000000000000000000000000000000000000000000000000000"

/* "audit", "audit.1" ... */
void trail_name(unsigned int number, char name[static TRAIL_NAME_SIZE]);

void trail_hash(const void *data, size_t size, char hash[static TRAIL_HASH_SIZE]);

/* ---- the head ---- */

/* The last record: its number, and where in `audit` it is. */
struct trail_head {
	uint64_t number;     /* 0: there is none */
	uint64_t start, end; /* bytes; both 0 when it is not in `audit` but in the file before */
	char hash[TRAIL_HASH_SIZE];
};

/* What the file has, always of one length, so that it is written in one piece over the old one. */
enum { TRAIL_HEAD_SIZE = 161 };
void trail_head_print(const struct trail_head *head, char text[static TRAIL_HEAD_SIZE + 1]);

/*
 * 0, -ENODATA for an empty file, -EBADMSG for one that is no head (half of it was written), or
 * another -errno.
 */
int trail_head_read(int fd, struct trail_head *ret_head) must_check;

/* ---- reading records one after the other ---- */

struct trail_reader {
	int fd;          /* the caller's, of a regular file; its position does not matter */
	uint64_t offset; /* of the next record */
	char *buffer;
	size_t room;
	size_t begin, filled; /* of the buffer; the next record begins at `begin` */
};

struct trail_reader trail_reader_of(int fd, uint64_t offset);
void trail_reader_clear(struct trail_reader *reader);

#define scoped_trail scoped(trail_reader_clear) struct trail_reader

/*
 * 1 with the next record, whose bytes are valid until the next call; 0 at the
 * end; -ENODATA if the file ends within a record, -EBADMSG for what is no record,
 * another -errno. After a failure the offset is where it was.
 */
int trail_next(struct trail_reader *reader, struct export_record *ret_record,
	       const char **ret_bytes) must_check;

/* ---- verifying ---- */

/* Something that is not as it was written. */
struct trail_fault {
	size_t file;     /* which of them, as they were given */
	uint64_t number; /* of the record: its own, or what it should be */
	uint64_t offset;
	const char *text;
};

struct trail_summary {
	uint64_t records, faults;
	uint64_t first, last;       /* numbers of records, 0 if there is none */
	char hash[TRAIL_HASH_SIZE]; /* of the last record */
};

/*
 * Follows the chain over files from the oldest to the newest. Each fault is told, at most
 * TRAIL_FAULTS_MAX of them. head: a record that must be there, or NULL if that is not known;
 * those behind it are no fault, since they may just have been written. 0, also
 * with faults, or -errno.
 */
enum { TRAIL_FAULTS_MAX = 100 };
int trail_verify(const int *fds, size_t count, const struct trail_head *head,
		 void (*tell)(const struct trail_fault *fault, void *data), void *data,
		 struct trail_summary *ret_summary) must_check;

#endif
