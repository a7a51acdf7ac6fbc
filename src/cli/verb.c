/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. Finds verbs, and does what all of them have in common. */
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

static const struct verb *(*const families[])(size_t *) = {
	verb_tree_table,   verb_edit_table,    verb_ensure_table,  verb_commit_table,
	verb_config_table, verb_history_table, verb_service_table, verb_package_table,
	verb_system_table, verb_session_table, verb_script_table,  verb_shell_table,
	verb_log_table,    verb_help_table,
};

/* systemctl(1) says try-restart, the policy try_restart. */
static bool same_word(const char *a, const char *b)
{
	while (*a && (*a == *b || (*a == '-' && *b == '_') || (*a == '_' && *b == '-'))) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool has_name(const struct verb *verb, const char *name)
{
	return strcmp(verb->name, name) == 0 || (verb->alias && strcmp(verb->alias, name) == 0);
}

static bool is_meant(const struct verb *verb, const char *name, const char *word)
{
	if (!has_name(verb, name))
		return false;
	return !verb->word || (word && same_word(verb->word, word));
}

const struct verb *verb_find(const char *name, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		size_t count;
		const struct verb *verbs = families[i](&count);

		for (size_t k = 0; k < count; k++)
			if (is_meant(&verbs[k], name, word))
				return &verbs[k];
	}
	return NULL;
}

void verb_each(void (*show)(const struct verb *verb, void *data), void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		size_t count;
		const struct verb *verbs = families[i](&count);

		for (size_t k = 0; k < count; k++)
			show(&verbs[k], data);
	}
}

bool verb_is_one(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		size_t count;
		const struct verb *verbs = families[i](&count);

		for (size_t k = 0; k < count; k++)
			if (has_name(&verbs[k], name))
				return true;
	}
	return false;
}

bool verb_wants_path(const struct verb *verb, int argument)
{
	return verb->paths & ARGUMENT(argument % 32);
}

static enum status check_choice(const struct cli *cli, const struct verb *verb, const char *word)
{
	char choices[256] = "";
	size_t used = 0;

	for (size_t i = 0; verb->choice[i]; i++)
		if (same_word(word, verb->choice[i]))
			return STATUS_DONE;
	for (size_t i = 0; verb->choice[i] && used < sizeof(choices); i++)
		used += (size_t)snprintf(choices + used, sizeof(choices) - used, "%s%s",
					 i > 0 ? ", " : "", verb->choice[i]);
	return report_wrong(cli, STATUS_USAGE,
			    "%s: '%s' is not possible there, but: %s; it is: %s %s", verb->name,
			    word, choices, verb->name, verb->arguments);
}

/* Number and choices of the arguments. */
static enum status check(const struct cli *cli, const struct verb *verb, int argc, char **argv)
{
	const char *wrong = NULL;

	if (argc < verb->least)
		wrong = "not enough arguments";
	else if (argc > verb->most)
		wrong = "too many arguments";
	else if ((verb->flags & VERB_PAIRS) && argc % 2 != 0 && !(cli->script && argc == 1))
		wrong = "the last value is missing";
	if (wrong)
		return report_wrong(cli, STATUS_USAGE, "%s: %s; it is: %s%s%s%s%s", verb->name,
				    wrong, verb->name, verb->word ? " " : "",
				    verb->word ? verb->word : "", *verb->arguments ? " " : "",
				    verb->arguments);
	if (!verb->choice || argc <= verb->choice_at)
		return STATUS_DONE;
	return check_choice(cli, verb, argv[verb->choice_at]);
}

enum status verb_take(struct cli *cli, int *argc, char ***argv, const struct verb **ret_verb)
{
	const char *word = *argc > 1 ? (*argv)[1] : NULL;
	const struct verb *verb = verb_find((*argv)[0], word);
	int words = verb && verb->word ? 2 : 1;
	enum status status;

	if (!verb) {
		/* without the word where the first one is no verb, whatever follows */
		return report_wrong(cli, STATUS_USAGE,
				    "unknown verb '%s%s%s'; see exmachina --help", (*argv)[0],
				    word ? " " : "", word ? word : "");
	}
	*argc -= words;
	*argv += words;
	status = verb_options_take(cli, verb, argc, argv);
	if (status == STATUS_DONE)
		status = check(cli, verb, *argc, *argv);
	if (status == STATUS_DONE)
		*ret_verb = verb;
	return status;
}

static bool is_empty(const struct json_object *result)
{
	const char *text = json_string(result, NULL);

	return text ? !*text : json_length(result) == 0;
}

static enum status run(struct cli *cli, const struct verb *verb, int argc, char **argv,
		       struct json_object **ret_result)
{
	enum status status;

	if (verb->run)
		status = verb->run(cli, verb, argc, argv, ret_result);
	else
		status = call(cli, verb->method, argc ? call_arguments(argc, argv) : NULL,
			      ret_result);
	if (status != STATUS_DONE && status != STATUS_PRINTED && status != STATUS_TAKEN_BACK)
		return status;
	if (verb->flags & VERB_EDITS)
		cli->edited = true;
	if (verb->flags & VERB_SETTLES && !cli->given[OPTION_DRY_RUN])
		cli->edited = false;
	return status;
}

/* An edit whose session ends with this call is committed now or never. */
static enum status commit_edit(struct cli *cli, const struct verb *verb, char **argv,
			       struct json_object *result)
{
	const struct verb *commit = verb_find("commit", NULL);
	scoped_json *changes = NULL;
	enum status status = commit->run(cli, commit, 0, NULL, &changes);

	if (status != STATUS_DONE)
		return status;
	if (cli->json) {
		report_json(result);
		return STATUS_DONE;
	}
	if (verb->print)
		verb->print(cli, argv, result);
	commit->print(cli, NULL, changes);
	return STATUS_DONE;
}

enum status verb_execute(struct cli *cli, const struct verb *verb, int argc, char **argv)
{
	scoped_json *result = NULL;
	enum status status;

	status = run(cli, verb, argc, argv, &result);
	if (status == STATUS_PRINTED)
		return STATUS_DONE;
	if (status != STATUS_DONE)
		return status;
	if ((verb->flags & VERB_EDITS) && cli->once && !cli->script && !cli->shell)
		return commit_edit(cli, verb, argv, result);
	if (cli->json)
		report_json(result);
	else if (verb->print)
		verb->print(cli, argv, result);
	if ((verb->flags & VERB_FINDS) && !cli->script && is_empty(result))
		return STATUS_NO_NODE;
	return STATUS_DONE;
}
