/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Reads a script of verbs, line by line, with
 * the syntax and the output of augtool(1), and stops at the first that fails.
 */
#include <errno.h>
#include <string.h>

#include "cli/verb.h"
#include "common/script.h"

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

/* A verb, which tells which arguments are paths, and these. 0, -EINVAL with the reason. */
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
		if (words->count == 0)
			verb = verb_find(words->word[0], NULL);
		words->count++;
	}
	return 0;
}

static enum status run_line(struct cli *cli, const char *line)
{
	scoped(words_clear) struct words words = { 0 };
	const struct verb *verb;
	const char *reason = "";
	enum status status;
	int argc;
	char **argv = words.word;

	if (read_words(line, &words, &reason) < 0) {
		report(cli, "%s", reason);
		return STATUS_USAGE;
	}
	argc = words.count;
	status = verb_take(cli, &argc, &argv, &verb);
	if (status != STATUS_DONE)
		return status;
	if (verb->flags & VERB_NO_SCRIPT) {
		report(cli, "'%s' cannot be used in a script", words.word[0]);
		return STATUS_USAGE;
	}
	return verb_execute(cli, verb, argc, argv);
}

static enum status run_lines(struct cli *cli, FILE *file)
{
	enum status status = STATUS_DONE;
	scoped_ptr char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while (status == STATUS_DONE && (length = getline(&line, &size, file)) >= 0) {
		cli->line++;
		if (strlen(line) != (size_t)length) {
			report(cli, "a NUL byte");
			status = STATUS_USAGE;
		} else if (!script_line_is_empty(line)) {
			status = run_line(cli, line);
		}
		/* what is printed comes before what a later line is told on standard error */
		fflush(stdout);
	}
	if (ferror(file)) {
		report(cli, "cannot read it: %s", strerror(errno));
		status = STATUS_USAGE;
	}
	return status;
}

static enum status run_script(struct cli *cli, const struct verb *verb, int argc, char **argv,
			      struct json_object **ret_result)
{
	bool is_input = argc == 0 || strcmp(argv[0], "-") == 0;
	scoped_file *opened = is_input ? NULL : fopen(argv[0], "re");
	enum status status;

	(void)verb;
	(void)ret_result;
	if (!is_input && !opened) {
		report(cli, "%s: %s", argv[0], strerror(errno));
		return STATUS_USAGE;
	}
	cli->script = is_input ? "stdin" : argv[0];
	status = run_lines(cli, is_input ? stdin : opened);
	if (cli->once && cli->edited)
		report(cli, "edits that were not saved are dropped");
	cli->script = NULL;
	return status == STATUS_DONE ? STATUS_PRINTED : status;
}

static const struct verb verbs[] = {
	{
		.name = "run",
		.arguments = "[FILE]",
		.summary = "do what a script says, line by line",
		.most = 1,
		.flags = VERB_NO_SCRIPT,
		.run = run_script,
	},
};

const struct verb *verb_script_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
