/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* apt's status lines: whatever they say, percent stays one and never falls. */
#include "fuzz.h"

#include "run/package_progress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int verb = 0; verb < PACKAGE_VERB_MAX; verb++) {
		struct package_progress progress = package_progress_begin(verb);
		scoped_ptr char *text = fuzz_text(data, size);
		char *rest = text, *line;
		uint8_t before = 0;

		while ((line = strsep(&rest, "\n"))) {
			scoped_ptr char *copy = fuzz_text((const uint8_t *)line, strlen(line));

			if (package_progress_line(&progress, copy))
				expect(progress.stage[0] != '\0' &&
				       strlen(progress.detail) <= size);
			expect(progress.percent >= before && progress.percent <= 100);
			before = progress.percent;
		}
	}
	return 0;
}
