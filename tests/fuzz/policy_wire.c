/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy as an engine and exmachina-run get it: one that is taken is written again as it was.
 */
#include "fuzz.h"

#include "common/policy.h"
#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr uint8_t *copy = fuzz_bytes(data, size), *again = fuzz_bytes(data, size);
	scoped(policy_freep) struct policy *policy = NULL;
	struct wire in = wire_over(copy, size), out = wire_over(again, size);

	if (policy_get(&in, &policy) < 0)
		return 0;
	policy_put(&out, policy);
	expect(wire_done(&out) && memcmp(again, data, size) == 0);
	return 0;
}
