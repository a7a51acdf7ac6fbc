/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/sandbox/seccomp.c, with the engine's calls: what would lead out of the engine is
 * refused, what it needs is not. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "engine/confine.h"

/* In a child with the filter: the errno that the system call ends with, 0 if it works. */
static int errno_in_sandbox(long (*attempt)(long), long argument)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long code = 255;

		if (confine_calls() == 0)
			code = attempt(argument) < 0 ? errno : 0;
		/* not _exit(3), before which a sanitizer makes calls of its own */
		syscall(SYS_exit_group, code);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static long try_exec(long unused)
{
	char *const argv[] = { NULL };

	(void)unused;
	return syscall(SYS_execve, "/bin/true", argv, argv);
}

static long try_fork(long unused)
{
	(void)unused;
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long try_socket(long domain)
{
	return syscall(SYS_socket, domain, SOCK_STREAM, 0);
}

static long try_ptrace(long pid)
{
	return syscall(SYS_ptrace, PTRACE_ATTACH, pid, 0, 0);
}

static long try_read_memory(long pid)
{
	return syscall(SYS_process_vm_readv, pid, NULL, 0, NULL, 0, 0);
}

static long try_kill(long pid)
{
	return syscall(SYS_kill, pid, 0);
}

static long try_thread_kill(long pid)
{
	return syscall(SYS_tgkill, pid, pid, 0);
}

static long try_own_thread_kill(long unused)
{
	(void)unused;
	return syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0);
}

static long try_unshare(long unused)
{
	(void)unused;
	return syscall(SYS_unshare, CLONE_NEWUSER);
}

static long try_open(long unused)
{
	(void)unused;
	return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY);
}

static void no_new_programs_and_processes(void **state)
{
	(void)state;
	assert_int_equal(errno_in_sandbox(try_exec, 0), EPERM);
	assert_int_equal(errno_in_sandbox(try_fork, 0), EPERM);
	assert_int_equal(errno_in_sandbox(try_unshare, 0), EPERM);
}

static void no_sockets(void **state)
{
	(void)state;
	assert_int_equal(errno_in_sandbox(try_socket, AF_UNIX), EPERM);
	assert_int_equal(errno_in_sandbox(try_socket, AF_INET), EPERM);
	assert_int_equal(errno_in_sandbox(try_socket, AF_NETLINK), EPERM);
}

static void no_way_into_another_process(void **state)
{
	(void)state;
	assert_int_equal(errno_in_sandbox(try_ptrace, getpid()), EPERM);
	assert_int_equal(errno_in_sandbox(try_read_memory, getpid()), EPERM);
}

static void no_signal_but_to_itself(void **state)
{
	(void)state;
	assert_int_equal(errno_in_sandbox(try_kill, getpid()), EPERM);
	assert_int_equal(errno_in_sandbox(try_thread_kill, getpid()), EPERM);
	assert_int_equal(errno_in_sandbox(try_own_thread_kill, 0), 0);
}

static void files_are_opened_as_ever(void **state)
{
	(void)state;
	assert_int_equal(errno_in_sandbox(try_open, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_new_programs_and_processes),
		cmocka_unit_test(no_sockets),
		cmocka_unit_test(no_way_into_another_process),
		cmocka_unit_test(no_signal_but_to_itself),
		cmocka_unit_test(files_are_opened_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
