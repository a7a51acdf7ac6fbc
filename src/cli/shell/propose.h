/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SHELL_PROPOSE_H
#define EXM_SHELL_PROPOSE_H

#include "cli/cli.h"

enum proposed {
	PROPOSED_NOTHING,
	PROPOSED_MORE, /* ret_more, in new memory, goes behind what was typed */
	PROPOSED_LIST, /* there are several, and they were printed */
};

/* What could follow a line as far as it has been typed. */
enum proposed shell_propose(struct cli *cli, const char *begun, char **ret_more);

#endif
