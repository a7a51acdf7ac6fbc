/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. The verbs about services. */
#include <string.h>

#include "cli/service_view.h"
#include "common/service_verb.h"

#define X(name, word, kind, method) word,
static const char *const service_verbs[] = { SERVICE_VERBS(X) NULL };
#undef X

/* systemctl(1)'s spelling is taken as well: see verb.c */
#define SPACED(name, word, kind, method) " " word
#define VERB_WORDS SERVICE_VERBS(SPACED)

static enum status run_service(struct cli *cli, const struct verb *verb, int argc, char **argv,
			       struct json_object **ret_result)
{
	struct json_object *params = call_memory(json_new_object());
	char method[64];

	(void)verb;
	(void)argc;
	snprintf(method, sizeof(method), "service.%s", argv[0]);
	for (char *c = method; *c; c++)
		if (*c == '-')
			*c = '_';
	call_put(params, "unit", call_argument(argv[1]));
	if (cli->given[OPTION_TIMEOUT])
		call_put(params, "timeout", call_memory(json_new_int(cli->given[OPTION_TIMEOUT])));
	if (cli->given[OPTION_SETTLE])
		call_put(params, "settle", call_memory(json_new_int(cli->given[OPTION_SETTLE])));
	if (cli->given[OPTION_FOLLOW])
		return service_follow(cli, method, params, ret_result);
	return call(cli, method, params, ret_result);
}

static const struct verb verbs[] = {
	{
		.name = "service",
		.word = "list",
		.arguments = "[GLOB]",
		.summary = "the units that may be seen, and how they are",
		.most = 1,
		.options = OPTION(JSON),
		.method = "service.list",
		.print = service_print_list,
	},
	{
		.name = "service",
		.word = "log",
		.arguments = "UNIT",
		.summary = "the last lines that a unit logged",
		.least = 1,
		.most = 1,
		.names = NAMES_UNITS,
		.options = OPTION(LINES) | OPTION(FOLLOW) | OPTION(JSON),
		.method = "service.log",
		.run = service_run_log,
	},
	{
		.name = "service",
		.word = "watch",
		.arguments = "UNIT...",
		.summary = "how units change, until interrupted",
		.least = 1,
		.most = VERB_MANY,
		.flags = VERB_NO_SCRIPT,
		.names = NAMES_UNITS,
		.options = OPTION(JSON),
		.method = "service.watch",
		.run = service_run_watch,
	},
	{
		.name = "service",
		.arguments = "VERB UNIT",
		.summary = "do it, and wait until it is done:" VERB_WORDS,
		.least = 2,
		.most = 2,
		.choice = service_verbs,
		.names = NAMES_UNITS,
		.options = OPTION(WAIT) | OPTION(TIMEOUT) | OPTION(SETTLE) | OPTION(FOLLOW) |
			   OPTION(JSON),
		.run = run_service,
		.print = service_print,
	},
};

const struct verb *verb_service_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
