/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exmachina-verify is started by exmachinad for one file of one commit, with its descriptors in
 * place; see monitor/verify.c. */
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/stat.h>

#include "sandbox/sandbox.h"
#include "verify/verify.h"

enum {
	FD_BEFORE = 3,
	FD_AFTER = 4,
	FD_RESULT = 5,
	DESCRIPTORS_MAX = 16,
	FILE_SIZE_MAX = 80 << 20,
};

#define MEMORY_MAX (2ULL << 30)

/* Lenses are opened and read, two memfds mapped, and one is written. */
static const int calls[] = {
	SCMP_SYS(read),          SCMP_SYS(pread64),      SCMP_SYS(write),
	SCMP_SYS(close),         SCMP_SYS(lseek),        SCMP_SYS(fstat),
	SCMP_SYS(stat),          SCMP_SYS(lstat),        SCMP_SYS(newfstatat),
	SCMP_SYS(statx),         SCMP_SYS(openat),       SCMP_SYS(open),
	SCMP_SYS(access),        SCMP_SYS(faccessat),    SCMP_SYS(faccessat2),
	SCMP_SYS(getdents64),    SCMP_SYS(readlink),     SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd),        SCMP_SYS(fcntl),        SCMP_SYS(mmap),
	SCMP_SYS(munmap),        SCMP_SYS(mremap),       SCMP_SYS(mprotect),
	SCMP_SYS(madvise),       SCMP_SYS(brk),          SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getrandom),     SCMP_SYS(getpid),       SCMP_SYS(gettid),
	SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(exit),          SCMP_SYS(exit_group),
};

/* A text that there is none of has /dev/null in its place. */
static int text_or_none(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) ? -1 : fd;
}

int main(int argc, char **argv)
{
	struct sandbox sandbox = {
		.calls = calls,
		.call_count = ARRAY_SIZE(calls),
		.memory = MEMORY_MAX,
		.descriptors = DESCRIPTORS_MAX,
		.file_size = FILE_SIZE_MAX,
	};

	if (argc != 3 || fcntl(FD_RESULT, F_GETFD) < 0) {
		fprintf(stderr, "exmachina-verify is started by exmachinad(8) and not by hand\n");
		return EXIT_FAILURE;
	}
	sandbox.lens_path = argv[2];
	if (sandbox_enter(&sandbox) < 0)
		return VERIFY_SANDBOX;
	return (int)verify_run(text_or_none(FD_BEFORE), text_or_none(FD_AFTER), FD_RESULT, argv[1],
			       argv[2]);
}
