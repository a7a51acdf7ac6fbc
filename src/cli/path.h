/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLI_PATH_H
#define EXM_CLI_PATH_H

/* What is behind the last '/' of a path that no backslash takes literally; all of it without one.
 */
static inline const char *path_last_label(const char *path)
{
	const char *label = path;

	for (const char *at = path; *at; at++) {
		if (*at == '\\' && at[1])
			at++;
		else if (*at == '/')
			label = at + 1;
	}
	return label;
}

#endif
