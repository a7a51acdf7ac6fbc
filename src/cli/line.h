/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLI_LINE_H
#define EXM_CLI_LINE_H

/* Lines of verbs, as a script has them and as they are typed into a shell. */

#include "cli/cli.h"

/* Runs it, and prints what comes of it; nothing for an empty one or a comment. */
enum status line_run(struct cli *cli, const char *line) must_check;

/* All lines of a script, up to the first that fails; its name is for people. */
enum status script_run(struct cli *cli, const char *name, FILE *file) must_check;

#endif
