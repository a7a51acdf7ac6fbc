/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SHELL_HISTORY_H
#define EXM_SHELL_HISTORY_H

/*
 * The lines of earlier shells, in exmachina/history of the user's directory for state
 * ($XDG_STATE_HOME, or .local/state at home), which is for him alone. Secrets are not among them.
 */

#include "cli/cli.h"

enum { SHELL_HISTORY_LINES = 1000 };

/*
 * Opens the file, makes it if it is missing, and calls have for each line in it. The descriptor,
 * or -1 where there is no such place, or what is there is not ours: then nothing is kept.
 */
int shell_history_open(void (*have)(const char *line, void *data), void *data) must_check;

/* Adds a line. That it cannot be kept is no failure of the line. */
void shell_history_add(int fd, const char *line);

/*
 * May it be kept? Not if it begins with a blank, has a token or the parameters of a call, or gives
 * a value to a node that the policy calls secret, or to one of which that is not known.
 */
bool shell_history_may_have(struct cli *cli, const char *line);

#endif
