/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TRAIL_FIXTURE_H
#define EXM_TRAIL_FIXTURE_H

/* For the tests of the audit trail: what is in its files, and whether it is whole. */
#include "unit.h"

#include "common/trail.h"

/* What verification says of files of a directory: "audit.1", "audit", ended by NULL. */
struct verdict {
	struct trail_summary summary;
	struct trail_fault first;
	char text[512]; /* of the first fault, or "" */
};
struct verdict trail_verdict(const char *directory, const char *const *names,
			     const struct trail_head *head);

/* The same of "audit" alone, with its head. */
struct verdict trail_verdict_of(const char *directory);

/* The n-th record of a file, from 0: where it begins, and its size. */
uint64_t trail_record_at(const char *path, size_t n, size_t *ret_size);

/* The value of a field of that record, as a new string; NULL if it has none. */
char *trail_value(const char *path, size_t n, const char *name);

/* How many records there are. */
size_t trail_count(const char *path);

/* All bytes of a file. */
char *trail_bytes(const char *path, size_t *ret_size);
void trail_write_bytes(const char *path, const char *bytes, size_t size);

#endif
