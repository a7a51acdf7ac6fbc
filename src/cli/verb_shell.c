/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Lines that somebody types at a terminal, each of them a verb as
 * on the command line, in one session. Without a terminal they are a script.
 */
#include <string.h>

#include "cli/line.h"
#include "cli/shell/edit.h"
#include "cli/shell/history.h"
#include "cli/verb.h"
#include "exmachina.h"

struct shell {
	struct cli *cli;
	struct shell_edit *edit;
	int server;  /* the session's stream, to look at */
	int history; /* -1: nothing is kept */
	bool warned; /* of edits that the end would drop */
};

static void have(const char *line, void *data)
{
	shell_edit_have(data, line);
}

static void keep(struct shell *shell, const char *line)
{
	if (!shell_history_may_have(shell->cli, line))
		return;
	shell_edit_have(shell->edit, line);
	shell_history_add(shell->history, line);
}

/* ---- how it ends ----------------------------------------------------------------------------- */

/* What is typed once more is meant. */
static bool may_end(struct shell *shell)
{
	struct cli *cli = shell->cli;

	if (!call_finds_edits(cli))
		return true;
	if (!cli->once) {
		report(cli, "edits wait for a commit, and the session goes on");
		return true;
	}
	if (shell->warned) {
		report(cli, "edits that were not saved are dropped");
		return true;
	}
	report(cli, "edits wait for a commit, and the session ends here: commit them, or say quit "
		    "once more to drop them");
	shell->warned = true;
	return false;
}

static enum status gone(const struct shell *shell)
{
	return report_wrong(shell->cli, STATUS_NO_SERVER,
			    "the session has ended: the server has gone%s",
			    shell->cli->edited ? ", and what was not committed is dropped" : "");
}

/* ---- lines ----------------------------------------------------------------------------------- */

static bool is_end(const char *line)
{
	char word[8] = "", more;

	return sscanf(line, " %7s %c", word, &more) == 1 &&
	       (strcmp(word, "quit") == 0 || strcmp(word, "exit") == 0);
}

static void run_line(struct shell *shell, const char *line)
{
	struct cli *cli = shell->cli;
	bool was_edited = cli->edited;

	(void)!line_run(cli, line);
	fflush(stdout);
	/* one that came when the line was done already */
	(void)interrupt_take(cli);
	if (was_edited != cli->edited)
		shell->warned = false;
}

/* STATUS_PRINTED: another one may follow. */
static enum status take_line(struct shell *shell, const char *line)
{
	if (is_end(line))
		return may_end(shell) ? STATUS_DONE : STATUS_PRINTED;
	if (line[strspn(line, " \t")] != '\0') {
		keep(shell, line);
		run_line(shell, line);
	}
	return shell_server_is_gone(shell->server) ? gone(shell) : STATUS_PRINTED;
}

static enum status take_lines(struct shell *shell)
{
	enum status status = STATUS_PRINTED;

	while (status == STATUS_PRINTED) {
		const char *line = NULL;

		switch (shell_edit_read(
			shell->edit, shell->cli->edited ? "exmachina*> " : "exmachina> ", &line)) {
		case SHELL_LINE:
			status = take_line(shell, line);
			break;
		case SHELL_INTERRUPTED:
			puts("^C");
			break;
		case SHELL_END:
			putchar('\n');
			status = may_end(shell) ? STATUS_DONE : STATUS_PRINTED;
			break;
		case SHELL_GONE:
			putchar('\n');
			status = gone(shell);
			break;
		}
		fflush(stdout);
	}
	return status;
}

/* ---- the verb -------------------------------------------------------------------------------- */

/* A stream that is shared is not this process's to ask for, but for a moment. */
static int stream_of(struct exm *session)
{
	int fd;

	if (exm_lock(session) < 0)
		return -1;
	fd = exm_get_fd(session);
	(void)exm_unlock(session);
	return fd;
}

static enum status run_at_terminal(struct cli *cli)
{
	struct shell shell = { .cli = cli, .server = stream_of(cli->session) };
	enum status status = interrupt_keep(cli);

	if (status != STATUS_DONE)
		return status;
	shell.edit = shell_edit_new(cli, shell.server);
	if (!shell.edit)
		return report_wrong(cli, STATUS_FAILED, "shell: cannot use this terminal");
	cli->shell = true;
	cli->edited = call_finds_edits(cli);
	shell.history = shell_history_open(have, shell.edit);
	puts("Tab completes, help lists the verbs, quit or Ctrl-D ends.");
	status = take_lines(&shell);
	close_fd(shell.history);
	shell_edit_free(shell.edit);
	return status == STATUS_DONE ? STATUS_PRINTED : status;
}

static enum status run_shell(struct cli *cli, const struct verb *verb, int argc, char **argv,
			     struct json_object **ret_result)
{
	(void)verb;
	(void)argc;
	(void)argv;
	(void)ret_result;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return run_at_terminal(cli);
	return script_run(cli, "stdin", stdin);
}

static const struct verb verbs[] = {
	{
		.name = "shell",
		.arguments = "",
		.summary = "do what is typed, line by line",
		.flags = VERB_NO_SCRIPT | VERB_NO_SHELL,
		.run = run_shell,
	},
};

const struct verb *verb_shell_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
