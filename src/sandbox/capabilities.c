/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine and in the verifier. Two capabilities are left at most, that of changing
 * the root directory and that of giving capabilities up (capabilities(7)). libcap-ng would be one
 * more library to load for these few calls.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

static int get_or_set(long call, struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(call, &header, data) < 0 ? -errno : 0;
}

/* Up to the last one that the kernel knows. */
static int empty_bounding_set(void)
{
	for (unsigned long cap = 0;; cap++) {
		int held = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (held < 0)
			return cap > 0 ? 0 : -errno;
		if (held > 0 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
	}
}

static int look(void)
{
	struct __user_cap_data_struct held[2] = { 0 };
	int r = get_or_set(SYS_capget, held);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		if (held[i].effective || held[i].permitted || held[i].inheritable)
			return -EPERM;
	/* the ambient set is never more than the permitted one */
	for (unsigned long cap = 0; (r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++)
		if (r > 0)
			return -EPERM;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -EPERM;
}

int sandbox_capabilities(void)
{
	struct __user_cap_data_struct none[2] = { 0 };
	int r = empty_bounding_set();

	if (r == 0)
		r = get_or_set(SYS_capset, none);
	return r < 0 ? r : look();
}
