/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. The verbs about edits that are dropped, and about files. */
#include "cli/verb.h"

static void print_discarded(const struct cli *cli, char **argv, const struct json_object *result)
{
	size_t count = json_length(json_get(result, "files"));

	(void)cli;
	(void)argv;
	if (count > 0)
		printf("Discarded the edits of %zu file(s)\n", count);
}

static const char *text_of(const struct json_object *error, const char *key)
{
	return json_string(json_get(error, key), NULL);
}

/* As augtool(1) tells it, without the lens internals, which the server keeps. */
static void print_error(const struct json_object *error)
{
	const char *file = text_of(error, "file");
	const char *kind = text_of(error, "kind");
	const char *path = text_of(error, "path");
	const char *lens = text_of(error, "lens");
	const char *reason = text_of(error, "reason");

	printf("Error in %s", file ? file : "(no filename)");
	if (json_get(error, "line"))
		printf(":%lld.%lld", (long long)json_int(json_get(error, "line")),
		       (long long)json_int(json_get(error, "column")));
	else if (path)
		printf(" at node %s", path);
	printf(" (%s)\n", kind ? kind : "unknown");
	if (reason)
		printf("  %s\n", reason);
	if (lens)
		printf("  Lens: %s\n", lens);
}

static void print_errors(const struct cli *cli, char **argv, const struct json_object *errors)
{
	(void)cli;
	(void)argv;
	if (json_length(errors) == 0)
		puts("  (no errors)");
	for (size_t i = 0; i < json_length(errors); i++) {
		if (i > 0)
			putchar('\n');
		print_error(json_at(errors, i));
	}
}

static const struct verb verbs[] = {
	{
		.name = "discard",
		.arguments = "",
		.summary = "drop all edits",
		.flags = VERB_SETTLES,
		.method = "config.discard",
		.print = print_discarded,
	},
	{
		.name = "load",
		.arguments = "",
		.summary = "drop all edits and read the files anew",
		.flags = VERB_SETTLES,
		.method = "augeas.load",
	},
	{
		.name = "errors",
		.arguments = "",
		.summary = "files that could not be read or written",
		.method = "augeas.errors",
		.print = print_errors,
	},
};

const struct verb *verb_config_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
