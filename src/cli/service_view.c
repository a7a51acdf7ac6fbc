/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Units and their logs for people. What a
 * service logged may be anything, and is shown without what a terminal obeys.
 */
#include "cli/service_view.h"

#include <string.h>

static const char *text_of(const struct json_object *object, const char *key)
{
	const char *text = json_string(json_get(object, key), NULL);

	return text ? text : "";
}

static void print_names(const char *what, const struct json_object *names)
{
	for (size_t i = 0; i < json_length(names); i++) {
		const char *name = json_string(json_at(names, i), NULL);

		printf("%s%s", i ? " " : what, name ? name : "");
	}
}

void service_print(const struct cli *cli, char **argv, const struct json_object *unit)
{
	const struct json_object *changes = json_get(unit, "changes");
	const char *load = text_of(unit, "load");
	const char *how = text_of(unit, "result");
	const char *file_state = text_of(unit, "file_state");
	int64_t pid = json_int(json_get(unit, "main_pid"));
	int64_t before = json_int(json_get(unit, "main_pid_before"));

	(void)cli;
	(void)argv;
	printf("%s: %s (%s)", text_of(unit, "unit"), text_of(unit, "active"), text_of(unit, "sub"));
	if (strcmp(load, "loaded") != 0)
		printf(", %s", load);
	if (*file_state)
		printf(", %s", file_state);
	if (pid > 0)
		printf(", main PID %lld", (long long)pid);
	if (before > 0 && before != pid)
		printf(", before %lld", (long long)before);
	if (*how && strcmp(how, "success") != 0)
		printf(", result %s", how);
	if (strcmp(text_of(unit, "active"), "active") != 0)
		print_names(", may be started by ", json_get(unit, "triggered_by"));
	putchar('\n');
	for (size_t i = 0; i < json_length(changes); i++) {
		const char *change = json_string(json_at(changes, i), NULL);

		printf("  %s\n", change ? change : "");
	}
}

static const char *const columns[] = { "unit", "load", "active", "sub", "file_state" };

void service_print_list(const struct cli *cli, char **argv, const struct json_object *units)
{
	size_t width[ARRAY_SIZE(columns)] = { 0 };

	(void)cli;
	(void)argv;
	for (size_t i = 0; i < json_length(units); i++)
		for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
			size_t length = strlen(text_of(json_at(units, i), columns[k]));

			if (length > width[k])
				width[k] = length;
		}
	for (size_t i = 0; i < json_length(units); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(columns); k++)
			printf("%-*s  ", (int)width[k], text_of(json_at(units, i), columns[k]));
		report_foreign(stdout, "", text_of(json_at(units, i), "description"));
		if (!*text_of(json_at(units, i), "description"))
			putchar('\n');
	}
}

static void print_line(FILE *file, const struct json_object *line)
{
	scoped_ptr char *message = NULL;
	int64_t pid = json_int(json_get(line, "pid"));

	if (json_get_bytes(json_get(line, "message"), &message) < 0)
		message = call_memory(strdup(""));
	/* the microseconds are for programs */
	fprintf(file, "%.19sZ ", text_of(line, "time"));
	if (pid > 0)
		fprintf(file, "%s[%lld]: ", text_of(line, "identifier"), (long long)pid);
	else
		fprintf(file, "%s: ", text_of(line, "identifier"));
	report_foreign(file, "", *message ? message : "\n");
}

void service_print_log(const struct cli *cli, FILE *file, const struct json_object *log)
{
	const struct json_object *lines = json_get(log, "lines");

	for (size_t i = 0; i < json_length(lines); i++) {
		if (cli->json && file == stdout)
			report_json(json_at(lines, i));
		else
			print_line(file, json_at(lines, i));
	}
	fflush(file);
}

void service_print_progress(FILE *file, const struct json_object *progress)
{
	const struct json_object *percent = json_get(progress, "percent");
	const char *detail = text_of(progress, "detail");

	fprintf(file, "%6.1f s  %s", (double)json_int(json_get(progress, "elapsed_ms")) / 1000,
		text_of(progress, "stage"));
	if (percent)
		fprintf(file, " %lld%%", (long long)json_int(percent));
	if (*detail) {
		fputs(": ", file);
		report_foreign(file, "", detail);
	} else {
		fputc('\n', file);
	}
	fflush(file);
}
