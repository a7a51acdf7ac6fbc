/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client, at a terminal. Completes a word, or shows what there is. */
#include "cli/shell/propose.h"

#include <string.h>
#include <sys/ioctl.h>

#include "cli/complete.h"
#include "cli/shell/words.h"

enum { SHOWN_MAX = 200, GAP = 2, WIDTH = 80 };

static size_t width_of_terminal(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
									       : WIDTH;
}

/* What is behind the part that all of them have in common and that has been typed. */
static const char *shown(const struct completion *completion, size_t number)
{
	const char *slash = strrchr(completion->begun, '/');

	return completion->word[number] + (slash ? slash + 1 - completion->begun : 0);
}

static void print_list(const struct completion *completion)
{
	size_t count = completion->count < SHOWN_MAX ? completion->count : SHOWN_MAX;
	size_t widest = 0, columns;

	for (size_t i = 0; i < count; i++)
		if (strlen(shown(completion, i)) > widest)
			widest = strlen(shown(completion, i));
	columns = width_of_terminal() / (widest + GAP);
	columns = columns > 0 ? columns : 1;
	putchar('\n');
	for (size_t i = 0; i < count; i++)
		printf("%-*s%s", (int)(widest + GAP), shown(completion, i),
		       (i + 1) % columns == 0 || i + 1 == count ? "\n" : "");
	if (count < completion->count)
		printf("and %zu more\n", completion->count - count);
	fflush(stdout);
}

/* What is typed of the word, and what ends it if it is the only one. */
static char *more_of(const struct shell_words *words, const struct completion *completion,
		     size_t length)
{
	const char *word = completion->word[0];
	scoped_ptr char *typed = shell_words_typed(words, word + strlen(completion->begun), length);
	const char quote[] = { words->quote, '\0' };
	bool ends = completion->count == 1 && !completion_goes_on(word);
	char *more = NULL;

	if (asprintf(&more, "%s%s%s", typed, ends ? quote : "", ends ? " " : "") < 0)
		call_memory(NULL);
	return more;
}

enum proposed shell_propose(struct cli *cli, const char *begun, char **ret_more)
{
	scoped_shell_words words = { 0 };
	scoped_completion completion = { 0 };
	size_t length;

	shell_words_cut(begun, &words);
	completion.begun = words.begun;
	complete(cli, words.count, words.word, &completion);
	if (words.count == 0) {
		completion_add(&completion, "quit");
		completion_add(&completion, "exit");
	}
	if (completion.count == 0)
		return PROPOSED_NOTHING;
	length = completion_common(&completion);
	if (length == 0 && completion.count > 1) {
		print_list(&completion);
		return PROPOSED_LIST;
	}
	*ret_more = more_of(&words, &completion, length);
	return PROPOSED_MORE;
}
