/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. The verbs about packages. */
#include <string.h>

#include "cli/verb.h"

static const char *text_of(const struct json_object *object, const char *key)
{
	return json_string(json_get(object, key), NULL);
}

static void print_status(const struct cli *cli, char **argv, const struct json_object *packages)
{
	(void)cli;
	(void)argv;
	for (size_t i = 0; i < json_length(packages); i++) {
		const struct json_object *package = json_at(packages, i);
		const char *state = text_of(package, "state");
		const char *version = text_of(package, "version");
		const char *candidate = text_of(package, "candidate");

		printf("%s: %s", text_of(package, "name"), state ? state : "unknown");
		if (version)
			printf(", version %s", version);
		if (candidate && (!version || strcmp(candidate, version) != 0))
			printf(", candidate %s", candidate);
		putchar('\n');
	}
}

static void print_changes(const struct cli *cli, char **argv, const struct json_object *result)
{
	const struct json_object *changed = json_get(result, "changed");

	(void)cli;
	(void)argv;
	for (size_t i = 0; i < json_length(changed); i++) {
		const struct json_object *package = json_at(changed, i);
		const char *before = text_of(package, "before");
		const char *version = text_of(package, "version");

		printf("%s: %s", text_of(package, "name"), text_of(package, "action"));
		if (version)
			printf(", version %s", version);
		if (before)
			printf(", before %s", before);
		putchar('\n');
	}
	if (json_length(changed) == 0)
		puts("no package changed");
}

static void progress_came(struct cli *cli, const char *method, struct json_object *params)
{
	if (strcmp(method, "package.progress") == 0)
		progress_show(cli, params);
}

static struct json_object *params_of(int argc, char **argv)
{
	struct json_object *params = call_memory(json_new_object());

	/* no names: all that may be upgraded */
	if (argc > 0)
		call_put(params, "names", call_arguments(argc, argv));
	return params;
}

static enum status run_status(struct cli *cli, const struct verb *verb, int argc, char **argv,
			      struct json_object **ret_result)
{
	return call(cli, verb->method, params_of(argc, argv), ret_result);
}

static enum status run_change(struct cli *cli, const struct verb *verb, int argc, char **argv,
			      struct json_object **ret_result)
{
	struct json_object *params = params_of(argc, argv);
	int r;

	call_put(params, "progress", call_memory(json_new_bool(true)));
	if (cli->given[OPTION_TIMEOUT])
		call_put(params, "timeout", call_memory(json_new_int(cli->given[OPTION_TIMEOUT])));
	cli->notified = progress_came;
	r = call_quietly(cli, verb->method, params, ret_result);
	cli->notified = NULL;
	progress_end();
	return r < 0 ? report_failure(cli, r) : STATUS_DONE;
}

static const struct verb verbs[] = {
	{
		.name = "package",
		.word = "status",
		.arguments = "NAME...",
		.summary = "how packages are",
		.least = 1,
		.most = VERB_MANY,
		.names = NAMES_PACKAGES,
		.options = OPTION(JSON),
		.method = "package.status",
		.run = run_status,
		.print = print_status,
	},
	{
		.name = "package",
		.word = "install",
		.arguments = "NAME...",
		.summary = "install packages",
		.least = 1,
		.most = VERB_MANY,
		.names = NAMES_PACKAGES,
		.options = OPTION(TIMEOUT) | OPTION(JSON),
		.method = "package.install",
		.run = run_change,
		.print = print_changes,
	},
	{
		.name = "package",
		.word = "remove",
		.arguments = "NAME...",
		.summary = "remove packages",
		.least = 1,
		.most = VERB_MANY,
		.names = NAMES_PACKAGES,
		.options = OPTION(TIMEOUT) | OPTION(JSON),
		.method = "package.remove",
		.run = run_change,
		.print = print_changes,
	},
	{
		.name = "package",
		.word = "upgrade",
		.arguments = "[NAME...]",
		.summary = "upgrade packages, or all that may be",
		.most = VERB_MANY,
		.names = NAMES_PACKAGES,
		.options = OPTION(TIMEOUT) | OPTION(JSON),
		.method = "package.upgrade",
		.run = run_change,
		.print = print_changes,
	},
	{
		.name = "package",
		.word = "update",
		.arguments = "",
		.summary = "read the lists of packages anew",
		.options = OPTION(TIMEOUT) | OPTION(JSON),
		.method = "package.update",
		.run = run_change,
	},
};

const struct verb *verb_package_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
