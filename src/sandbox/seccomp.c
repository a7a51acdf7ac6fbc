/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine and in the verifier: the system calls that each needs, and no others
 * (seccomp(2)). */
#include <errno.h>
#include <seccomp.h>

#include "sandbox/sandbox.h"

int sandbox_seccomp(const int *calls, size_t count)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	/* raise(3), to itself and to no other process of the same user */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
