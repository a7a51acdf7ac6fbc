/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. What services wrote is bounded here; it is their text and
 * nothing else. The cursor comes from the client, and sd-journal sees it only
 * in the one form that it hands out.
 */
#include "monitor/systemd/unit_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "common/clock.h"
#include "common/report.h"
#include "monitor/systemd/unit_journal.h"

enum {
	LINE_SIZE = 2048, /* of one entry, if there is room */
	NAME_BYTES = 64,  /* of who wrote it */
	MTIME_SLACK = 60, /* seconds that the time of a mapped file may lag behind */
	USEC = 1000000,
	READ_TIME = USEC / 2, /* nothing else is done meanwhile */
	READ_LEAST = 50,      /* lines, also if the time is over because others were run */
};

/* Before all that may come: what is handed out while a unit has no line yet. */
#define CURSOR_OF_BEGIN "t=1"

/* One entry is one line, whatever is in it. */
static size_t format_line(sd_journal *journal, char *line, size_t size)
{
	char who[NAME_BYTES], pid[NAME_BYTES];
	size_t used, length;
	bool with_pid;

	if (unit_journal_field(journal, "SYSLOG_IDENTIFIER", who, sizeof(who)) == 0)
		unit_journal_field(journal, "_COMM", who, sizeof(who));
	with_pid = unit_journal_field(journal, "_PID", pid, sizeof(pid)) > 0;
	used = (size_t)snprintf(line, size, "%s%s%s%s: ", who, with_pid ? "[" : "", pid,
				with_pid ? "]" : "");
	length = unit_journal_field(journal, "MESSAGE", line + used, size - used - 1);
	while (length > 0 && line[used + length - 1] == '\n')
		length--;
	length += used;
	for (char *at = line; (at = memchr(at, '\n', length - (size_t)(at - line))) != NULL;)
		*at = ' ';
	line[length++] = '\n';
	return length;
}

/* Process 1 ends each job with an entry that carries its result, and each failure of a unit. */
static unsigned int said_by_process_1(sd_journal *journal)
{
	unsigned int said = 0;
	char pid[8];
	const void *data;
	size_t length;

	if (unit_journal_field(journal, "_PID", pid, sizeof(pid)) == 0 || strcmp(pid, "1") != 0)
		return 0;
	if (sd_journal_get_data(journal, "JOB_RESULT", &data, &length) >= 0)
		said |= UNIT_LOG_JOB_ENDED;
	if (sd_journal_get_data(journal, "UNIT_RESULT", &data, &length) >= 0)
		said |= UNIT_LOG_UNIT_FAILED;
	return said;
}

/*
 * From the newest entry backwards, filling the text from its end. Returns the
 * number of lines, or -ENOBUFS if lines of up to line_size bytes leave no room for as
 * many as are wanted.
 */
static int read_backwards(sd_journal *journal, uint64_t since, size_t line_size, char *text,
			  size_t size, unsigned int *ret_said)
{
	sd_id128_t boot, entry_boot;
	char line[LINE_SIZE];
	size_t at = size - 1;
	int lines = 0, r;

	*ret_said = 0;
	text[at] = '\0';
	r = sd_id128_get_boot(&boot);
	if (r >= 0)
		r = sd_journal_seek_tail(journal);
	while (r >= 0 && lines < UNIT_LOG_LINES && (r = sd_journal_previous(journal)) > 0) {
		uint64_t when;
		size_t length;

		r = sd_journal_get_monotonic_usec(journal, &when, &entry_boot);
		if (r < 0 || when < since || !sd_id128_equal(boot, entry_boot))
			break;
		*ret_said |= said_by_process_1(journal);
		length = format_line(journal, line, line_size);
		if (length > at)
			return -ENOBUFS;
		at -= length;
		memcpy(text + at, line, length);
		lines++;
	}
	memmove(text, text + at, size - at);
	return r < 0 ? r : lines;
}

int unit_log_read(int root_fd, const char *unit, uint64_t since, char *text, size_t size,
		  unsigned int *ret_said)
{
	scoped_journal *journal = NULL;
	struct timespec now;
	time_t oldest;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &now);
	oldest = time(NULL) - (now.tv_sec - (time_t)(since / USEC)) - MTIME_SLACK;
	r = unit_journal_open(root_fd, unit, oldest, &journal);
	if (r >= 0)
		r = read_backwards(journal, since, LINE_SIZE, text, size, ret_said);
	if (r == -ENOBUFS)
		r = read_backwards(journal, since, size / UNIT_LOG_LINES, text, size, ret_said);
	return r;
}

/* ---- lines for who asks for them ------------------------------------------------------ */

bool unit_log_cursor_valid(const char *cursor)
{
	/* sd_journal_get_cursor(3) as it has always been; sd-journal would take much more */
	static const struct {
		const char *key;
		size_t least, most; /* hexadecimal digits */
	} parts[] = {
		{ "s=", 32, 32 }, { ";i=", 1, 16 }, { ";b=", 32, 32 },
		{ ";m=", 1, 16 }, { ";t=", 1, 16 }, { ";x=", 1, 16 },
	};

	if (strcmp(cursor, CURSOR_OF_BEGIN) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t length = strlen(parts[i].key);

		if (strncmp(cursor, parts[i].key, length) != 0)
			return false;
		cursor += length;
		length = strspn(cursor, "0123456789abcdef");
		if (length < parts[i].least || length > parts[i].most)
			return false;
		cursor += length;
	}
	return cursor[0] == '\0';
}

/* To the first of the last lines. 1: there is one, 0: there is none. */
static int seek_last(sd_journal *journal, uint32_t lines)
{
	uint64_t end = clock_usec() + READ_TIME;
	uint32_t back = 0;
	int r = sd_journal_seek_tail(journal);

	while (r >= 0 && back < lines && (back < READ_LEAST || clock_usec() < end) &&
	       (r = sd_journal_previous(journal)) > 0)
		back++;
	return r < 0 ? r : back > 0;
}

/* To the first line after the cursor, or what is next to it if its line is not there any more. */
static int seek_after(sd_journal *journal, const char *cursor)
{
	int r = sd_journal_seek_cursor(journal, cursor);

	if (r >= 0)
		r = sd_journal_next(journal);
	if (r > 0 && strcmp(cursor, CURSOR_OF_BEGIN) != 0 &&
	    sd_journal_test_cursor(journal, cursor) > 0)
		r = sd_journal_next(journal);
	return r;
}

/* The service sets it, and may set anything. */
static uint8_t priority_of(sd_journal *journal)
{
	char text[4];

	if (unit_journal_field(journal, "PRIORITY", text, sizeof(text)) == 1 && text[0] >= '0' &&
	    text[0] <= '7')
		return (uint8_t)(text[0] - '0');
	return LOG_INFO;
}

static int add_line(sd_journal *journal, struct report *report)
{
	char identifier[MESSAGE_TEXT_MAX + 1], pid[NAME_BYTES], text[REPORT_TEXT_MAX + 1];
	struct line_row row = { .identifier = identifier, .text = text };
	size_t length;
	int r = sd_journal_get_realtime_usec(journal, &row.usec);

	if (r < 0)
		return r;
	if (unit_journal_field(journal, "SYSLOG_IDENTIFIER", identifier, sizeof(identifier)) == 0)
		unit_journal_field(journal, "_COMM", identifier, sizeof(identifier));
	unit_journal_field(journal, "_PID", pid, sizeof(pid));
	row.pid = (uint32_t)strtoul(pid, NULL, 10);
	row.priority = priority_of(journal);
	length = unit_journal_field(journal, "MESSAGE", text, sizeof(text));
	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	return report_add_line_row(report, &row);
}

/* From the present line on. ret_cursor is that of the last line that was added. */
static int add_lines(sd_journal *journal, uint32_t lines, struct report *report, char **ret_cursor)
{
	uint64_t end = clock_usec() + READ_TIME;
	int r = 1;

	while (r > 0 && report->rows < lines && (report->rows < READ_LEAST || clock_usec() < end)) {
		scoped_ptr char *cursor = NULL;

		r = sd_journal_get_cursor(journal, &cursor);
		if (r >= 0)
			r = add_line(journal, report);
		if (r < 0)
			break;
		free(*ret_cursor);
		*ret_cursor = take_ptr(cursor);
		r = sd_journal_next(journal);
	}
	return r;
}

int unit_log_lines(int root_fd, const char *unit, uint32_t lines, const char *cursor)
{
	scoped_report report = report_begin(REPORT_LINE);
	scoped_journal *journal = NULL;
	scoped_ptr char *last = NULL;
	int r = unit_journal_open(root_fd, unit, 0, &journal);

	if (r >= 0)
		r = cursor[0] ? seek_after(journal, cursor) : seek_last(journal, lines);
	if (r > 0)
		r = add_lines(journal, lines, &report, &last);
	if (r < 0)
		return r;
	return report_seal(&report, last ? last : cursor[0] ? cursor : CURSOR_OF_BEGIN);
}
