/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. What records hold may be anything, and is
 * shown without what a terminal obeys.
 */
#include "cli/log_view.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define INDENT "    "

/* On one line; the second half of control characters is two bytes in UTF-8. */
static void print_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == 0x7f ||
		    (c == 0xc2 && i + 1 < length && (unsigned char)text[i + 1] < 0xa0))
			printf("\\x%02x", c);
		else
			putchar(c);
	}
}

static void print_field(const char *before, const struct export_record *record, const char *name)
{
	const struct export_field *field = export_find(record, name);

	if (!field || field->length == 0)
		return;
	fputs(before, stdout);
	print_plain(field->value, field->length);
}

/* In UTC, as the journal of a unit is shown. */
static void print_time(const struct export_record *record)
{
	char text[32] = "?";
	uint64_t usec;
	struct tm tm;
	time_t seconds;

	if (export_number(export_find(record, "__REALTIME_TIMESTAMP"), &usec)) {
		seconds = (time_t)(usec / 1000000);
		if (gmtime_r(&seconds, &tm))
			strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
	fputs(text, stdout);
}

static void print_duration(const struct export_record *record)
{
	uint64_t usec;

	if (!export_number(export_find(record, "EXMACHINA_USEC"), &usec) || usec == 0)
		return;
	if (usec < 10000)
		printf(" (%.1f ms)", (double)usec / 1000);
	else if (usec < 10000000)
		printf(" (%" PRIu64 " ms)", usec / 1000);
	else
		printf(" (%" PRIu64 " s)", usec / 1000000);
}

/* A job that is done has no more to say. */
static void print_detail(const struct export_record *record)
{
	const struct export_field *detail = export_find(record, "EXMACHINA_DETAIL");
	const struct export_field *result = export_find(record, "EXMACHINA_RESULT");

	if (!detail || !result || detail->length != result->length ||
	    memcmp(detail->value, result->value, detail->length) != 0)
		print_field(": ", record, "EXMACHINA_DETAIL");
}

static void print_changes(const struct export_record *record)
{
	const struct export_field *field = export_find(record, "EXMACHINA_CHANGES");
	const char *at = field ? field->value : NULL, *end = field ? at + field->length : NULL;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		if (!line_end)
			line_end = end;
		fputs(INDENT, stdout);
		print_plain(at, (size_t)(line_end - at));
		putchar('\n');
		at = line_end + 1;
	}
	if (export_find(record, "EXMACHINA_CHANGES_LEFT_OUT")) {
		print_field(INDENT "and ", record, "EXMACHINA_CHANGES_LEFT_OUT");
		puts(" more");
	}
}

void log_view_record(const struct export_record *record)
{
	print_time(record);
	if (export_find(record, "EXMACHINA_METHOD")) {
		print_field(" ", record, "EXMACHINA_USER");
		print_field(" ", record, "EXMACHINA_METHOD");
		print_field(" ", record, "EXMACHINA_SUBJECT");
		print_field(": ", record, "EXMACHINA_RESULT");
		print_detail(record);
		print_duration(record);
	} else {
		print_field(" ", record, "MESSAGE");
	}
	putchar('\n');
	print_changes(record);
}

void log_view_json(const struct export_record *record)
{
	scoped_json *object = call_memory(json_new_object());

	for (size_t i = 0; i < record->count; i++) {
		const struct export_field *field = &record->field[i];
		char name[EXPORT_NAME_MAX + 1];

		snprintf(name, sizeof(name), "%.*s", (int)field->name_length, field->name);
		call_put(object, name, call_memory(json_new_data(field->value, field->length)));
	}
	report_json(object);
}

void log_view_fault(const char *path, const struct trail_fault *fault)
{
	printf("%s: record %" PRIu64 ", at byte %" PRIu64 ": %s\n", path, fault->number,
	       fault->offset, fault->text);
}

void log_view_summary(const struct trail_summary *summary, size_t files)
{
	if (summary->first > 1)
		printf("what was before record %" PRIu64 " is not there\n", summary->first);
	if (summary->faults > TRAIL_FAULTS_MAX)
		printf("and %" PRIu64 " more faults\n", summary->faults - TRAIL_FAULTS_MAX);
	if (summary->records > 0)
		printf("SHA-256 of record %" PRIu64 ", the last one: %s\n", summary->last,
		       summary->hash);
	printf("%" PRIu64 " records in %zu %s: ", summary->records, files,
	       files == 1 ? "file" : "files");
	if (summary->faults == 0)
		puts("all are as they were written");
	else
		printf("%" PRIu64 " %s\n", summary->faults,
		       summary->faults == 1 ? "fault" : "faults");
}

struct json_object *log_view_fault_json(const char *path, const struct trail_fault *fault)
{
	struct json_object *object = call_memory(json_new_object());

	call_put(object, "file", call_argument(path));
	call_put(object, "record", json_new_int((int64_t)fault->number));
	call_put(object, "offset", json_new_int((int64_t)fault->offset));
	call_put(object, "text", json_new_text(fault->text));
	return object;
}

void log_view_summary_json(const struct trail_summary *summary, struct json_object *faults)
{
	scoped_json *object = call_memory(json_new_object());

	call_put(object, "records", json_new_int((int64_t)summary->records));
	call_put(object, "first", json_new_int((int64_t)summary->first));
	call_put(object, "last", json_new_int((int64_t)summary->last));
	call_put(object, "hash", json_new_string(summary->hash));
	call_put(object, "whole", json_new_bool(summary->faults == 0));
	call_put(object, "faults", faults);
	report_json(object);
}
