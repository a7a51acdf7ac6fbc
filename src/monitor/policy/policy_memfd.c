/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor; the policy is the administrator's. */
#include "monitor/policy/policy_memfd.h"

#include <errno.h>

#include "common/memfd.h"
#include "common/wire.h"

enum { FIRST_SIZE = 16 << 10, LAST_SIZE = 64 << 20 };

int policy_to_memfd(const struct policy *policy)
{
	for (size_t size = FIRST_SIZE; size <= LAST_SIZE; size *= 8) {
		scoped_ptr uint8_t *buffer = malloc(size);
		struct wire w = wire_over(buffer, size);

		if (!buffer)
			return -ENOMEM;
		policy_put(&w, policy);
		if (!w.bad)
			return memfd_of("exmachina-policy", buffer, w.pos);
	}
	return -E2BIG;
}
