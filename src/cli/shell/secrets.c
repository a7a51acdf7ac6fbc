/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Which lines a history must not have. What is secret is for the
 * policy to say, and who cannot be told keeps nothing.
 */
#include <string.h>

#include "cli/shell/history.h"
#include "cli/shell/words.h"

enum { NODES_MAX = 16 };

static struct json_object *whatcan(struct cli *cli, const char *path)
{
	struct json_object *params = call_memory(json_new_object()), *answer = NULL;

	if (path)
		call_put(params, "path", call_argument(path));
	return call_quietly(cli, "session.whatcan", params, &answer) < 0 ? NULL : answer;
}

/* Is anything secret at all? */
static bool any_is_secret(struct cli *cli)
{
	scoped_json *policy = whatcan(cli, NULL);
	const struct json_object *files = json_get(policy, "files");

	for (size_t i = 0; i < json_length(files); i++)
		if (json_length(json_get(json_at(files, i), "secrets")) > 0)
			return true;
	return !policy;
}

/* Of the node that the path names, or of the file that it is in. */
static bool answer_is_secret(struct cli *cli, const struct json_object *answer, bool whole_file)
{
	scoped_json *of_file = NULL;
	scoped_ptr char *file = NULL;

	if (!whole_file || !json_get(answer, "file"))
		return json_boolean(json_get(answer, "secret"));
	if (json_get_bytes(json_get(answer, "file"), &file) < 0)
		return true;
	of_file = whatcan(cli, file);
	return !of_file || json_boolean(json_get(of_file, "secret"));
}

/* An expression: all that it names now, and it has to name something. */
static bool some_is_secret(struct cli *cli, const char *expression, bool whole_file)
{
	struct json_object *params = call_memory(json_new_array());
	scoped_json *paths = NULL;

	call_add(params, call_argument(expression));
	if (call_quietly(cli, "augeas.match", params, &paths) < 0 || json_length(paths) == 0 ||
	    json_length(paths) > NODES_MAX)
		return any_is_secret(cli);
	for (size_t i = 0; i < json_length(paths); i++) {
		scoped_ptr char *path = NULL;
		scoped_json *answer = NULL;

		if (json_get_bytes(json_at(paths, i), &path) == 0)
			answer = whatcan(cli, path);
		if (!answer || answer_is_secret(cli, answer, whole_file))
			return true;
	}
	return false;
}

static bool may_be_secret(struct cli *cli, const char *path, bool whole_file)
{
	scoped_json *answer = *path == '/' ? whatcan(cli, path) : NULL;

	if (answer)
		return answer_is_secret(cli, answer, whole_file);
	return some_is_secret(cli, path, whole_file);
}

/* With options the arguments may stand anywhere. */
static bool is_path(const struct verb *verb, int number, const char *word)
{
	return verb->options ? *word == '/' : verb_wants_path(verb, number);
}

/* The nodes of `set` are those that it names; what other verbs reach is less plain. */
static bool edits_a_secret(struct cli *cli, const struct verb *verb, int argc, char **argv)
{
	bool whole_file = !(verb->flags & VERB_PAIRS);
	int seen = 0;

	for (int i = 0; i < argc; i++) {
		/* below the first one, whose file that is */
		bool is_relative = whole_file && seen > 0 && *argv[i] != '/';

		if (!is_path(verb, i, argv[i]) || is_relative)
			continue;
		seen++;
		if (may_be_secret(cli, argv[i], whole_file))
			return true;
	}
	return seen == 0 && any_is_secret(cli);
}

bool shell_history_may_have(struct cli *cli, const char *line)
{
	scoped_shell_words words = { 0 };
	scoped_ptr char *whole = NULL;
	const struct verb *verb;

	/* with a blank behind it the last word is one of those that are done */
	if (*line == ' ' || *line == '\t' || asprintf(&whole, "%s ", line) < 0)
		return false;
	shell_words_cut(whole, &words);
	if (words.count == 0)
		return false;
	verb = verb_find(words.word[0], words.count > 1 ? words.word[1] : NULL);
	/* what is no verb may be one with a mistake in it, and then its second word a value */
	if (!verb || words.count == 1)
		return words.count < 3;
	if (verb->flags & VERB_PRIVATE)
		return false;
	if (!(verb->flags & VERB_EDITS))
		return true;
	/* half a word: what it is to be is not known */
	return !*words.begun && !edits_a_secret(cli, verb, words.count - 1, words.word + 1);
}
