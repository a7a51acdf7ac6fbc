/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. One line of a script or of a shell: a verb of ours with its
 * arguments, or else a command of augtool(1), which the server knows.
 */
#include "cli/line.h"

#include <errno.h>
#include <string.h>

#include "cli/verb.h"
#include "common/script.h"
#include "exmachina.h"

struct words {
	int count;
	char *word[VERB_MANY + 2]; /* one too many shows, and NULL ends them */
};

static void words_clear(struct words *words)
{
	for (int i = 0; i < words->count; i++)
		free(words->word[i]);
	words->count = 0;
}

/*
 * A verb, which tells which arguments are paths, and these. What is no verb is not cut up further.
 * 0, -EINVAL with the reason.
 */
static int read_words(const char *line, struct words *words, const char **ret_reason)
{
	const struct verb *verb = NULL;

	while (words->count <= VERB_MANY) {
		bool is_path = verb && verb_wants_path(verb, words->count - 1);
		int r = script_word(&line, is_path, &words->word[words->count], ret_reason);

		if (r == -ENOMEM)
			call_memory(NULL);
		if (r <= 0)
			return r;
		words->count++;
		if (words->count == 1 && !verb_is_one(words->word[0]))
			return 0;
		if (words->count == 1)
			verb = verb_find(words->word[0], NULL);
	}
	return 0;
}

/* ---- commands of augtool --------------------------------------------------------------------- */

static int print_output(const struct json_object *from)
{
	scoped_ptr char *output = NULL;

	if (json_get_bytes(json_get(from, "output"), &output) == 0)
		fputs(output, stdout);
	return 0;
}

/* Neither we nor the server have it. */
static bool is_unknown(const struct exm_error *error)
{
	scoped_json *data = call_parse(error->data);

	return json_has(data, "command");
}

static enum status tell_failure(const struct cli *cli, const char *word, int result)
{
	const struct exm_error *error = exm_last_error(cli->session);

	if (result != -EREMOTEIO || !error || !is_unknown(error))
		return report_failure(cli, result);
	return report_wrong(cli, STATUS_USAGE, "unknown verb '%s'; see %s", word,
			    cli->shell ? "help" : "exmachina --help");
}

static enum status run_command(struct cli *cli, const char *word, const char *line)
{
	struct json_object *params = call_memory(json_new_array());
	scoped_json *result = NULL;
	int r;

	call_add(params, call_argument(line));
	r = call_quietly(cli, "augeas.srun", params, &result);
	if (r < 0)
		return tell_failure(cli, word, r);
	cli->quit = json_boolean(json_get(result, "quit"));
	/* what it does is known there alone */
	cli->edited = call_finds_edits(cli);
	if (cli->json)
		report_json(result);
	else
		print_output(result);
	return STATUS_DONE;
}

/* ---- a line ---------------------------------------------------------------------------------- */

static enum status run_verb(struct cli *cli, struct words *words)
{
	const struct verb *verb;
	int argc = words->count;
	char **argv = words->word;
	enum status status = verb_take(cli, &argc, &argv, &verb);

	if (status != STATUS_DONE)
		return status;
	if (verb->flags & (cli->script ? VERB_NO_SCRIPT : VERB_NO_SHELL))
		return report_wrong(cli, STATUS_USAGE, "'%s' cannot be used in a %s",
				    words->word[0], cli->script ? "script" : "shell");
	return verb_execute(cli, verb, argc, argv);
}

enum status line_run(struct cli *cli, const char *line)
{
	scoped(words_clear) struct words words = { 0 };
	const char *reason = "";
	bool json = cli->json;
	enum status status;

	if (script_line_is_empty(line))
		return STATUS_DONE;
	cli->log_shown = false;
	if (read_words(line, &words, &reason) < 0)
		status = report_wrong(cli, STATUS_USAGE, "%s", reason);
	else if (verb_is_one(words.word[0]))
		status = run_verb(cli, &words);
	else
		status = run_command(cli, words.word[0], line);
	/* --json behind a verb is about that line */
	cli->json = json;
	return status;
}
