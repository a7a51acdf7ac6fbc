/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client and in the engine, never in the monitor. Reads lines that a user
 * wrote; only cuts them up.
 */
#include "common/script.h"

#include <errno.h>
#include <string.h>

struct reader {
	const char *at;
	char *end; /* of the word so far */
	bool is_path;
	char quote;         /* the one that the word is in; 0: none */
	unsigned int depth; /* of brackets, in a path expression */
	char inner;         /* the quote within the brackets */
	const char *reason;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_quote(char c)
{
	return c == '\'' || c == '"';
}

bool script_line_is_empty(const char *line)
{
	while (is_blank(*line))
		line++;
	return !*line || *line == '#';
}

static void put(struct reader *reader, char c)
{
	*reader->end++ = c;
}

static int fail(struct reader *reader, const char *reason)
{
	reader->reason = reason;
	return -EINVAL;
}

/* reader->at is behind the backslash. */
static int read_escape(struct reader *reader)
{
	char c = *reader->at;

	if (c == 'n' || c == 't') {
		put(reader, c == 'n' ? '\n' : '\t');
	} else if (c == '\\' || (reader->quote ? c == reader->quote : is_quote(c) || is_blank(c))) {
		put(reader, c);
	} else if (c && (strchr("!(),/=[]|", c) || is_quote(c) || is_blank(c))) {
		put(reader, '\\');
		put(reader, c);
	} else {
		return fail(reader, c ? "unknown escape sequence" : "a backslash at the end");
	}
	reader->at++;
	return 0;
}

/* Between [ and ] of a path expression, where all is kept as it is. */
static void read_in_brackets(struct reader *reader, char c)
{
	if (reader->inner)
		reader->inner = c == reader->inner ? '\0' : reader->inner;
	else if (is_quote(c))
		reader->inner = c;
	else if (c == '[')
		reader->depth++;
	else if (c == ']')
		reader->depth--;
	put(reader, c);
}

static int read_plain(struct reader *reader, char c)
{
	if (reader->quote ? c == reader->quote : is_quote(c)) {
		reader->quote = reader->quote ? '\0' : c;
		return 0;
	}
	if (reader->is_path && c == ']')
		return fail(reader, "unmatched ]");
	if (reader->is_path && c == '[')
		reader->depth++;
	put(reader, c);
	return 0;
}

static int read_word(struct reader *reader)
{
	int r = 0;

	while (r == 0 && *reader->at) {
		char c = *reader->at;

		if (is_blank(c) && !reader->quote && reader->depth == 0)
			break;
		reader->at++;
		if (c == '\\')
			r = read_escape(reader);
		else if (reader->depth > 0)
			read_in_brackets(reader, c);
		else
			r = read_plain(reader, c);
	}
	if (r < 0)
		return r;
	if (reader->depth > 0)
		return fail(reader, "unmatched [");
	if (reader->quote)
		return fail(reader, "unmatched quote");
	put(reader, '\0');
	return 1;
}

int script_word(const char **line, bool is_path, char **ret_word, const char **ret_reason)
{
	scoped_ptr char *word = NULL;
	struct reader reader = { .at = *line, .is_path = is_path };
	int r;

	while (is_blank(*reader.at))
		reader.at++;
	*line = reader.at;
	if (!*reader.at)
		return 0;
	/* no word is longer than what it is read from */
	word = malloc(strlen(reader.at) + 1);
	if (!word)
		return -ENOMEM;
	reader.end = word;
	r = read_word(&reader);
	if (r < 0) {
		*ret_reason = reader.reason;
		return r;
	}
	*line = reader.at;
	*ret_word = take_ptr(word);
	return 1;
}
