/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the unit tests only. Makefile.inc tells the linker of the same calls. */
#include "fault_fixture.h"

#include <errno.h>

static struct {
	unsigned int left; /* calls until one fails; 0: none does */
	bool has_failed;
	const char *name;
} fault = { .name = "" };

void fault_arm(unsigned int nth)
{
	fault.left = nth;
	fault.has_failed = false;
}

bool fault_disarm(void)
{
	fault.left = 0;
	return fault.has_failed;
}

const char *fault_name(void)
{
	return fault.name;
}

static bool fails(const char *name)
{
	if (fault.left == 0 || --fault.left > 0)
		return false;
	fault.has_failed = true;
	fault.name = name;
	return true;
}

/* As in tests/faults/faults.c: passing on more arguments than there are does no harm. */
#define WRAP(name, result, number) \
	long __real_##name(long a, long b, long c, long d, long e, long f, long g); \
	long __wrap_##name(long a, long b, long c, long d, long e, long f, long g); \
	long __wrap_##name(long a, long b, long c, long d, long e, long f, long g) \
	{ \
		if (!fails(#name)) \
			return __real_##name(a, b, c, d, e, f, g); \
		errno = (number); \
		return (result); \
	}

WRAP(malloc, 0, ENOMEM)
WRAP(calloc, 0, ENOMEM)
WRAP(reallocarray, 0, ENOMEM)
WRAP(strdup, 0, ENOMEM)
WRAP(memfd_create, -1, EMFILE)
WRAP(openat64, -1, EMFILE)
WRAP(fcntl64, -1, EMFILE)
WRAP(fstat64, -1, EIO)
WRAP(pread64, -1, EIO)
WRAP(read, -1, EIO)
WRAP(write, -1, ENOSPC)
WRAP(pwrite64, -1, ENOSPC)
WRAP(ftruncate64, -1, EIO)
WRAP(flock, -1, EIO)
WRAP(fsync, -1, EIO)
WRAP(fdatasync, -1, EIO)
WRAP(flistxattr, -1, EIO)
WRAP(renameat, -1, EIO)
WRAP(renameat2, -1, EIO)
WRAP(unlinkat, -1, EIO)
WRAP(getrandom, -1, ENOSYS)
WRAP(sd_id128_get_boot, -ENOSYS, ENOSYS)
WRAP(sd_event_add_defer, -ENOMEM, ENOMEM)
WRAP(sd_event_add_time_relative, -ENOMEM, ENOMEM)
