/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client that was built without libedit: the terminal edits the line. */
#include <errno.h>
#include <string.h>

#include "cli/shell/edit.h"

struct shell_edit {
	struct cli *cli;
	int server;
	char *line;
	size_t size;
};

struct shell_edit *shell_edit_new(struct cli *cli, int server)
{
	struct shell_edit *edit = call_memory(calloc(1, sizeof(*edit)));

	edit->cli = cli;
	edit->server = server;
	/* what is read ahead would not be waited for */
	setvbuf(stdin, NULL, _IONBF, 0);
	return edit;
}

struct shell_edit *shell_edit_free(struct shell_edit *edit)
{
	if (edit)
		free(edit->line);
	free(edit);
	return NULL;
}

enum shell_read shell_edit_read(struct shell_edit *edit, const char *prompt, const char **ret_line)
{
	enum shell_read outcome;
	ssize_t length;

	fputs(prompt, stdout);
	fflush(stdout);
	outcome = shell_await(edit->cli, edit->server);
	if (outcome != SHELL_LINE)
		return outcome;
	length = getline(&edit->line, &edit->size, stdin);
	if (length < 0)
		return SHELL_END;
	edit->line[strcspn(edit->line, "\n")] = '\0';
	*ret_line = edit->line;
	return SHELL_LINE;
}

void shell_edit_have(struct shell_edit *edit, const char *line)
{
	(void)edit;
	(void)line;
}
