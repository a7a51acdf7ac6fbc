/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. Which verbs there are, and which words could come next. */
#include <string.h>

#include "cli/complete.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "exmachina.h"

enum { SUMMARY_COLUMN = 36, COMPLETION_TIMEOUT_MS = 5000 };

static bool is_meant(const struct verb *verb, const char *name)
{
	if (verb->flags & VERB_HIDDEN)
		return false;
	return !name || strcmp(verb->name, name) == 0 ||
	       (verb->alias && strcmp(verb->alias, name) == 0);
}

/* ---- for people ------------------------------------------------------------------------------ */

static void show_summary(int width, const char *summary)
{
	if (width < SUMMARY_COLUMN)
		printf("%*s%s\n", SUMMARY_COLUMN - width, "", summary);
	else
		printf("\n%*s%s\n", SUMMARY_COLUMN, "", summary);
}

static void show_option(const char *word, const char *argument, const char *summary, void *data)
{
	(void)data;
	/* all verbs that have options have this one, and it is told of once */
	if (strcmp(word, "json") != 0)
		show_summary(printf("      --%s%s%s", word, *argument ? " " : "", argument),
			     summary);
}

static void show_verb(const struct verb *verb, void *data)
{
	int width;

	if (!is_meant(verb, data))
		return;
	width = printf("  %s%s%s%s%s %s", verb->name, verb->alias ? ", " : "",
		       verb->alias ? verb->alias : "", verb->word ? " " : "",
		       verb->word ? verb->word : "", verb->arguments);
	show_summary(width, verb->summary);
	verb_options_each(verb, show_option, NULL);
}

void help_print_verbs(const char *name)
{
	verb_each(show_verb, (void *)(uintptr_t)name);
}

static void print_help(const struct cli *cli, char **argv, const struct json_object *result)
{
	(void)result;
	help_print_verbs(argv[0]);
	if (cli->shell && !argv[0])
		puts("  quit, exit                        end the shell\n"
		     "Other words are commands of augtool(1).");
}

/* ---- for programs ---------------------------------------------------------------------------- */

static struct json_object *text_or_null(const char *text)
{
	return text ? call_memory(json_new_string(text)) : NULL;
}

static void add_option(const char *word, const char *argument, const char *summary, void *data)
{
	struct json_object *option = call_memory(json_new_object());

	call_put(option, "name", text_or_null(word));
	call_put(option, "argument", *argument ? text_or_null(argument) : NULL);
	call_put(option, "summary", text_or_null(summary));
	call_add(data, option);
}

struct listing {
	const char *name;
	struct json_object *verbs;
};

static void add_verb(const struct verb *verb, void *data)
{
	const struct listing *listing = data;
	struct json_object *item, *options;

	if (!is_meant(verb, listing->name))
		return;
	item = call_memory(json_new_object());
	options = call_memory(json_new_array());
	verb_options_each(verb, add_option, options);
	call_put(item, "name", text_or_null(verb->name));
	call_put(item, "alias", text_or_null(verb->alias));
	call_put(item, "word", text_or_null(verb->word));
	call_put(item, "arguments", text_or_null(verb->arguments));
	call_put(item, "summary", text_or_null(verb->summary));
	call_put(item, "method", text_or_null(verb->method));
	call_put(item, "options", options);
	call_add(listing->verbs, item);
}

static enum status run_help(struct cli *cli, const struct verb *verb, int argc, char **argv,
			    struct json_object **ret_result)
{
	struct listing listing = { .name = argc > 0 ? argv[0] : NULL };

	(void)verb;
	if (listing.name && !verb_is_one(listing.name))
		return report_wrong(cli, STATUS_USAGE, "help: there is no verb '%s'", listing.name);
	listing.verbs = call_memory(json_new_array());
	verb_each(add_verb, &listing);
	*ret_result = listing.verbs;
	return STATUS_DONE;
}

/* ---- words that could come next, for shells of the system ------------------------------------ */

static void add_own_option(const char *word, void *data)
{
	scoped_ptr char *option = NULL;

	if (asprintf(&option, "--%s", word) < 0)
		option = call_memory(NULL);
	completion_add(data, option);
}

static void connect_for_completion(struct cli *cli)
{
	/* what needs a session is not told without one */
	if (!cli->options->spawn && cli_connect(cli) == 0)
		exm_set_timeout(cli->session, COMPLETION_TIMEOUT_MS);
	else
		cli->session = exm_free(cli->session);
}

/* The last argument is the word that has begun, and may be empty. */
static enum status run_complete(struct cli *cli, const struct verb *verb, int argc, char **argv,
				struct json_object **ret_result)
{
	scoped_completion completion = { .begun = argv[argc - 1] };
	struct options options = { 0 };
	int words = argc - 1, at = options_take(words, argv, &options);

	(void)verb;
	(void)ret_result;
	if (at == words && *completion.begun == '-') {
		options_each(add_own_option, &completion);
	} else if (at >= 0) {
		cli->options = &options;
		if (at < words)
			connect_for_completion(cli);
		complete(cli, words - at, argv + at, &completion);
	}
	for (size_t i = 0; i < completion.count; i++)
		puts(completion.word[i]);
	return STATUS_PRINTED;
}

static const struct verb verbs[] = {
	{
		.name = "help",
		.arguments = "[VERB]",
		.summary = "these verbs, or one of them",
		.most = 1,
		.flags = VERB_LOCAL,
		.names = NAMES_VERBS,
		.options = OPTION(JSON),
		.run = run_help,
		.print = print_help,
	},
	{
		.name = "complete",
		.arguments = "WORD...",
		.summary = "what could stand in place of the last word",
		.least = 1,
		.most = VERB_MANY,
		.flags = VERB_LOCAL | VERB_NO_SCRIPT | VERB_NO_SHELL | VERB_HIDDEN,
		.run = run_complete,
	},
};

const struct verb *verb_help_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
