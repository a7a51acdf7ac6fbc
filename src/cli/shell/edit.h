/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SHELL_EDIT_H
#define EXM_SHELL_EDIT_H

/*
 * Lines from somebody at a terminal: with libedit where the program was built with it (edit.c),
 * else as the terminal itself lets them be edited (plain.c).
 */

#include "cli/cli.h"

enum shell_read {
	SHELL_LINE,
	SHELL_INTERRUPTED, /* what was typed is to be forgotten */
	SHELL_END,         /* of the input */
	SHELL_GONE,        /* the server is */
};

struct shell_edit;

/*
 * server: the session's descriptor, which is only looked at, to see that the server has gone.
 * Without memory the program ends; NULL if the terminal cannot be used.
 */
struct shell_edit *shell_edit_new(struct cli *cli, int server);
struct shell_edit *shell_edit_free(struct shell_edit *edit);

/* The next line, without its end; it lives until the next call. */
enum shell_read shell_edit_read(struct shell_edit *edit, const char *prompt, const char **ret_line);

/* The line may be brought back. */
void shell_edit_have(struct shell_edit *edit, const char *line);

/* shell/input.c: waits until something was typed, which is SHELL_LINE, or until it need not. */
enum shell_read shell_await(const struct cli *cli, int server);
/* Has the server closed the stream? */
bool shell_server_is_gone(int server);

#endif
