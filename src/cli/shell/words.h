/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SHELL_WORDS_H
#define EXM_SHELL_WORDS_H

/* The words of a line that is still being typed: those that are done, and the one that has begun.
 */

#include "cli/verb.h"

struct shell_words {
	int count;
	char *word[VERB_MANY];
	char *begun; /* "" where the next one has not begun */
	char quote;  /* the one that it stands in; 0: none */
};

/* Cuts the line as a script's would be. Without memory the program ends. */
void shell_words_cut(const char *line, struct shell_words *ret_words);
void shell_words_clear(struct shell_words *words);

#define scoped_shell_words scoped(shell_words_clear) struct shell_words

/* More of the word, as it has to be typed there; in new memory. */
char *shell_words_typed(const struct shell_words *words, const char *more, size_t length);

#endif
