/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client, at a terminal. Has libedit edit lines, with completion from the
 * table of verbs and the tree as it is.
 */
#include "cli/shell/edit.h"

#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "cli/shell/history.h"
#include "cli/shell/propose.h"

struct shell_edit {
	struct cli *cli;
	int server;
	EditLine *line;
	History *history;
	const char *prompt;
	char *text;
	enum shell_read outcome;
	mbstate_t state;
};

static struct shell_edit *edit_of(EditLine *line)
{
	void *edit = NULL;

	(void)el_get(line, EL_CLIENTDATA, &edit);
	return edit;
}

static char *prompt_of(EditLine *line)
{
	return (char *)(uintptr_t)edit_of(line)->prompt;
}

/* The next byte of the terminal; 0 at its end, -1 where it is not to be waited for any longer. */
static int read_byte(struct shell_edit *edit, char *ret_byte)
{
	ssize_t n;

	do {
		edit->outcome = shell_await(edit->cli, edit->server);
		if (edit->outcome != SHELL_LINE)
			return -1;
		n = read(STDIN_FILENO, ret_byte, 1);
		/* after a stop, or in a window of another size */
		if (n < 0 && errno == EINTR)
			(void)el_set(edit->line, EL_REFRESH);
	} while (n < 0 && errno == EINTR);
	edit->outcome = SHELL_END;
	return (int)n;
}

/* A byte that belongs to no character is passed over. */
static int read_character(EditLine *line, wchar_t *ret_character)
{
	struct shell_edit *edit = edit_of(line);

	for (;;) {
		char byte;
		int r = read_byte(edit, &byte);
		size_t length;

		if (r <= 0)
			return r;
		length = mbrtowc(ret_character, &byte, 1, &edit->state);
		if (length == 0 || length == 1)
			return 1;
		if (length == (size_t)-1)
			memset(&edit->state, 0, sizeof(edit->state));
	}
}

static unsigned char propose(EditLine *line, int key)
{
	const LineInfo *info = el_line(line);
	scoped_ptr char *begun =
		call_memory(strndup(info->buffer, (size_t)(info->cursor - info->buffer)));
	scoped_ptr char *more = NULL;

	(void)key;
	switch (shell_propose(edit_of(line)->cli, begun, &more)) {
	case PROPOSED_NOTHING:
		return CC_REFRESH_BEEP;
	case PROPOSED_MORE:
		return el_insertstr(line, more) < 0 ? CC_ERROR : CC_REFRESH;
	case PROPOSED_LIST:
		return CC_REDISPLAY;
	}
	return CC_ERROR;
}

/* The prompt and what is typed are characters, whatever the environment says of the locale. */
static void use_utf8(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

static void set_up(struct shell_edit *edit)
{
	HistEvent event;

	(void)history(edit->history, &event, H_SETSIZE, SHELL_HISTORY_LINES);
	(void)history(edit->history, &event, H_SETUNIQUE, 1);
	(void)el_set(edit->line, EL_CLIENTDATA, edit);
	(void)el_set(edit->line, EL_PROMPT, prompt_of);
	(void)el_set(edit->line, EL_EDITOR, "emacs");
	(void)el_set(edit->line, EL_SIGNAL, 1);
	(void)el_set(edit->line, EL_HIST, history, edit->history);
	(void)el_set(edit->line, EL_GETCFN, read_character);
	/* el_set() would copy the names, and free them never */
	(void)el_wset(edit->line, EL_ADDFN, L"exm-complete", L"complete the word", propose);
	(void)el_set(edit->line, EL_BIND, "^I", "exm-complete", NULL);
	(void)el_set(edit->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
	/* the user's own keys, in .editrc */
	(void)el_source(edit->line, NULL);
}

struct shell_edit *shell_edit_new(struct cli *cli, int server)
{
	struct shell_edit *edit = call_memory(calloc(1, sizeof(*edit)));

	use_utf8();
	edit->cli = cli;
	edit->server = server;
	edit->prompt = "";
	edit->history = history_init();
	edit->line = el_init("exmachina", stdin, stdout, stderr);
	if (!edit->history || !edit->line)
		return shell_edit_free(edit);
	set_up(edit);
	return edit;
}

struct shell_edit *shell_edit_free(struct shell_edit *edit)
{
	if (!edit)
		return NULL;
	if (edit->line)
		el_end(edit->line);
	if (edit->history)
		history_end(edit->history);
	free(edit->text);
	free(edit);
	return NULL;
}

enum shell_read shell_edit_read(struct shell_edit *edit, const char *prompt, const char **ret_line)
{
	const char *line;
	int length = 0;

	edit->prompt = prompt;
	edit->outcome = SHELL_END;
	memset(&edit->state, 0, sizeof(edit->state));
	line = el_gets(edit->line, &length);
	if (!line || length <= 0)
		return edit->outcome;
	free(edit->text);
	edit->text = call_memory(strndup(line, strcspn(line, "\n")));
	*ret_line = edit->text;
	return SHELL_LINE;
}

void shell_edit_have(struct shell_edit *edit, const char *line)
{
	HistEvent event;

	(void)history(edit->history, &event, H_ENTER, line);
}
