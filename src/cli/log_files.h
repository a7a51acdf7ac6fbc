/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LOG_FILES_H
#define EXM_LOG_FILES_H

#include "cli/cli.h"
#include "common/trail.h"

enum { LOG_FILES_MAX = CLI_TEXTS_MAX + TRAIL_FILES_KEPT };

/* The files of an audit trail, open, the oldest first. */
struct log_files {
	size_t count;
	int fd[LOG_FILES_MAX];
	char *path[LOG_FILES_MAX]; /* for people */
	bool has_head;             /* the last record is known, and has to be there */
	struct trail_head head;
};

void log_files_clear(struct log_files *files);

#define scoped_log_files scoped(log_files_clear) struct log_files

/* The trail of this system, as it is at one moment. A failure is told. */
enum status log_files_of_system(const struct cli *cli, struct log_files *files) must_check;

/*
 * Those that were named with --file, and these. They are put in the order of the numbers
 * of their first records, if all have one. The head beside the newest is taken if it is there.
 */
enum status log_files_named(const struct cli *cli, int argc, char **argv,
			    struct log_files *files) must_check;

#endif
