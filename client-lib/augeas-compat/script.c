/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: scripts of augtool(1), all of which the server runs. */
#include <string.h>

#include "compat.h"
#include "handle.h"

static bool saves(const char *text)
{
	static const char blanks[] = " \t\r\n";

	for (; *text; text += strcspn(text, "\n")) {
		text += strspn(text, blanks);
		if (strncmp(text, "save", 4) == 0 && (!text[4] || strchr(blanks, text[4])))
			return true;
	}
	return false;
}

/* What was printed up to the line that failed, and why it did; the server counts lines. */
static int fail(struct augeas *aug, FILE *out, int r)
{
	scoped_ptr char *output = error_field(aug, "output");

	if (output && out)
		fputs(output, out);
	error_of(aug, r, "");
	if (aug->details && strncmp(aug->details, "line ", strlen("line ")) == 0) {
		const char *text = strstr(aug->details, ": ");

		if (text)
			memmove(aug->details, text + 2, strlen(text + 2) + 1);
	}
	return -1;
}

int aug_srun(augeas *aug, FILE *out, const char *text)
{
	TURN(handle, aug);
	scoped_ptr struct exm_script *ran = NULL;
	int r;

	turn_changes(handle);
	if (!text)
		return 0;
	if (saves(text) && !handle_has_edits(handle))
		return -1;
	r = exm_srun(handle->exm, text, &ran);
	if (r < 0)
		return fail(handle, out, r);
	if (out)
		fputs(ran->output, out);
	return ran->quit ? -2 : ran->commands;
}
