/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. How far a call is, for people who wait for its end. */
#include <string.h>

#include "cli/cli.h"

static const char *text_of(const struct json_object *object, const char *key)
{
	const char *text = json_string(json_get(object, key), NULL);

	return text ? text : "";
}

void progress_show(const struct cli *cli, const struct json_object *params)
{
	const struct json_object *percent = json_get(params, "percent");
	const char *stage = text_of(params, "stage"), *detail = text_of(params, "detail");
	bool is_terminal = isatty(STDERR_FILENO);

	if (cli->json && !is_terminal)
		return;
	fputs(is_terminal ? "\r\033[K" : "", stderr);
	if (percent)
		fprintf(stderr, "%3lld%% ", (long long)json_int(percent));
	fprintf(stderr, "%s%s%s", stage, *detail ? ": " : "", detail);
	fputs(is_terminal ? "" : "\n", stderr);
	fflush(stderr);
}

void progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}
