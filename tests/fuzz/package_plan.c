/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What apt tells a hook of its plan, as it comes over a socket. */
#include "fuzz.h"

#include "run/lines.h"
#include "run/package_plan.h"

struct reading {
	struct package_plan plan;
	int r;
};

static void tell(char *line, void *data)
{
	struct reading *reading = data;

	expect(strlen(line) <= JOB_LINE_MAX);
	if (reading->r >= 0)
		reading->r = package_plan_line(&reading->plan, line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading reading = { .r = 0 };
	struct lines lines = { .tell = tell, .data = &reading };
	scoped_ptr char *text = fuzz_bytes(data, size);

	/* in two parts, the first of which ends anywhere */
	lines_add(&lines, text, size / 3);
	lines_add(&lines, text + size / 3, size - size / 3);
	lines_end(&lines);
	for (size_t i = 0; i < reading.plan.count; i++) {
		const struct plan_change *change = &reading.plan.change[i];

		expect(change->kind < PLAN_KIND_MAX && change->arch);
		expect((change->kind == PLAN_INSTALL) == (change->before[0] == '\0'));
		expect((change->kind == PLAN_REMOVE) == (change->after[0] == '\0'));
		expect(package_plan_find(&reading.plan, change->name));
	}
	package_plan_clear(&reading.plan);
	return 0;
}
