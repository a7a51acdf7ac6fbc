/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the monitor gives exmachina-run for a check: a list of files, as bytes in a memfd. */
#include "fuzz.h"

#include <string.h>

#include "common/candidates.h"
#include "common/memfd.h"
#include "common/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_candidates candidates = { .count = 0 };
	scoped_fd fd = memfd_of("fuzz", data, size);
	size_t bytes = 0;

	expect(fd >= 0);
	if (candidates_read(fd, &candidates) < 0)
		return 0;
	expect(candidates.count > 0);
	for (size_t i = 0; i < candidates.count; i++) {
		const struct candidate *one = &candidates.item[i];

		expect(policy_path_is_plain(one->path) && one->owner.mode <= 07777 &&
		       one->dirs.mode <= 07777);
		expect(!one->removal || one->size == 0);
		for (size_t k = 0; k < one->size; k++)
			bytes += ((const uint8_t *)one->content)[k];
	}
	for (size_t i = 0; i < candidates.secret_count; i++)
		bytes += strlen(candidates.secret[i]);
	return bytes == SIZE_MAX;
}
