/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Shows differences. The text is that of files, which anybody may
 * have written.
 */
#include "cli/diff_view.h"

#include <string.h>

#include "cli/cli.h"

#define COLOUR(number) "\033[" number "m"

bool diff_has_colours(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* "": none. In a hunk nothing is a header, whatever it looks like. */
static const char *colour_of(const char *line, bool in_hunk)
{
	if (!in_hunk && (begins(line, "--- ") || begins(line, "+++ ")))
		return COLOUR("1");
	if (begins(line, "@@ "))
		return COLOUR("36");
	if (*line == '+')
		return COLOUR("32");
	return *line == '-' ? COLOUR("31") : "";
}

/* How many lines of one side a header of a hunk announces, behind '-' or '+': "12,3" or "12". */
static unsigned long announced(const char *header, char side)
{
	const char *at = strchr(header, side);
	char *end = NULL;

	if (!at)
		return 0;
	(void)strtoul(at + 1, &end, 10);
	return *end == ',' ? strtoul(end + 1, NULL, 10) : 1;
}

struct hunk {
	unsigned long before, after; /* lines that are left of it */
};

static bool is_in_hunk(const struct hunk *hunk)
{
	return hunk->before > 0 || hunk->after > 0;
}

static void count_line(struct hunk *hunk, const char *line)
{
	if (!is_in_hunk(hunk)) {
		if (begins(line, "@@ "))
			*hunk = (struct hunk){ announced(line, '-'), announced(line, '+') };
		return;
	}
	if (*line != '+' && *line != '\\' && hunk->before > 0)
		hunk->before--;
	if (*line != '-' && *line != '\\' && hunk->after > 0)
		hunk->after--;
}

static void print_line(char *line, struct hunk *hunk)
{
	const char *colour = diff_has_colours() ? colour_of(line, is_in_hunk(hunk)) : "";

	fputs(colour, stdout);
	report_foreign_line(stdout, line);
	puts(*colour ? COLOUR("0") : "");
	count_line(hunk, line);
}

void diff_print(const char *diff)
{
	scoped_ptr char *text = call_memory(strdup(diff));
	struct hunk hunk = { 0 };
	char *rest = text, *line;

	if (!isatty(STDOUT_FILENO)) {
		fputs(diff, stdout);
		return;
	}
	while ((line = strsep(&rest, "\n")) && (rest || *line))
		print_line(line, &hunk);
}
