/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of a script, cut into words and into path expressions. */
#include "fuzz.h"

#include <errno.h>

#include "common/script.h"

static void cut(const char *line, bool is_path)
{
	const char *at = line, *before = line, *reason = NULL;
	int r = 1;

	while (r > 0) {
		scoped_ptr char *word = NULL;

		r = script_word(&at, is_path, &word, &reason);
		if (r > 0)
			expect(at > before && strlen(word) <= (size_t)(at - before));
		before = at;
	}
	expect(r == 0 ? *at == '\0' : r == -EINVAL && reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr char *line = fuzz_text(data, size);

	if (script_line_is_empty(line))
		return 0;
	cut(line, false);
	cut(line, true);
	return 0;
}
