/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. The verbs about commits of the past. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/diff_view.h"
#include "cli/verb.h"

enum { PAGE = 100, SHOWN = 20 };

static const char *text_of(const struct json_object *object, const char *key)
{
	const char *text = json_string(json_get(object, key), NULL);

	return text ? text : "";
}

static char *bytes_of(const struct json_object *object, const char *key)
{
	char *text = NULL;

	return json_get_bytes(json_get(object, key), &text) == 0 ? text : NULL;
}

static long long number_of(const struct json_object *object, const char *key)
{
	return (long long)json_int(json_get(object, key));
}

/* A new string; without memory the program ends. */
static char *joined(const char *format, ...) printf_like(1, 2);

static char *joined(const char *format, ...)
{
	char *text = NULL;
	va_list list;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		call_memory(NULL);
	va_end(list);
	return text;
}

/* ---- what is printed ------------------------------------------------------------------ */

/* "2026-01-02T03:04:05.000006Z" without its fraction. */
static void print_time(const char *time)
{
	size_t day = strcspn(time, "T"), second = strcspn(time, ".Z");

	if (second <= day)
		printf("  %s", *time ? time : "at an unknown time");
	else
		printf("  %.*s %.*s UTC", (int)day, time, (int)(second - day - 1), time + day + 1);
}

static void print_head(const struct json_object *revision)
{
	const struct json_object *client = json_get(revision, "client");
	const char *unit = text_of(client, "unit");
	bool is_rollback = strcmp(text_of(revision, "method"), "config.rollback") == 0;

	printf("revision %lld", number_of(revision, "revision"));
	print_time(text_of(revision, "time"));
	printf("  %s", text_of(client, "user"));
	if (*unit)
		printf(" in %s", unit);
	if (number_of(client, "pid") > 0)
		printf(", pid %lld", number_of(client, "pid"));
	if (json_get(revision, "reverts"))
		printf("  takes back %lld%s", number_of(revision, "reverts"),
		       is_rollback ? " and what came after it" : "");
	putchar('\n');
}

static void print_name(const struct json_object *file)
{
	scoped_ptr char *name = bytes_of(file, "file");
	long long count = number_of(file, "change_count");
	scoped_ptr char *nodes =
		count > 0 ? joined(", %lld node%s", count, count == 1 ? "" : "s") : NULL;
	scoped_ptr char *line =
		joined("%s %s%s", text_of(file, "action"), name ? name : "?", nodes ? nodes : "");

	report_foreign(stdout, "  ", line);
}

static void print_rest(const struct json_object *revision)
{
	if (json_boolean(json_get(revision, "partial")))
		puts("  and files that the policy does not name");
}

static void print_history(const struct cli *cli, char **argv, const struct json_object *result)
{
	const struct json_object *revisions = json_get(result, "revisions");

	(void)cli;
	(void)argv;
	for (size_t i = 0; i < json_length(revisions); i++) {
		const struct json_object *revision = json_at(revisions, i);
		const struct json_object *files = json_get(revision, "files");

		print_head(revision);
		for (size_t k = 0; k < json_length(files); k++)
			print_name(json_at(files, k));
		print_rest(revision);
	}
	if (json_length(revisions) == 0)
		puts("  (no revisions)");
}

/* "..." or none, in a new string. */
static char *value_of(const struct json_object *change, const char *key)
{
	scoped_ptr char *value = bytes_of(change, key);

	return value ? joined("\"%s\"", value) : joined("none");
}

static void print_change(const struct json_object *change)
{
	scoped_ptr char *node = bytes_of(change, "node"), *values = NULL, *line = NULL;
	scoped_ptr char *old = value_of(change, "old"), *new = value_of(change, "new");

	if (json_boolean(json_get(change, "secret")))
		values = joined(": (secret)");
	else if (json_get(change, "old") || json_get(change, "new"))
		values = joined(": %s -> %s", old, new);
	line = joined("%s %s%s", text_of(change, "action"), node ? node : "?",
		      values ? values : "");
	report_foreign(stdout, "    ", line);
}

/* The text, or where it is not told the nodes. */
static void print_file(const struct json_object *file)
{
	const struct json_object *changes = json_get(file, "changes");
	scoped_ptr char *diff = bytes_of(file, "diff");

	print_name(file);
	/* it is to be read, wherever that is, and not to be applied */
	if (diff && !isatty(STDOUT_FILENO))
		report_foreign(stdout, "", diff);
	else if (diff)
		diff_print(diff);
	if (diff)
		return;
	for (size_t i = 0; i < json_length(changes); i++)
		print_change(json_at(changes, i));
	if (json_boolean(json_get(file, "more")))
		puts("    ...");
}

static void print_shown(const struct cli *cli, char **argv, const struct json_object *revision)
{
	const struct json_object *files = json_get(revision, "files");

	(void)cli;
	(void)argv;
	print_head(revision);
	for (size_t i = 0; i < json_length(files); i++)
		print_file(json_at(files, i));
	print_rest(revision);
}

static void print_reverted(const struct cli *cli, char **argv, const struct json_object *result)
{
	const struct json_object *files = json_get(result, "files");

	(void)cli;
	if (json_length(files) == 0) {
		printf("Revision %s is taken back already\n", argv[0]);
		return;
	}
	printf("Took back revision %s in %zu file(s)", argv[0], json_length(files));
	if (json_get(result, "revision"))
		printf(", as revision %lld", number_of(result, "revision"));
	putchar('\n');
}

/* ---- what is asked -------------------------------------------------------------------- */

static struct json_object *page_params(const char *path, int64_t below, int limit)
{
	struct json_object *params = call_memory(json_new_object());

	if (path)
		call_put(params, "path", call_argument(path));
	if (below > 0)
		call_put(params, "below", call_memory(json_new_int(below)));
	call_put(params, "limit", call_memory(json_new_int(limit < PAGE ? limit : PAGE)));
	return params;
}

/* As many pages as that takes; what is printed is like one. */
static enum status run_history(struct cli *cli, const struct verb *verb, int argc, char **argv,
			       struct json_object **ret_result)
{
	struct json_object *all = call_memory(json_new_array());
	scoped_json *result = call_memory(json_new_object());
	int left = cli->given[OPTION_LINES] ? cli->given[OPTION_LINES] : SHOWN;
	int64_t below = 0;

	call_put(result, "revisions", all);
	do {
		const struct json_object *some;
		scoped_json *page = NULL;
		enum status status =
			call(cli, verb->method, page_params(argc > 0 ? argv[0] : NULL, below, left),
			     &page);

		if (status != STATUS_DONE)
			return status;
		some = json_get(page, "revisions");
		for (size_t i = 0; i < json_length(some); i++)
			call_add(all, json_share(json_at(some, i)));
		left -= (int)json_length(some);
		below = json_int(json_get(page, "next"));
	} while (left > 0 && below > 0);
	call_put(result, "next", below > 0 ? call_memory(json_new_int(below)) : NULL);
	*ret_result = take_ptr(result);
	return STATUS_DONE;
}

static enum status run_one(struct cli *cli, const struct verb *verb, int argc, char **argv,
			   struct json_object **ret_result)
{
	struct json_object *params;
	long long number;
	char *end = NULL;

	(void)argc;
	number = argv[0][0] >= '0' && argv[0][0] <= '9' ? strtoll(argv[0], &end, 10) : 0;
	if (number <= 0 || *end)
		return report_wrong(cli, STATUS_USAGE,
				    "%s: '%s' is no number of a revision; see exmachina history",
				    verb->name, argv[0]);
	params = call_memory(json_new_array());
	call_add(params, call_memory(json_new_int(number)));
	return call(cli, verb->method, params, ret_result);
}

static const struct verb verbs[] = {
	{
		.name = "history",
		.arguments = "[FILE]",
		.summary = "commits of the past, the newest first",
		.most = 1,
		.names = NAMES_FILES,
		.options = OPTION(LINES) | OPTION(JSON),
		.method = "config.history",
		.run = run_history,
		.print = print_history,
	},
	{
		.name = "show",
		.arguments = "REVISION",
		.summary = "what one of them has changed",
		.least = 1,
		.most = 1,
		.names = NAMES_REVISIONS,
		.options = OPTION(JSON),
		.method = "config.show",
		.run = run_one,
		.print = print_shown,
	},
	{
		.name = "revert",
		.arguments = "REVISION",
		.summary = "take one back, as a commit of its own",
		.least = 1,
		.most = 1,
		.flags = VERB_SETTLES,
		.names = NAMES_REVISIONS,
		.options = OPTION(JSON),
		.method = "config.revert",
		.run = run_one,
		.print = print_reverted,
	},
};

const struct verb *verb_history_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
