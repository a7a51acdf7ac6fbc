/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine before it has read anything of the client: what the engine keeps. */
#include "engine/confine.h"

#include <seccomp.h>

enum {
	DESCRIPTORS_MAX = 1100, /* one for each file, and a few */
	FILE_SIZE_MAX = 64 << 20,
};

#define MEMORY_MAX (2ULL << 30)

/*
 * No exec, no socket, no way to another process. What Augeas, json-c and the C
 * library use on files is limited by Landlock.
 */
static const int allowed[] = {
	SCMP_SYS(read),           SCMP_SYS(readv),         SCMP_SYS(pread64),
	SCMP_SYS(write),          SCMP_SYS(writev),        SCMP_SYS(close),
	SCMP_SYS(lseek),          SCMP_SYS(fstat),         SCMP_SYS(stat),
	SCMP_SYS(lstat),          SCMP_SYS(newfstatat),    SCMP_SYS(statx),
	SCMP_SYS(openat),         SCMP_SYS(open),          SCMP_SYS(access),
	SCMP_SYS(faccessat),      SCMP_SYS(faccessat2),    SCMP_SYS(getdents64),
	SCMP_SYS(readlink),       SCMP_SYS(readlinkat),    SCMP_SYS(getcwd),
	SCMP_SYS(unlink),         SCMP_SYS(unlinkat),      SCMP_SYS(rename),
	SCMP_SYS(renameat),       SCMP_SYS(renameat2),     SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),        SCMP_SYS(rmdir),         SCMP_SYS(ftruncate),
	SCMP_SYS(fsync),          SCMP_SYS(fdatasync),     SCMP_SYS(fchmod),
	SCMP_SYS(fchown),         SCMP_SYS(umask),         SCMP_SYS(utimensat),
	SCMP_SYS(fgetxattr),      SCMP_SYS(fcntl),         SCMP_SYS(dup),
	SCMP_SYS(fadvise64),      SCMP_SYS(memfd_create),  SCMP_SYS(mmap),
	SCMP_SYS(munmap),         SCMP_SYS(mremap),        SCMP_SYS(mprotect),
	SCMP_SYS(madvise),        SCMP_SYS(brk),           SCMP_SYS(futex),
	SCMP_SYS(sendmsg),        SCMP_SYS(sendto),        SCMP_SYS(recvmsg),
	SCMP_SYS(recvfrom),       SCMP_SYS(poll),          SCMP_SYS(ppoll),
	SCMP_SYS(setitimer),      SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
	SCMP_SYS(time),           SCMP_SYS(getrandom),     SCMP_SYS(getpid),
	SCMP_SYS(gettid),         SCMP_SYS(getuid),        SCMP_SYS(geteuid),
	SCMP_SYS(getgid),         SCMP_SYS(getegid),       SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),  SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),           SCMP_SYS(exit_group),
};

int confine(struct sandbox *sandbox, const char **ret_step)
{
	sandbox->stages = true;
	sandbox->calls = allowed;
	sandbox->call_count = ARRAY_SIZE(allowed);
	sandbox->memory = MEMORY_MAX;
	sandbox->descriptors = DESCRIPTORS_MAX;
	sandbox->file_size = FILE_SIZE_MAX;
	return sandbox_enter(sandbox, ret_step);
}

int confine_calls(void)
{
	return sandbox_seccomp(allowed, ARRAY_SIZE(allowed));
}
