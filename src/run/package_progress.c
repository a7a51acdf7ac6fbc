/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run. apt is trusted; what it quotes of packages is text.
 * A line is KIND:SUBJECT:PERCENT:TEXT, where the subject may hold colons.
 */
#include "run/package_progress.h"

#include <stdlib.h>
#include <string.h>

enum { WHOLE = 100 };

/* The share of the whole call that fetching takes; dpkg has the rest. */
static uint8_t download_share(enum package_verb verb)
{
	switch (verb) {
	case PACKAGE_UPDATE:
		return WHOLE;
	case PACKAGE_REMOVE:
		return 0;
	default:
		return 40;
	}
}

struct package_progress package_progress_begin(enum package_verb verb)
{
	return (struct package_progress){ .verb = verb, .stage = "", .detail = "" };
}

/* Digits with a point: 0 to 100, or -1. */
static int percent_of(const char *text)
{
	char *end;
	unsigned long whole;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	whole = strtoul(text, &end, 10);
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (*end != '\0')
		return -1;
	return whole > WHOLE ? WHOLE : (int)whole;
}

bool package_progress_line(struct package_progress *progress, char *line)
{
	uint8_t share = download_share(progress->verb);
	const char *kind = strsep(&line, ":"), *field = strsep(&line, ":");
	int percent = -1;

	/* the first field after the kind is the subject, whatever is in it */
	while (percent < 0 && field && line) {
		field = strsep(&line, ":");
		percent = percent_of(field);
	}
	if (percent < 0 || !line)
		return false;
	if (strcmp(kind, "dlstatus") == 0) {
		progress->stage = "download";
		percent = percent * share / WHOLE;
	} else if (strcmp(kind, "pmstatus") == 0) {
		progress->stage = "dpkg";
		percent = share + percent * (WHOLE - share) / WHOLE;
	} else if (strcmp(kind, "pmerror") == 0) {
		progress->stage = "error";
		percent = 0;
	} else {
		return false;
	}
	progress->detail = line;
	if (percent > progress->percent)
		progress->percent = (uint8_t)percent;
	return true;
}
