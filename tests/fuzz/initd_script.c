/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An init script's text, and the lists of links before and after a change. */
#include "fuzz.h"

#include "monitor/initd/initd_script.h"

static void compare(const char *before, const char *after)
{
	char changes[MESSAGE_CHANGES_MAX + 1];

	initd_links_compare(before, after, changes);
	expect(strnlen(changes, sizeof(changes)) < sizeof(changes));
	(void)initd_links_enabled(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr char *text = fuzz_text(data, size);
	scoped_ptr char *half = fuzz_text(data, size / 2);
	char name[INITD_NAME_SIZE];
	struct initd_script script;

	initd_script_look(text, &script);
	expect(script.pidfile_count <= INITD_PIDFILES_MAX);
	for (size_t i = 0; i < script.pidfile_count; i++)
		expect(script.pidfiles[i][0] == '/' &&
		       strnlen(script.pidfiles[i], INITD_PIDFILE_SIZE) < INITD_PIDFILE_SIZE);
	if (initd_script_name(text, name))
		expect(name[0] != '\0' && !strchr(name, '/'));
	compare(text, half);
	compare(half, text);
	return 0;
}
