/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a program that uses Augeas: scripts of augtool(1), which the server runs; but for
 * commands that print what only this side has, or what Augeas has no method for.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "handle.h"

struct script {
	struct augeas *aug;
	FILE *out;
	const char *begin, *at; /* lines that wait for the server, up to here */
	int commands;
	bool quit;
};

static void print(const struct script *script, const char *text)
{
	if (text && script->out)
		fputs(text, script->out);
}

/* What was printed up to the line that failed, and why it did; the server counts lines. */
static int fail(struct script *script, int r)
{
	struct augeas *aug = script->aug;
	scoped_ptr char *output = error_field(aug, "output");

	print(script, output);
	error_of(aug, r, "");
	if (aug->details && strncmp(aug->details, "line ", 5) == 0) {
		const char *text = strstr(aug->details, ": ");

		if (text)
			memmove(aug->details, text + 2, strlen(text + 2) + 1);
	}
	return -1;
}

/* The lines that wait. 0 or -1. */
static int flush(struct script *script)
{
	scoped_ptr struct exm_script *ran = NULL;
	scoped_ptr char *lines = NULL;
	int r;

	if (script->begin == script->at)
		return 0;
	lines = strndup(script->begin, (size_t)(script->at - script->begin));
	if (!lines)
		return error_set(script->aug, AUG_ENOMEM, NULL);
	script->begin = script->at;
	r = exm_srun(script->aug->exm, lines, &ran);
	if (r < 0)
		return fail(script, r);
	print(script, ran->output);
	script->commands += ran->commands;
	script->quit = ran->quit;
	return 0;
}

/* One line: it waits, or is a command of ours. 0 or -1. */
static int take_line(struct script *script)
{
	const char *line = script->at + strspn(script->at, " \t\r");
	const char *end = script->at + strcspn(script->at, "\n");
	const struct command *command = command_find(line);
	scoped_ptr char *words = NULL;

	if (!command) {
		script->at = end + (*end == '\n');
		return 0;
	}
	if (flush(script) < 0)
		return -1;
	script->at = end + (*end == '\n');
	if (script->quit)
		return 0;
	/* the server has it too, if it may */
	if (command->before)
		return command->before(script->aug) ? 0 : -1;
	script->begin = script->at;
	words = strndup(line + strlen(command->name), (size_t)(end - line) - strlen(command->name));
	if (!words)
		return error_set(script->aug, AUG_ENOMEM, NULL);
	if (command->run(script->aug, script->out, words) < 0)
		return -1;
	script->commands++;
	return 0;
}

int aug_srun(augeas *handle, FILE *out, const char *text)
{
	TURN(aug, handle);
	struct script script = { .aug = aug, .out = out, .begin = text, .at = text };
	int r = 0;

	turn_changes(aug);
	while (r == 0 && text && *script.at && !script.quit)
		r = take_line(&script);
	if (r == 0 && text && !script.quit)
		r = flush(&script);
	if (r < 0)
		return -1;
	return script.quit ? -2 : script.commands;
}
