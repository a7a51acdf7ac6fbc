/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Reads a script of verbs, line by line, with
 * the syntax and the output of augtool(1), and stops at the first that fails.
 */
#include <errno.h>
#include <string.h>

#include "cli/line.h"
#include "cli/verb.h"

static enum status run_lines(struct cli *cli, FILE *file)
{
	enum status status = STATUS_DONE;
	scoped_ptr char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while (status == STATUS_DONE && !cli->quit && (length = getline(&line, &size, file)) >= 0) {
		cli->line++;
		if (strlen(line) != (size_t)length)
			status = report_wrong(cli, STATUS_USAGE, "a NUL byte");
		else
			status = line_run(cli, line);
		/* what is printed comes before what a later line is told on standard error */
		fflush(stdout);
	}
	if (ferror(file))
		status = report_wrong(cli, STATUS_USAGE, "cannot read it: %s", strerror(errno));
	return status;
}

enum status script_run(struct cli *cli, const char *name, FILE *file)
{
	enum status status;

	cli->script = name;
	cli->line = 0;
	status = run_lines(cli, file);
	if (cli->once && !cli->shell && cli->edited)
		report(cli, "edits that were not saved are dropped");
	cli->script = NULL;
	cli->quit = false;
	return status == STATUS_DONE ? STATUS_PRINTED : status;
}

static enum status run_script(struct cli *cli, const struct verb *verb, int argc, char **argv,
			      struct json_object **ret_result)
{
	bool is_input = argc == 0 || strcmp(argv[0], "-") == 0;
	scoped_file *opened = is_input ? NULL : fopen(argv[0], "re");

	(void)verb;
	(void)ret_result;
	if (!is_input && !opened)
		return report_wrong(cli, STATUS_USAGE, "%s: %s", argv[0], strerror(errno));
	return script_run(cli, is_input ? "stdin" : argv[0], is_input ? stdin : opened);
}

static const struct verb verbs[] = {
	{
		.name = "run",
		.arguments = "[FILE]",
		.summary = "do what a script says, line by line",
		.most = 1,
		.flags = VERB_NO_SCRIPT,
		.names = NAMES_FILES,
		.run = run_script,
	},
};

const struct verb *verb_script_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
