/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LOG_H
#define EXM_LOG_H

/*
 * One line per event, to standard error (with the priority in front when the
 * journal reads it) or to syslog(3) after daemonizing. Control characters and
 * backslashes are escaped here and nowhere else, so callers pass text from
 * outside as it is. A function logs or returns the error; never both.
 */

#include <syslog.h>

#include "common/cleanup.h"

enum log_target {
	LOG_TO_STDERR,
	LOG_TO_SYSLOG,
};

/* name is the program's, and must outlive every later call. */
void log_open(const char *name, enum log_target target);

void log_write(int priority, const char *format, ...) printf_like(2, 3);

#define log_error(...) log_write(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)

#endif
