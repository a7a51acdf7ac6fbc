/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. The verbs about the session, and any method. */
#include <errno.h>

#include "cli/verb.h"
#include "cli/whatcan_view.h"
#include "exmachina.h"

static void print_pretty(const struct cli *cli, char **argv, const struct json_object *result)
{
	struct json_object *mutable = json_share((struct json_object *)(uintptr_t)result);
	const char *text = json_text_pretty(mutable);

	(void)cli;
	(void)argv;
	puts(text ? text : "");
	json_free(mutable);
}

static void print_methods(const struct cli *cli, char **argv, const struct json_object *methods)
{
	(void)cli;
	(void)argv;
	for (size_t i = 0; i < json_length(methods); i++) {
		const struct json_object *method = json_at(methods, i);
		const struct json_object *params = json_get(method, "parameters");
		const char *name = json_string(json_get(method, "name"), NULL);

		fputs(name ? name : "", stdout);
		for (size_t k = 0; k < json_length(params); k++) {
			const struct json_object *param = json_at(params, k);
			bool required = json_boolean(json_get(param, "required"));
			const char *word = json_string(json_get(param, "name"), NULL);
			const char *type = json_string(json_get(param, "type"), NULL);

			printf(required ? " %s:%s" : " [%s:%s]", word ? word : "",
			       type ? type : "");
		}
		putchar('\n');
	}
}

static void print_ping(const struct cli *cli, char **argv, const struct json_object *result)
{
	const char *pong = json_string(result, NULL);

	(void)cli;
	(void)argv;
	puts(pong ? pong : "");
}

static enum status run_call(struct cli *cli, const struct verb *verb, int argc, char **argv,
			    struct json_object **ret_result)
{
	scoped_ptr char *answer = NULL;
	int r = exm_call(cli->session, argv[0], argc > 1 ? argv[1] : NULL, &answer);

	(void)verb;
	(void)ret_result;
	if (r == -EINVAL)
		return report_wrong(cli, STATUS_USAGE,
				    "call: the parameters are not a JSON object or array");
	if (r < 0)
		return report_failure(cli, r);
	puts(answer);
	return STATUS_PRINTED;
}

static const struct verb verbs[] = {
	{
		.name = "info",
		.arguments = "",
		.summary = "the session and its server",
		.method = "session.info",
		.print = print_pretty,
	},
	{
		.name = "methods",
		.arguments = "",
		.summary = "what can be called, with parameters",
		.method = "session.methods",
		.print = print_methods,
	},
	{
		.name = "whatcan",
		.arguments = "[PATH|UNIT]",
		.summary = "what the policy allows, of a node, a file or a unit",
		.most = 1,
		.paths = ARGUMENT(0),
		.names = NAMES_UNITS,
		.options = OPTION(JSON),
		.method = "session.whatcan",
		.run = whatcan_run,
		.print = whatcan_print,
	},
	{
		.name = "ping",
		.arguments = "",
		.summary = "does the server answer?",
		.method = "session.ping",
		.print = print_ping,
	},
	{
		.name = "call",
		.arguments = "METHOD [JSON]",
		.summary = "any method, with its parameters",
		.least = 1,
		.most = 2,
		.flags = VERB_PRIVATE,
		.names = NAMES_METHODS,
		.run = run_call,
	},
};

const struct verb *verb_session_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
