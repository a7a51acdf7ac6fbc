/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMPLETE_H
#define EXM_COMPLETE_H

/*
 * Which words could stand where one has begun: verbs and options from the table, paths from the
 * tree as it is, units and the like from what the session may see. Shells of the system ask by the
 * verb `complete`, and our own asks by itself.
 */

#include "cli/cli.h"

struct completion {
	const char *begun;
	/* each begins so, in the order in which they were found, none twice; in new memory */
	char **word;
	size_t count;
};

void completion_clear(struct completion *completion);

#define scoped_completion scoped(completion_clear) struct completion

/* Adds the word if it begins as the one that was begun, and could be typed at a terminal. */
void completion_add(struct completion *completion, const char *word);

/* How much more all of them have in common than was begun, in bytes. */
size_t completion_common(const struct completion *completion);

/* What does not end there: a node with others below it, a directory. */
bool completion_goes_on(const char *word);

/*
 * Adds what could follow the words, the first of which is a verb. Without a session nothing is
 * found that would need one; failures are no candidates.
 */
void complete(struct cli *cli, int argc, char **argv, struct completion *completion);

/* complete_live.c: what is asked for. */

/* Adds the nodes, by the path as it has begun. */
void complete_path(struct cli *cli, struct completion *completion);
void complete_units(struct cli *cli, struct completion *completion);
void complete_revisions(struct cli *cli, struct completion *completion);
void complete_packages(struct cli *cli, struct completion *completion);
void complete_methods(struct cli *cli, struct completion *completion);
/* Files of this system, as this user may list them. */
void complete_files(struct completion *completion);

#endif
