/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. How a node shall be, from the words of a command line. */
#include "cli/verb.h"

#include <string.h>

/* The first '=' that is not within a condition's brackets. NULL: there is none. */
static const char *find_equal(const char *text)
{
	int depth = 0;

	for (; *text; text++) {
		depth += (*text == '[') - (*text == ']');
		if (*text == '=' && depth == 0)
			return text;
	}
	return NULL;
}

/* One value, or one more: then they are a list. */
static void put_value(struct json_object *wanted, const char *sub, struct json_object *value)
{
	struct json_object *there = json_get(wanted, sub), *list;

	if (!json_has(wanted, sub)) {
		call_put(wanted, sub, value);
		return;
	}
	if (json_kind(there) == JSON_ARRAY) {
		call_add(there, value);
		return;
	}
	list = call_memory(json_new_array());
	call_add(list, json_share(there));
	call_add(list, value);
	call_put(wanted, sub, list);
}

static enum status put_text(const struct cli *cli, const struct cli_text *text,
			    struct json_object *wanted)
{
	const char *equal = text->option == OPTION_WITHOUT ? NULL : find_equal(text->text);
	scoped_ptr char *sub =
		equal ? strndup(text->text, (size_t)(equal - text->text)) : strdup(text->text);

	call_memory(sub);
	if (*sub == '\0')
		return report_wrong(cli, STATUS_USAGE, "ensure: '%s' names no node", text->text);
	if (equal)
		put_value(wanted, sub, call_argument(equal + 1));
	else
		call_put(wanted, sub, call_memory(json_new_bool(text->option != OPTION_WITHOUT)));
	return STATUS_DONE;
}

static enum status put_texts(const struct cli *cli, struct json_object *params)
{
	struct json_object *where = call_memory(json_new_object());
	struct json_object *match = call_memory(json_new_object());
	enum status status = STATUS_DONE;

	call_put(params, "where", where);
	call_put(params, "match", match);
	for (size_t i = 0; status == STATUS_DONE && i < cli->text_count; i++) {
		const struct cli_text *text = &cli->texts[i];

		if (text->option == OPTION_AHEAD_OF)
			call_put(params, "ahead_of", call_argument(text->text));
		else
			status = put_text(cli, text, text->option == OPTION_WHERE ? where : match);
	}
	return status;
}

static enum status run_ensure(struct cli *cli, const struct verb *verb, int argc, char **argv,
			      struct json_object **ret_result)
{
	scoped_json *params = call_memory(json_new_object());
	enum status status;

	if (cli->given[OPTION_ABSENT] &&
	    (argc > 1 || cli->given[OPTION_MATCH] || cli->given[OPTION_WITHOUT] ||
	     cli->given[OPTION_AHEAD_OF]))
		return report_wrong(cli, STATUS_USAGE,
				    "ensure: with --absent there is nothing but --where");
	call_put(params, "path", call_argument(argv[0]));
	if (argc > 1)
		call_put(params, "value", call_argument(argv[1]));
	if (cli->given[OPTION_ABSENT])
		call_put(params, "absent", call_memory(json_new_bool(true)));
	status = put_texts(cli, params);
	return status == STATUS_DONE ? call(cli, verb->method, take_ptr(params), ret_result)
				     : status;
}

static void print_ensured(const struct cli *cli, char **argv, const struct json_object *result)
{
	(void)cli;
	(void)argv;
	puts(json_boolean(json_get(result, "changed")) ? "changed" : "as it was");
}

static const struct verb verbs[] = {
	{
		.name = "ensure",
		.arguments = "PATH [VALUE]",
		.summary = "make it so, if it is not so already",
		.least = 1,
		.most = 2,
		.paths = ARGUMENT(0),
		.flags = VERB_EDITS,
		.options = OPTION(ABSENT) | OPTION(WHERE) | OPTION(MATCH) | OPTION(WITHOUT) |
			   OPTION(AHEAD_OF) | OPTION(JSON),
		.method = "augeas.ensure",
		.run = run_ensure,
		.print = print_ensured,
	},
};

const struct verb *verb_ensure_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
