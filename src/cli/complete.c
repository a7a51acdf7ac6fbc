/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. Which words could come next, by the table of verbs. */
#include "cli/complete.h"

#include <string.h>

#include "cli/verb.h"

/* ---- candidates ------------------------------------------------------------------------------ */

void completion_clear(struct completion *completion)
{
	for (size_t i = 0; i < completion->count; i++)
		free(completion->word[i]);
	free(completion->word);
	completion->word = NULL;
	completion->count = 0;
}

static bool can_be_typed(const char *word)
{
	for (; *word; word++)
		if ((unsigned char)*word < ' ' || *word == 0x7f)
			return false;
	return true;
}

void completion_add(struct completion *completion, const char *word)
{
	if (strncmp(word, completion->begun, strlen(completion->begun)) != 0 || !can_be_typed(word))
		return;
	for (size_t i = 0; i < completion->count; i++)
		if (strcmp(completion->word[i], word) == 0)
			return;
	completion->word = call_memory(
		reallocarray(completion->word, completion->count + 1, sizeof(*completion->word)));
	completion->word[completion->count++] = call_memory(strdup(word));
}

/* Not half a character of UTF-8. */
static size_t whole_characters(const char *text, size_t length)
{
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

size_t completion_common(const struct completion *completion)
{
	size_t begun = strlen(completion->begun), common;
	const char *first;

	if (completion->count == 0)
		return 0;
	first = completion->word[0];
	common = strlen(first);
	for (size_t i = 1; i < completion->count; i++) {
		size_t same = 0;

		while (same < common && completion->word[i][same] == first[same])
			same++;
		common = same;
	}
	common = whole_characters(first, common);
	return common > begun ? common - begun : 0;
}

bool completion_goes_on(const char *word)
{
	size_t length = strlen(word);

	return length > 0 && word[length - 1] == '/';
}

/* ---- by the table ---------------------------------------------------------------------------- */

struct place {
	struct completion *completion;
	const char *name; /* of the verb; NULL: it is asked for */
};

static void add_name(const struct verb *verb, void *data)
{
	if (verb->flags & VERB_HIDDEN)
		return;
	completion_add(data, verb->name);
	if (verb->alias)
		completion_add(data, verb->alias);
}

static void add_choices(const struct verb *verb, struct completion *completion)
{
	for (size_t i = 0; verb->choice && verb->choice[i]; i++)
		completion_add(completion, verb->choice[i]);
}

/* The second word of a verb of several rows. */
static void add_word(const struct verb *verb, void *data)
{
	const struct place *place = data;

	if (verb->word && strcmp(verb->name, place->name) == 0)
		completion_add(place->completion, verb->word);
}

static void add_option(const char *word, const char *argument, const char *summary, void *data)
{
	scoped_ptr char *option = NULL;

	(void)argument;
	(void)summary;
	if (asprintf(&option, "--%s", word) < 0)
		option = call_memory(NULL);
	completion_add(data, option);
}

/* Which argument begins behind these words, counted from 0; -1: the argument of an option. */
static int place_of(const struct verb *verb, int argc, char **argv)
{
	int place = 0;

	for (int i = 0; i < argc; i++) {
		if (verb_option_takes_word(verb, argv[i])) {
			if (++i == argc)
				return -1;
		} else if (!verb->options || strncmp(argv[i], "--", 2) != 0) {
			place++;
		}
	}
	return place;
}

static void add_named(struct cli *cli, enum verb_names names, struct completion *completion)
{
	switch (names) {
	case NAMES_NOTHING:
		return;
	case NAMES_UNITS:
		complete_units(cli, completion);
		return;
	case NAMES_REVISIONS:
		complete_revisions(cli, completion);
		return;
	case NAMES_PACKAGES:
		complete_packages(cli, completion);
		return;
	case NAMES_METHODS:
		complete_methods(cli, completion);
		return;
	case NAMES_FILES:
		complete_files(completion);
		return;
	case NAMES_VERBS:
		verb_each(add_name, completion);
		return;
	}
}

static void add_argument(struct cli *cli, const struct verb *verb, int place,
			 struct completion *completion)
{
	bool is_path = place >= 0 && verb_wants_path(verb, place);

	if (place >= verb->most)
		return;
	/* an option that takes a word is a file's, or nobody knows */
	if (place < 0 && verb->names != NAMES_FILES)
		return;
	if (verb->choice && place == verb->choice_at)
		add_choices(verb, completion);
	else if (is_path && (*completion->begun == '/' || !verb->names))
		complete_path(cli, completion);
	else
		add_named(cli, verb->names, completion);
}

void complete(struct cli *cli, int argc, char **argv, struct completion *completion)
{
	struct place place = { .completion = completion, .name = argc > 0 ? argv[0] : NULL };
	const struct verb *verb;
	int words;

	if (argc == 0) {
		verb_each(add_name, completion);
		return;
	}
	if (argc == 1)
		verb_each(add_word, &place);
	verb = verb_find(argv[0], argc > 1 ? argv[1] : NULL);
	if (!verb)
		return;
	words = verb->word ? 2 : 1;
	if (*completion->begun == '-')
		verb_options_each(verb, add_option, completion);
	else
		add_argument(cli, verb, place_of(verb, argc - words, argv + words), completion);
}
