/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HELP_H
#define EXM_HELP_H

/* The verbs with their options, for people, as their table has them. NULL: all of them. */
void help_print_verbs(const char *name);

#endif
