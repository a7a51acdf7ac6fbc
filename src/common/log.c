/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in every process of the server. The text may quote hostile input; it
 * leaves this file on one line, printable, and no longer than LINE_SIZE.
 */
#include "common/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 2048 };

/* The one piece of state that a process has: set once, before anything else runs. */
static struct {
	const char *name;
	enum log_target target;
	bool with_priority;
} sink = { .name = "exmachina" };

void log_open(const char *name, enum log_target target)
{
	sink.name = name;
	sink.target = target;
	sink.with_priority = getenv("JOURNAL_STREAM") != NULL;
	if (target == LOG_TO_SYSLOG)
		openlog(name, LOG_PID, LOG_DAEMON);
}

static size_t escape(const char *text, char *out, size_t size)
{
	size_t used = 0;

	for (; *text && used + 5 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f || c == '\\')
			used += (size_t)snprintf(out + used, size - used, "\\x%02x", c);
		else
			out[used++] = (char)c;
	}
	out[used] = '\0';
	return used;
}

void log_write(int priority, const char *format, ...)
{
	char text[LINE_SIZE], line[LINE_SIZE + LINE_SIZE / 2];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	escape(text, line, sizeof(line));

	if (sink.target == LOG_TO_SYSLOG)
		syslog(priority, "%s", line);
	else if (sink.with_priority)
		dprintf(STDERR_FILENO, "<%d>%s: %s\n", priority, sink.name, line);
	else
		dprintf(STDERR_FILENO, "%s: %s\n", sink.name, line);
}
