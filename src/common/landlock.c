/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, the engine and the verifier, each on itself. Takes nothing from outside. */
#include "common/landlock.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

/* struct landlock_ruleset_attr as of ABI 6; an older kernel is told of the part that it knows. */
struct ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scoped;
};

enum {
	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_SOCKET = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,
};

static uint64_t known_by(long abi)
{
	uint64_t known = LANDLOCK_EVERYTHING;

	if (abi < 2)
		known &= ~LANDLOCK_ACCESS_FS_REFER;
	if (abi < 3)
		known &= ~LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi < 5)
		known &= ~LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return known;
}

static size_t size_for(long abi)
{
	if (abi < 4)
		return offsetof(struct ruleset, network);
	return abi < 6 ? offsetof(struct ruleset, scoped) : sizeof(struct ruleset);
}

void landlock_clear(struct landlock *landlock)
{
	landlock->ruleset = close_fd(landlock->ruleset);
}

int landlock_begin(uint64_t access, enum landlock_scope scope, struct landlock *ret_landlock)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules = { 0 };
	int fd;

	if (abi < 0)
		return -errno;
	rules.files = access & known_by(abi);
	if (scope >= LANDLOCK_NO_NETWORK) {
		rules.network = NET_BIND_TCP | NET_CONNECT_TCP;
		rules.scoped = SCOPE_ABSTRACT_SOCKET;
	}
	if (scope >= LANDLOCK_ALONE)
		rules.scoped |= SCOPE_SIGNAL;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size_for(abi), 0);
	if (fd < 0)
		return -errno;
	*ret_landlock = (struct landlock){ .ruleset = fd, .handled = rules.files };
	return 0;
}

int landlock_permit(const struct landlock *landlock, int dir, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access & landlock->handled,
		.parent_fd = dir,
	};

	return syscall(SYS_landlock_add_rule, landlock->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
		       0) < 0
		       ? -errno
		       : 0;
}

int landlock_enter(const struct landlock *landlock)
{
	return syscall(SYS_landlock_restrict_self, landlock->ruleset, 0) < 0 ? -errno : 0;
}
