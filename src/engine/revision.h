/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REVISION_H
#define EXM_REVISION_H

#include "common/report.h"
#include "engine/call.h"

/* A commit of the past, as far as this session may see it: a row for each of its files. */
struct revision {
	struct report_reader reader;
	struct revision_row *row; /* its strings live as long as the reader */
	size_t count;             /* at least 1 */
};

void revision_clear(struct revision *revision);

#define scoped_revision scoped(revision_clear) struct revision

/* 0, or -1 with the call answered: NO_MATCH if there is none, or none that it may see. */
int revision_take(struct call *call, int64_t number, struct revision *ret_revision) must_check;

/*
 * A part of one of its files, PART_OLD and its like: a sealed memfd, or -1 if there is none or it
 * is withheld. 0, or -1 with the call answered.
 */
int revision_part(struct call *call, const struct revision_row *row, uint8_t part,
		  int *ret_fd) must_check;

/* The answer where the monitor has none. Returns -1. */
int revision_fail(struct call *call, int64_t number, enum mon_outcome outcome, int error);

/* Who made the revision, when and how, to which an array "files" may be put. */
struct json_object *revision_describe(const struct revision_row *row);

/* One of its files. */
struct json_object *revision_describe_file(const struct revision_row *row);

#endif
