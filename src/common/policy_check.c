/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, on what the administrator wrote, and in exmachina-run, on what the monitor
 * sent; trusts neither to be well formed. A line becomes a program and its arguments.
 */
#include <errno.h>
#include <string.h>

#include "common/policy.h"

/* Where a line is, and what it has become so far. */
struct split {
	const char *at;
	char *out;
	bool open; /* a quote has no end */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What stands between two quotes; `at` is behind the first of them. */
static void take_quoted(struct split *split, char quote)
{
	while (*split->at && *split->at != quote) {
		if (quote == '"' && split->at[0] == '\\' && split->at[1])
			split->at++;
		*split->out++ = *split->at++;
	}
	split->open |= *split->at != quote;
	if (*split->at)
		split->at++;
}

static void take_word(struct split *split)
{
	while (*split->at && !is_blank(*split->at)) {
		char c = *split->at++;

		if (c == '\'' || c == '"')
			take_quoted(split, c);
		else if (c == '\\' && *split->at)
			*split->out++ = *split->at++;
		else if (c == '\\')
			split->open = true;
		else
			*split->out++ = c;
	}
	*split->out++ = '\0';
}

/* The words one after the other, each with its NUL; their number, or -1 for a quote without end. */
static int split_into(const char *line, char *room, char **words)
{
	struct split split = { .at = line, .out = room };
	int count = 0;

	for (;;) {
		while (is_blank(*split.at))
			split.at++;
		if (!*split.at)
			break;
		if (words && count < POLICY_CHECK_WORDS_MAX)
			words[count] = split.out;
		take_word(&split);
		count++;
	}
	return split.open ? -1 : count;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
			return true;
	return false;
}

const char *policy_check_fault(const char *line)
{
	char room[2 * POLICY_CHECK_MAX], *words[POLICY_CHECK_WORDS_MAX];
	int count;

	if (strlen(line) >= POLICY_CHECK_MAX)
		return "is too long; a check has 511 bytes at most";
	if (has_control(line))
		return "holds a control character";
	count = split_into(line, room, words);
	if (count < 0)
		return "has a quote, or a backslash, without an end";
	if (count > POLICY_CHECK_WORDS_MAX)
		return "has more than 32 words";
	if (count == 0 || words[0][0] != '/')
		return "does not begin with the absolute path of a program";
	if (!policy_path_is_plain(words[0]))
		return "names a program whose path is not in its simplest form";
	for (int i = 1; i < count; i++)
		if (strcmp(words[i], "{}") == 0)
			return "has '{}', which stands for nothing; the program finds each file of "
			       "the commit at its own path";
	return NULL;
}

int policy_check_split(const char *line, char ***ret_words)
{
	/* no word is longer than what it was made of, and each but the last had a blank behind it
	 */
	size_t pointers = (POLICY_CHECK_WORDS_MAX + 1) * sizeof(char *);
	char **words;

	if (policy_check_fault(line))
		return -EINVAL;
	words = calloc(1, pointers + strlen(line) + 1);
	if (!words)
		return -ENOMEM;
	(void)split_into(line, (char *)words + pointers, words);
	*ret_words = words;
	return 0;
}
