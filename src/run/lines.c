/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-run, for one job. The bytes are those of any program. */
#include "run/lines.h"

static void tell(struct lines *lines)
{
	lines->line[lines->used] = '\0';
	lines->used = 0;
	lines->tell(lines->line, lines->data);
}

void lines_add(struct lines *lines, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n') {
			if (!lines->skip)
				tell(lines);
			lines->skip = false;
		} else if (!lines->skip) {
			lines->line[lines->used++] = data[i] ? data[i] : '?';
			if (lines->used == JOB_LINE_MAX) {
				tell(lines);
				lines->skip = true;
			}
		}
	}
}

void lines_end(struct lines *lines)
{
	if (lines->used > 0)
		tell(lines);
}
