/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUN_LINES_H
#define EXM_RUN_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "run/job.h"

/* Bytes as they come, told line by line. */
struct lines {
	job_line *tell;
	void *data;
	bool skip; /* the rest of a line that was too long */
	size_t used;
	char line[JOB_LINE_MAX + 1];
};

void lines_add(struct lines *lines, const char *data, size_t size);

/* Nothing more comes: tells a last line without an end. */
void lines_end(struct lines *lines);

#endif
