/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SCRIPT_H
#define EXM_SCRIPT_H

/*
 * Words of a script's line, cut as augtool(1) cuts them. Blanks separate words.
 * '...' and "..." keep blanks. A backslash makes \n and \t, takes a quote, a
 * blank or itself literally, and stays in front of the characters that path
 * expressions escape; before anything else it is an error. In a path
 * expression blanks and quotes between [ and ] belong to the word.
 */

#include <stdbool.h>

#include "common/cleanup.h"

/*
 * Cuts the next word off *line. 1 with the word in new memory, 0 at the end of
 * the line, -EINVAL with ret_reason (static), -ENOMEM.
 */
int script_word(const char **line, bool is_path, char **ret_word,
		const char **ret_reason) must_check;

/* Is there nothing to do in this line: it is blank, or a comment? */
bool script_line_is_empty(const char *line);

#endif
