/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LANDLOCK_H
#define EXM_LANDLOCK_H

/*
 * landlock(7): what a process may do with files is what it was permitted below some
 * directories, from then on and for all its children. Rights that the running kernel does
 * not know how to forbid are left out silently; a kernel without Landlock is an error.
 */

#include <linux/landlock.h>
#include <stdint.h>

#include "common/cleanup.h"

/* Later than the oldest headers that we build with. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

#define LANDLOCK_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* Files and directories: made, written, taken away; not links, devices, sockets. */
#define LANDLOCK_WRITE \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE)

/* All that changes a file system or runs something of it. */
#define LANDLOCK_ALL_BUT_READ \
	(LANDLOCK_WRITE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

#define LANDLOCK_EVERYTHING (LANDLOCK_READ | LANDLOCK_ALL_BUT_READ | LANDLOCK_ACCESS_FS_IOCTL_DEV)

struct landlock {
	int ruleset;
	uint64_t handled; /* what is forbidden where it is not permitted */
};

#define LANDLOCK_NONE ((struct landlock){ .ruleset = -1 })

void landlock_clear(struct landlock *landlock);

#define scoped_landlock scoped(landlock_clear) struct landlock

enum landlock_scope {
	LANDLOCK_FILES_ONLY,
	LANDLOCK_NO_NETWORK, /* neither TCP nor abstract sockets, as far as the kernel can */
	LANDLOCK_ALONE,      /* nor signals to anybody outside */
};

/* 0; -ENOSYS or -EOPNOTSUPP without Landlock; or another -errno. */
int landlock_begin(uint64_t access, enum landlock_scope scope,
		   struct landlock *ret_landlock) must_check;

/* Below the directory, which is open (O_PATH is enough). 0 or -errno. */
int landlock_permit(const struct landlock *landlock, int dir, uint64_t access) must_check;

/* It counts from here on. Needs no_new_privs. 0 or -errno. */
int landlock_enter(const struct landlock *landlock) must_check;

#endif
