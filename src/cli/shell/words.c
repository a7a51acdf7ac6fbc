/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. Takes half a line apart, for who completes it. */
#include "cli/shell/words.h"

#include <errno.h>
#include <string.h>

#include "common/script.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_quote(char c)
{
	return c == '\'' || c == '"';
}

/* The end of the line as it was typed, if it cannot be read as a word, or not yet. */
static void begin_raw(struct shell_words *words, const char *at)
{
	if (is_quote(*at))
		words->quote = *at++;
	words->begun = call_memory(strdup(at));
}

/* A word: true if another may follow. */
static bool cut_one(struct shell_words *words, const char **at, bool is_path)
{
	const char *start = *at, *reason;
	char *word = NULL;
	int r;

	while (is_blank(*start))
		start++;
	r = script_word(at, is_path, &word, &reason);
	if (r == -ENOMEM)
		call_memory(NULL);
	if (r < 0) {
		begin_raw(words, start);
	} else if (r == 0) {
		words->begun = call_memory(strdup(""));
	} else if (**at) {
		words->word[words->count++] = word;
		return true;
	} else {
		words->begun = word;
	}
	return false;
}

void shell_words_cut(const char *line, struct shell_words *ret_words)
{
	const struct verb *verb = NULL;
	bool goes_on = true;

	memset(ret_words, 0, sizeof(*ret_words));
	while (goes_on && ret_words->count < VERB_MANY) {
		if (ret_words->count == 1)
			verb = verb_find(ret_words->word[0], NULL);
		goes_on = cut_one(ret_words, &line,
				  verb && verb_wants_path(verb, ret_words->count - 1));
	}
	if (!ret_words->begun)
		ret_words->begun = call_memory(strdup(""));
}

void shell_words_clear(struct shell_words *words)
{
	for (int i = 0; i < words->count; i++)
		free(words->word[i]);
	free(words->begun);
}

char *shell_words_typed(const struct shell_words *words, const char *more, size_t length)
{
	char *typed = call_memory(malloc(2 * length + 1)), *end = typed;

	for (size_t i = 0; i < length; i++) {
		bool is_special = words->quote ? more[i] == words->quote
					       : is_blank(more[i]) || is_quote(more[i]);

		if (is_special || more[i] == '\\')
			*end++ = '\\';
		*end++ = more[i];
	}
	*end = '\0';
	return typed;
}
