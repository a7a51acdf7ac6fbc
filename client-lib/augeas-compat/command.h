/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMPAT_COMMAND_H
#define EXM_COMPAT_COMMAND_H

#include "compat.h"

/* Commands of augtool(1) that are not the server's alone. */
struct command {
	const char *name;
	/* May the server run it? Sets the error if not. NULL: it has no such command. */
	bool (*before)(struct augeas *aug);
	/* words: what stands behind the name. 0, or -1 with the error set. */
	int (*run)(struct augeas *aug, FILE *out, const char *words);
};

/* The command that the line begins with; NULL: one of the server's. */
const struct command *command_find(const char *line);

/* xml.c: aug_to_xml() within another function of the interface. */
int xml_of(struct augeas *aug, const char *path, xmlNode **ret_node);

#endif
