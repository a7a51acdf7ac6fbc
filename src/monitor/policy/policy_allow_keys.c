/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachinad (root): the keys of [Service], [Log], [Package] and
 * [System]. The administrator is trusted but makes mistakes; whatever is not
 * understood to the last byte is refused. Touches nothing.
 */
#include "monitor/policy/policy_keys.h"

#include <string.h>

/* The words of one Allow=, and those that people write in its place. */
struct vocabulary {
	const char *(*word_of)(unsigned int bit);
	const char *known; /* all words, each with a blank before it */
	const char *(*hint_of)(const char *word);
};

/* What grants a thing that is no verb of a unit, or NULL. */
static const char *service_hint(const char *word)
{
	if (strcmp(word, "log") == 0)
		return "write [Log UNIT] instead";
	if (strcmp(word, "list") == 0 || strcmp(word, "watch") == 0)
		return "who may ask the status may do that";
	return NULL;
}

static const char *no_hint(const char *word)
{
	(void)word;
	return NULL;
}

static unsigned int find_word(const struct vocabulary *vocabulary, const char *word)
{
	unsigned int bit = 0;

	while (vocabulary->word_of(bit) && strcmp(vocabulary->word_of(bit), word) != 0)
		bit++;
	return bit;
}

/* As systemctl(1) spells it: "try-restart". */
static const char *with_underscores(const struct vocabulary *vocabulary, const char *word)
{
	scoped_ptr char *copy = strdup(word);

	if (!copy)
		return NULL;
	for (char *at = copy; *at; at++)
		if (*at == '-')
			*at = '_';
	return vocabulary->word_of(find_word(vocabulary, copy));
}

static void unknown_word(struct policy_reader *reader, const struct vocabulary *vocabulary,
			 const char *word)
{
	const char *hint = vocabulary->hint_of(word), *right = with_underscores(vocabulary, word);

	if (hint)
		policy_mistake(reader, "Allow=" QUOTE " is unknown here; %s", word, hint);
	else if (right)
		policy_mistake(reader, "Allow=" QUOTE " is unknown here; write %s", word, right);
	else
		policy_mistake(reader, "Allow=" QUOTE " is unknown here; there are%s", word,
			       vocabulary->known);
}

/* Adds the bits of the listed words to the set. */
static void read_words(struct policy_reader *reader, const struct vocabulary *vocabulary,
		       char *value, uint32_t *set)
{
	const char *word;

	while ((word = policy_next_word(&value))) {
		unsigned int bit = find_word(vocabulary, word);

		if (vocabulary->word_of(bit))
			*set |= 1u << bit;
		else
			unknown_word(reader, vocabulary, word);
	}
}

/* A number that a section gives once; 0 stands for "not given". */
static void set_once(struct policy_reader *reader, const char *key, uint32_t number,
		     const char *text, uint32_t *field)
{
	if (number && *field && *field != number)
		policy_mistake(reader, "%s=" QUOTE " differs from an earlier %s=; give one", key,
			       text, key);
	else if (number)
		*field = number;
}

int policy_key_service_allow(struct policy_reader *reader, enum policy_right unused, char *value)
{
#define X(name, word, kind, method) " " word
	static const struct vocabulary verbs = { service_verb_word, SERVICE_VERBS(X),
						 service_hint };
#undef X

	(void)unused;
	read_words(reader, &verbs, value, &reader->policy->services[reader->index].verbs);
	return 0;
}

int policy_key_service_timeout(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
	set_once(reader, "Timeout", policy_read_timeout(reader, value), value,
		 &reader->policy->services[reader->index].timeout_ms);
	return 0;
}

int policy_key_log_lines(struct policy_reader *reader, enum policy_right unused, char *value)
{
	uint32_t lines = 0;

	(void)unused;
	if (!policy_read_number(value, strlen(value), POLICY_LOG_LINES_MAX, &lines) || lines == 0)
		policy_mistake(reader, "Lines=" QUOTE " is no number from 1 to %d", value,
			       POLICY_LOG_LINES_MAX);
	set_once(reader, "Lines", lines, value, &reader->policy->logs[reader->index].lines);
	return 0;
}

int policy_key_package_allow(struct policy_reader *reader, enum policy_right unused, char *value)
{
#define X(name, word) " " word
	static const struct vocabulary verbs = { package_verb_word, PACKAGE_VERBS(X), no_hint };
#undef X

	(void)unused;
	read_words(reader, &verbs, value, &reader->policy->packages[reader->index].verbs);
	return 0;
}

int policy_key_package_timeout(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
	set_once(reader, "Timeout", policy_read_timeout(reader, value), value,
		 &reader->policy->packages[reader->index].timeout_ms);
	return 0;
}

int policy_key_system_allow(struct policy_reader *reader, enum policy_right unused, char *value)
{
#define X(name, word) " " word
	static const struct vocabulary items = { system_item_word, SYSTEM_ITEMS(X), no_hint };
#undef X

	(void)unused;
	read_words(reader, &items, value, &reader->policy->system_items);
	return 0;
}
