/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. The verbs about the system's identity. */
#include "cli/verb.h"

static int print_assignment(const char *name, struct json_object *value, void *data)
{
	const char *text = json_string(value, NULL);

	(void)data;
	printf("locale: %s=%s\n", name, text ? text : "");
	return 0;
}

static void print_identity(const struct cli *cli, char **argv, const struct json_object *identity)
{
	const char *hostname = json_string(json_get(identity, "hostname"), NULL);
	const char *timezone = json_string(json_get(identity, "timezone"), NULL);

	(void)cli;
	(void)argv;
	printf("hostname: %s\n", hostname ? hostname : "");
	printf("timezone: %s\n", timezone ? timezone : "");
	(void)json_each(json_get(identity, "locale"), print_assignment, NULL);
}

static enum status run_get(struct cli *cli, const struct verb *verb, int argc, char **argv,
			   struct json_object **ret_result)
{
	(void)argc;
	(void)argv;
	return call(cli, verb->method, NULL, ret_result);
}

static enum status run_set_locale(struct cli *cli, const struct verb *verb, int argc, char **argv,
				  struct json_object **ret_result)
{
	struct json_object *params = call_memory(json_new_object());

	call_put(params, "locale", call_arguments(argc, argv));
	return call(cli, verb->method, params, ret_result);
}

static const char *const get_only[] = { "get", NULL };

static const struct verb verbs[] = {
	{
		.name = "system",
		.word = "set-timezone",
		.arguments = "ZONE",
		.summary = "set the time zone, as Europe/Berlin",
		.least = 1,
		.most = 1,
		.options = OPTION(JSON),
		.method = "system.set_timezone",
		.print = print_identity,
	},
	{
		.name = "system",
		.word = "set-hostname",
		.arguments = "NAME",
		.summary = "set the host name",
		.least = 1,
		.most = 1,
		.options = OPTION(JSON),
		.method = "system.set_hostname",
		.print = print_identity,
	},
	{
		.name = "system",
		.word = "set-locale",
		.arguments = "ASSIGNMENT...",
		.summary = "set the locale, as LANG=C.UTF-8",
		.least = 1,
		.most = VERB_MANY,
		.options = OPTION(JSON),
		.method = "system.set_locale",
		.run = run_set_locale,
		.print = print_identity,
	},
	{
		.name = "system",
		.arguments = "[get]",
		.summary = "host name, time zone and locale",
		.most = 1,
		.choice = get_only,
		.options = OPTION(JSON),
		.method = "system.get",
		.run = run_get,
		.print = print_identity,
	},
};

const struct verb *verb_system_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
